"""What a reader should be told of a film that is read all the same: parts cut off, or greys lost.

It knows masks and grey values. It refuses nothing; the gate does that (``cad_models.gate``).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from chatcad.types import FloatImage, Masks

EDGE = 2  # pixels of the network's 256 that count as the film's edge
CUT = 0.06
"""Share of an edge that the lungs may touch before the film counts as cut off there."""

LOST = 0.30
"""Share of the lungs that may be black, or of the heart that may be white, before their detail counts as lost."""

BLACK, WHITE = 0.01, 0.99
FLAT = 0.12
"""Span of the greys, of all that the file could hold, below which a film has little contrast."""


def remarks(pixels: FloatImage, square: FloatImage, masks: Masks) -> tuple[str, ...]:
    """Return one-line remarks on a film's framing and exposure, worst first; most films have none.

    Parameters
    ----------
    pixels
        The film as loaded.
    square, masks
        The film as the segmenter got it, and its masks on that grid.
    """
    return (*_cut(masks), *_lost(square, masks), *_flat(pixels))


def _cut(masks: Masks) -> Iterator[str]:
    lungs = masks.right_lung | masks.left_lung
    edges = {"upper": lungs[:EDGE], "lower": lungs[-EDGE:], "left": lungs[:, :EDGE].T, "right": lungs[:, -EDGE:].T}
    sides = [name for name, edge in edges.items() if edge.any(axis=0).mean() > CUT]
    if sides:
        where = " and ".join(sides)
        yield f"The film seems cut off: the lungs reach its {where} edge, and what lies beyond was not read."


def _lost(square: FloatImage, masks: Masks) -> Iterator[str]:
    lungs = masks.right_lung | masks.left_lung
    if _share(square[lungs] <= BLACK) > LOST:
        yield "Much of the lungs is plain black (overexposed, or windowed too narrowly): faint detail is lost there."
    if _share(square[masks.heart] >= WHITE) > LOST:
        yield "Much of the heart is plain white (underexposed, or windowed too narrowly): detail behind it is lost."


def _share(hits: NDArray[np.bool_]) -> float:
    return float(hits.mean()) if hits.size else 0.0


def _flat(pixels: FloatImage) -> Iterator[str]:
    step = max(1, min(pixels.shape) // 256)
    low, high = np.percentile(pixels[::step, ::step], (5, 95))
    if high - low < FLAT:
        yield "The film uses few of its greys (very low contrast): it was stretched before it was read."
