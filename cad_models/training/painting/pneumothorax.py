"""Pneumothorax: a dark, vessel-free rim at apex and side, bounded by a thin pleural line.

It knows the outline of the visible lung; it doesn't know tension, and draws no mediastinal shift.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from cad_models.training.painting.canvas import SIDES, Anatomy, Painted, Rng, smooth_noise, soften
from chatcad.types import FloatImage, Mask


def paint_pneumothorax(film: FloatImage, anatomy: Anatomy, rng: Rng) -> Painted:
    """Paint a pneumothorax on one side.

    See `canvas.Painter` for the parameters.

    Returns
    -------
    Painted
        The film, the mask of the free air under ``Pneumothorax``, and its side.
    """
    side = str(rng.choice(SIDES))
    lung = anatomy.lung(side)
    gap = _gap(anatomy, side, rng)
    depth = _depth(anatomy, side)
    air = lung & (depth < gap)
    return Painted(_draw(film, lung, depth - gap, air, rng), {"Pneumothorax": air.astype(np.float32)}, (side,))


def _gap(anatomy: Anatomy, side: str, rng: Rng) -> FloatImage:
    """Return how far the lung has fallen from the chest wall, in pixels: widest at the apex as a rule."""
    top, bottom, _, _ = anatomy.box(side)
    height = np.clip(anatomy.height(side), 0.0, 1.0)
    size = float(np.clip(rng.gamma(2.0, 0.09), 0.035, 0.65)) * (bottom - top)
    reach = rng.uniform(0.2, 1.2)  # down to where the air goes
    taper = np.clip((height - (1.0 - reach)) / reach, 0.0, 1.0) ** rng.uniform(0.4, 1.2)
    ripple = 1.0 + 0.12 * smooth_noise(rng, anatomy.size, 30.0)
    return (size * taper * ripple).astype(np.float32)


def _depth(anatomy: Anatomy, side: str) -> FloatImage:
    """Return each pixel's distance from the apical and lateral chest wall (not from the mediastinum)."""
    columns = anatomy.grid[1]
    _, _, first, last = anatomy.box(side)
    inner = columns > last if side == "right" else columns < first
    below = anatomy.height(side) < 0.0
    medial = anatomy.hemithorax(side) | inner | below | _medial_of(anatomy, side)
    return np.asarray(ndimage.distance_transform_edt(medial), dtype=np.float32)


def _medial_of(anatomy: Anatomy, side: str) -> Mask:
    """Return what lies beyond the lung's medial border in the lung's own rows, below its apex."""
    lung = anatomy.lung(side)
    from_lateral = np.logical_or.accumulate(lung if side == "right" else lung[:, ::-1], 1)
    reached = from_lateral if side == "right" else from_lateral[:, ::-1]
    return np.asarray(reached & ~lung)


def _draw(film: FloatImage, lung: Mask, inside: FloatImage, air: Mask, rng: Rng) -> FloatImage:
    """Take vessels out of the air space, darken it, draw the pleural line and crowd the lung behind it."""
    # The chest wall's own shadow fades in over a few pixels; cutting it sharply would be a cue of its own.
    weight = soften(air, 0.7) * np.clip(2.0 * soften(lung, 2.0) - 1.0, 0.0, 1.0) * lung
    spread = (rng.uniform(1.0, 3.0), rng.uniform(1.5, 3.5))
    # Blurred over the lung alone: the wall's brightness must not leak into the air.
    inside_lung = ndimage.gaussian_filter(lung.astype(np.float32), spread)
    smooth = ndimage.gaussian_filter(film * lung, spread) / np.maximum(inside_lung, 0.1)
    empty = smooth * rng.uniform(0.72, 1.0)
    film = film + rng.uniform(0.7, 1.0) * weight * (empty - film)
    line = np.exp(-0.5 * (inside / rng.uniform(0.5, 0.9)) ** 2) * lung * ndimage.binary_dilation(air, iterations=2)
    film = film + rng.uniform(0.03, 0.16) * line
    crowded = soften(lung & ~air, 2.0) * lung * rng.uniform(0.0, 0.18) * min(4.0 * air.sum() / max(lung.sum(), 1), 1.0)
    return np.clip(film + crowded * (0.8 - film).clip(0.0), 0.0, 1.0).astype(np.float32)
