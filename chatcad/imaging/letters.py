"""Whether a line of letters is burned into a picture, where it may name the patient.

It knows how print looks: small blobs of the brightest or darkest grey, of one height, close together on one baseline.
It reads nothing. How often it is right is measured by ``eval abuse`` (row "names burned into the picture").
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from chatcad.types import FloatImage

LEAST_LETTERS = 6  # "AP", "L" and a clock's four digits are on many films and name nobody
BRIGHT, DARK = 0.88, 0.03
MOST_SPECKS, MOST_BLOBS = 50_000, 2000  # noise has more, and comparing them would take minutes
ENOUGH_PIXELS = 1024  # of the shorter side
_HEIGHTS = (0.006, 0.05)  # of the film's shorter side
BURNED_IN = "Letters seem to be burned into the picture: see whether they name the patient before you pass it on."


class _Blob(NamedTuple):
    left: int
    right: int
    top: int
    bottom: int

    @property
    def height(self) -> int:
        return self.bottom - self.top

    def goes_on_with(self, other: _Blob, first: _Blob) -> bool:
        """Whether another blob, further right, stands on the line that ``first`` began."""
        level = abs(other.bottom - first.bottom) <= 0.25 * first.height
        return level and 0.6 * first.height <= other.height <= 1.5 * first.height and other.left >= self.right - 1


def has_letters(pixels: FloatImage) -> bool:
    """Return whether a film has a line of at least `LEAST_LETTERS` letters.

    Parameters
    ----------
    pixels
        ``(height, width)`` in ``[0, 1]``.
    """
    step = max(1, min(pixels.shape) // ENOUGH_PIXELS)
    seen = pixels[::step, ::step]
    return any(_has_line(_blobs(ink)) for ink in (seen >= BRIGHT * seen.max(), seen <= DARK))


def _blobs(ink: np.ndarray) -> list[_Blob]:
    """Return what has a letter's size and proportions, from left to right; nothing where there is too much of it."""
    from scipy.ndimage import find_objects, label

    low, high = (share * min(ink.shape) for share in _HEIGHTS)
    labels, count = label(ink)
    if count > MOST_SPECKS:
        return []
    found = [_Blob(s[1].start, s[1].stop, s[0].start, s[0].stop) for s in find_objects(labels)]
    blobs = [b for b in found if max(6, low) <= b.height <= high and 0.1 <= (b.right - b.left) / b.height <= 1.6]
    return sorted(blobs) if len(blobs) <= MOST_BLOBS else []


def _has_line(blobs: list[_Blob]) -> bool:
    return any(_line_from(blobs, n) >= LEAST_LETTERS for n in range(len(blobs)))


def _line_from(blobs: list[_Blob], start: int) -> int:
    """Return how many letters follow one another from a blob on, each within one and a half heights of the last."""
    first = last = blobs[start]
    count = 1
    for blob in blobs[start + 1 :]:
        if blob.left > last.right + 1.5 * first.height:
            break
        if last.goes_on_with(blob, first):
            last, count = blob, count + 1
    return count
