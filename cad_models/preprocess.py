"""The one preprocessing that every embedded network shares, in training and in use.

It knows grey values and grids. It doesn't know file formats (``chatcad.imaging``) or networks.

The film is squashed to a square: Montgomery, Shenzhen and Kermany exist only squashed, masks map back by plain
scaling, and a ratio of two horizontal widths (the cardiothoracic ratio) is the same before and after.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

LOW_PERCENTILE, HIGH_PERCENTILE = 0.5, 99.5


def stretch_contrast(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Stretch grey values so that the 0.5 and 99.5 percentiles become 0 and 1.

    Parameters
    ----------
    pixels
        ``(height, width)`` float32; any range.

    Returns
    -------
    numpy.ndarray
        Same shape, float32 in ``[0, 1]``; zeros when the film is flat.
    """
    low, high = np.percentile(pixels, (LOW_PERCENTILE, HIGH_PERCENTILE))
    if high <= low:
        return np.zeros_like(pixels, dtype=np.float32)
    return np.clip((pixels - low) / (high - low), 0.0, 1.0).astype(np.float32)


def to_square(pixels: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    """Resize to ``(size, size)`` with area-aware antialiasing, then stretch the contrast.

    Parameters
    ----------
    pixels
        ``(height, width)`` float32, bright is dense.
    size
        Side of the square in pixels.

    Returns
    -------
    numpy.ndarray
        ``(size, size)`` float32 in ``[0, 1]``.
    """
    small = Image.fromarray(np.ascontiguousarray(pixels, dtype=np.float32)).resize(
        (size, size), Image.Resampling.BILINEAR
    )
    return stretch_contrast(np.asarray(small, dtype=np.float32))
