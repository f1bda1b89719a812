"""What every painter shares: the anatomy it paints in, smooth random fields, and blending of densities.

It knows masks and grey values of one squashed square film. It doesn't know any disease.

Grey values of a displayed film are roughly linear in the logarithm of exposure, so overlying tissue *adds*; near the
bright end the display saturates. ``densify`` does both: it moves a pixel a fraction of the way to the grey of soft
tissue, which also fades vessels behind dense shadows (the silhouette sign).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from chatcad.types import FloatImage, Mask

Rng = np.random.Generator
SIDES = ("right", "left")


@dataclass(frozen=True)
class Anatomy:
    """Lungs and heart of one film on the film's own square grid; right and left are the patient's."""

    right: Mask
    left: Mask
    heart: Mask

    def lung(self, side: str) -> Mask:
        """Return one lung's mask."""
        return self.right if side == "right" else self.left

    @cached_property
    def lungs(self) -> Mask:
        """Both lungs."""
        return np.asarray(self.right | self.left)

    @cached_property
    def size(self) -> int:
        """Side of the square grid in pixels."""
        return int(self.right.shape[0])

    @cached_property
    def grid(self) -> tuple[FloatImage, FloatImage]:
        """Row and column index of each pixel."""
        rows, columns = np.mgrid[: self.size, : self.size].astype(np.float32)
        return rows, columns

    def box(self, side: str) -> tuple[int, int, int, int]:
        """Return top, bottom, first and last column of one lung."""
        return bounding_box(self.lung(side))

    def hemithorax(self, side: str) -> Mask:
        """Return the lung filled row by row out to its own widest outline: where fluid and air may lie."""
        return convex_rows(self.lung(side))

    def laterality(self, side: str) -> FloatImage:
        """Return 0 at the lung's medial border and 1 at its lateral border, along each row."""
        lung, columns = self.lung(side), self.grid[1]
        first, last = row_extent(lung)
        span = np.maximum(last - first, 1)[:, None]
        along = (columns - first[:, None]) / span
        lateral = 1.0 - along if side == "right" else along  # the patient's right lies at the picture's left
        return np.clip(lateral, 0.0, 1.0).astype(np.float32)

    def height(self, side: str) -> FloatImage:
        """Return 0 at the lung's base and 1 at its apex; beyond that range outside the lung's rows."""
        top, bottom, _, _ = self.box(side)
        return ((bottom - self.grid[0]) / max(bottom - top, 1)).astype(np.float32)


@dataclass(frozen=True)
class Painted:
    """A painted film with what was painted: one mask per label, and the patient's sides that it lies on."""

    film: FloatImage
    masks: dict[str, FloatImage]
    sides: tuple[str, ...]


Painter = Callable[[FloatImage, Anatomy, Rng], Painted]
"""What paints one family of disease.

Parameters
----------
film
    ``(size, size)`` in ``[0, 1]``, bright is dense.
anatomy
    Lungs and heart on the same grid.
rng
    Source of every random choice.
"""


def bounding_box(mask: Mask) -> tuple[int, int, int, int]:
    """Return top, bottom, first and last column of a mask, and the whole grid of an empty one."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not len(rows):
        return 0, mask.shape[0] - 1, 0, mask.shape[1] - 1
    return int(rows[0]), int(rows[-1]), int(columns[0]), int(columns[-1])


def row_extent(mask: Mask) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the first and last column of a mask in each row; empty rows repeat their nearest filled row."""
    filled = np.flatnonzero(mask.any(1))
    if not len(filled):
        return np.zeros(len(mask), np.int64), np.full(len(mask), mask.shape[1] - 1, np.int64)
    nearest = filled[np.abs(np.arange(len(mask))[:, None] - filled[None]).argmin(1)]
    first = mask.argmax(1)[nearest]
    last = mask.shape[1] - 1 - mask[:, ::-1].argmax(1)[nearest]
    return first, last


def convex_rows(mask: Mask) -> Mask:
    """Fill a mask between its first and last column in each row."""
    return np.asarray(np.logical_or.accumulate(mask, 1) & np.logical_or.accumulate(mask[:, ::-1], 1)[:, ::-1])


def soften(mask: Mask | FloatImage, sigma: float) -> FloatImage:
    """Blur a mask into a soft-edged weight."""
    return np.asarray(ndimage.gaussian_filter(mask.astype(np.float32), sigma))


def smooth_noise(rng: Rng, size: int, grain: float) -> FloatImage:
    """Return a smooth random field of unit variance whose blobs are about ``grain`` pixels wide."""
    cells = max(int(size / grain), 1) + 3
    coarse = Image.fromarray(rng.standard_normal((cells, cells)).astype(np.float32))
    field = np.asarray(coarse.resize((size, size), Image.Resampling.BICUBIC))
    return ((field - field.mean()) / (field.std() + 1e-6)).astype(np.float32)


def texture(rng: Rng, size: int) -> FloatImage:
    """Return a three-octave random field: the mottle of airspace disease."""
    return sum(w * smooth_noise(rng, size, g) for w, g in ((0.55, 28.0), (0.3, 11.0), (0.22, 5.0)))  # type: ignore[return-value]


def tissue_grey(film: FloatImage, anatomy: Anatomy, rng: Rng) -> float:
    """Return the grey of soft tissue on this film: that of the heart, or of the band below the lungs."""
    reference = anatomy.heart if anatomy.heart.sum() > 50 else ndimage.binary_dilation(anatomy.lungs, iterations=9)
    values = film[reference & ~anatomy.lungs]
    level = float(np.median(values)) if values.size else 0.75
    return float(np.clip(level + rng.normal(0.03, 0.05), 0.45, 0.98))


def densify(film: FloatImage, weight: FloatImage, grey: float | FloatImage) -> FloatImage:
    """Move each pixel the fraction ``weight`` towards ``grey``, never making it darker."""
    return np.clip(film + np.clip(weight, 0.0, 1.0) * np.maximum(grey - film, 0.0), 0.0, 1.0).astype(np.float32)


def random_point(rng: Rng, mask: Mask) -> tuple[int, int]:
    """Return the row and column of a random pixel of a mask, or the centre when it is empty."""
    rows, columns = np.nonzero(mask)
    if not len(rows):
        return mask.shape[0] // 2, mask.shape[1] // 2
    k = int(rng.integers(len(rows)))
    return int(rows[k]), int(columns[k])


def blob(anatomy: Anatomy, centre: tuple[float, float], radii: tuple[float, float], angle: float) -> FloatImage:
    """Return a Gaussian of unit height with the given radii (one standard deviation each), turned by ``angle``."""
    rows, columns = anatomy.grid
    dy, dx = rows - centre[0], columns - centre[1]
    u, v = dx * np.cos(angle) + dy * np.sin(angle), -dx * np.sin(angle) + dy * np.cos(angle)
    return np.exp(-0.5 * ((u / radii[0]) ** 2 + (v / radii[1]) ** 2)).astype(np.float32)


def sides_of(mask: FloatImage, anatomy: Anatomy) -> tuple[str, ...]:
    """Return the sides on which a painted mask lies."""
    return tuple(s for s in SIDES if float((mask * anatomy.hemithorax(s)).sum()) > 4.0)
