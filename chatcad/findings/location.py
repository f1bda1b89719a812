"""Where a finding lies: the side and zone that its heat map points at, relative to the lung masks.

Sides are the patient's. A zone is a third of the height that the lungs span.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from chatcad.types import FloatImage, Mask, Masks, Side, Zone

ONE_SIDED = 0.7
"""Share of the heat inside the lungs that one side needs before the finding is called one-sided."""

ZONE_SHARE = 0.5
HOT = 0.5
"""Heat below this share of the maximum is background and doesn't vote."""

ZONES: tuple[Zone, Zone, Zone] = ("upper", "mid", "lower")


def locate(heat_map: FloatImage, masks: Masks) -> tuple[Side | None, Zone | None]:
    """Return side and zone of a finding, each ``None`` where the heat map doesn't say.

    Parameters
    ----------
    heat_map
        ``(h, w)`` float32 in ``[0, 1]`` covering the whole film.
    masks
        The film's lung masks, on any grid that covers the whole film.

    Returns
    -------
    side, zone
        ``"bilateral"`` when neither side holds 70% of the heat inside the lungs; a zone only when one third of
        the lungs' height holds more than half of it.
    """
    right, left = (_shrink(m, heat_map.shape) for m in (masks.right_lung, masks.left_lung))
    hot = np.where(heat_map >= HOT * float(heat_map.max()), heat_map, 0.0)
    on_right, on_left = float(hot[right].sum()), float(hot[left].sum())
    total = on_right + on_left
    if total <= 0:
        return None, None
    side: Side = "right" if on_right >= ONE_SIDED * total else "left" if on_left >= ONE_SIDED * total else "bilateral"
    return side, _zone(hot, right | left)


def lungs_rows(lungs: Mask) -> tuple[int, int] | None:
    """Return the first row of the lungs and the one after their last, ``None`` where no three zones fit between."""
    rows = np.flatnonzero(lungs.any(axis=1))
    return None if len(rows) < len(ZONES) else (int(rows[0]), int(rows[-1]) + 1)


def _zone(hot: FloatImage, lungs: NDArray[np.bool_]) -> Zone | None:
    rows = lungs_rows(lungs)
    if rows is None:
        return None
    inside = np.where(lungs, hot, 0.0).sum(axis=1)[slice(*rows)]
    shares = [float(part.sum()) for part in np.array_split(inside, len(ZONES))]
    best = int(np.argmax(shares))
    return ZONES[best] if shares[best] > ZONE_SHARE * sum(shares) else None


def _shrink(mask: NDArray[np.bool_], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    small = Image.fromarray(mask.astype(np.uint8) * 255).resize((shape[1], shape[0]), Image.Resampling.BILINEAR)
    return np.asarray(small) > 127
