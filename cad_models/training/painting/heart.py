"""Cardiomegaly: the heart widened (or, for the negatives, narrowed) by warping the film around it.

It knows the heart's and lungs' masks and measures the ratio before and after; it doesn't know chambers.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from cad_models.training.painting.canvas import Anatomy, Rng, bounding_box
from chatcad.types import FloatImage, Mask


def ratio(anatomy: Anatomy) -> float:
    """Return the cardiothoracic ratio of the masks, 0 when there is no heart."""
    if anatomy.heart.sum() < 50 or anatomy.lungs.sum() < 200:
        return 0.0
    _, _, heart_first, heart_last = bounding_box(anatomy.heart)
    _, _, first, last = bounding_box(anatomy.lungs)
    return float((heart_last - heart_first + 1) / (last - first + 1))


def resize_heart(film: FloatImage, anatomy: Anatomy, target: float, rng: Rng) -> tuple[FloatImage, Anatomy]:
    """Warp the film until the heart has about the ``target`` cardiothoracic ratio.

    Parameters
    ----------
    film
        ``(size, size)`` in ``[0, 1]``.
    anatomy
        Lungs and heart on the same grid; the heart must not be empty.
    target
        Wanted cardiothoracic ratio.
    rng
        Chooses how the growth is shared between the right and the left border.

    Returns
    -------
    film, anatomy
        Both warped by the same field; lungs lose what the heart gains.
    """
    top, bottom, first, last = bounding_box(anatomy.heart)
    half = 0.5 * (last - first + 1)
    centre = 0.5 * (first + last) + rng.uniform(-0.25, 0.15) * half  # most hearts grow to the patient's left
    scale = float(np.clip(target / max(ratio(anatomy), 0.2), 0.7, 1.7))
    rows, columns = anatomy.grid
    middle, extent = top + 0.62 * (bottom - top), 0.75 * (bottom - top) + 4.0
    stretched = _stretch(np.abs(columns - centre), half, scale)
    window = np.exp(-(((rows - middle) / extent) ** 4))
    distance = np.abs(columns - centre)
    moved_by = np.sign(columns - centre) * (distance + window * (stretched - distance))
    source_columns = np.asarray(centre + moved_by, dtype=np.float32)
    inside = np.exp(-0.5 * (((rows - middle) / extent) ** 2 + ((columns - centre) / half) ** 2))
    source_rows = np.asarray(rows + 0.06 * (scale - 1.0) * (bottom - top) * inside, dtype=np.float32)
    warped = ndimage.map_coordinates(film, [source_rows, source_columns], order=1, mode="nearest").astype(np.float32)
    moved = [_warp_mask(m, source_rows, source_columns) for m in (anatomy.right, anatomy.left, anatomy.heart)]
    return warped, Anatomy(moved[0], moved[1], moved[2])


def _stretch(distance: FloatImage, half: float, scale: float) -> FloatImage:
    """Return where each distance from the heart's middle comes from.

    The heart is stretched by ``scale``, the lung beside it is compressed up to a limit, and the rest stays.
    """
    near = half * 1.1
    grown = near * scale
    limit = max(half * 2.1, grown + 6.0)
    beside = near + (distance - grown) * (limit - near) / (limit - grown)
    source = np.where(distance <= grown, distance / scale, np.where(distance > limit, distance, beside))
    return np.asarray(source, dtype=np.float32)


def _warp_mask(mask: Mask, rows: FloatImage, columns: FloatImage) -> Mask:
    """Warp a mask by nearest neighbour."""
    return np.asarray(ndimage.map_coordinates(mask.astype(np.uint8), [rows, columns], order=0, mode="nearest") > 0)
