"""Cardiomegaly: the heart widened (or, for the negatives, narrowed) by warping the film around it.

It knows the heart's and lungs' masks and measures the ratio before and after; it doesn't know chambers.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from chatcad.types import FloatImage, Mask
from cad_models.training.painting.canvas import Anatomy, Rng, bounding_box

ENLARGED = 0.50  # cardiothoracic ratio on a PA film (Danzer 1919)


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
    source = _source_columns(columns, rows, centre, half, scale, middle, extent)
    lift = 0.3 * (scale - 1.0) * 0.2 * (bottom - top)
    inside = np.exp(-0.5 * (((rows - middle) / extent) ** 2 + ((columns - centre) / half) ** 2))
    source_rows = rows + lift * inside
    warped = ndimage.map_coordinates(film, [source_rows, source], order=1, mode="nearest").astype(np.float32)
    moved = [_warp_mask(m, source_rows, source) for m in (anatomy.right, anatomy.left, anatomy.heart)]
    return warped, Anatomy(moved[0], moved[1], moved[2])


def _source_columns(
    columns: FloatImage, rows: FloatImage, centre: float, half: float, scale: float, middle: float, extent: float
) -> FloatImage:
    """Return where each pixel comes from: the heart stretched, the lung beside it compressed, the rest in place."""
    near, far = half * 1.1, half * 2.1
    offset = columns - centre
    distance = np.abs(offset)
    grown = near * scale if scale >= 1.0 else near * scale
    limit = max(far, grown + 6.0)
    stretched = np.where(
        distance <= grown, distance / scale, near + (distance - grown) * (limit - near) / max(limit - grown, 1.0)
    )
    stretched = np.where(distance > limit, distance, stretched)
    window = np.exp(-(((rows - middle) / extent) ** 4))
    return (centre + np.sign(offset) * (distance + window * (stretched - distance))).astype(np.float32)


def _warp_mask(mask: Mask, rows: FloatImage, columns: FloatImage) -> Mask:
    """Warp a mask by nearest neighbour."""
    return np.asarray(ndimage.map_coordinates(mask.astype(np.uint8), [rows, columns], order=0, mode="nearest") > 0)
