"""Masks made clean, judged and measured: what a chest looks like, in numbers.

It knows components, plausible areas and places, and the widths behind the cardiothoracic ratio. It doesn't know
networks, thresholds for "enlarged" or wording.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from chatcad.types import Mask, Masks

Point = tuple[float, float]

_REACH = 4  # of the opening that parts a structure from its leaks, in pixels of the network's 256-pixel grid

_ARCH = (0.25, 0.40)  # where the aortic arch lies, of the lungs' height from the apex

# Each anatomical quantity: impossible below, usual from, usual to, impossible above. The usual range is that of the
# JSRT, Montgomery and Shenzhen masks (1st to 99th percentile), widened for enlarged hearts and poor inspiration.
_LIMITS: dict[str, tuple[float, float, float, float]] = {
    "lung_area": (0.05, 0.12, 0.48, 0.62),  # both lungs, of the film
    "smaller_lung": (0.22, 0.45, 1.00, 1.01),  # of the larger one
    "lungs_apart": (0.22, 0.32, 0.62, 0.80),  # between the lungs' centres, of the film's width
    "lung_height": (0.25, 0.38, 0.95, 1.01),  # taller lung, of the film's height
    "thorax_down": (0.10, 0.32, 1.00, 1.01),  # row of the thorax's largest width, 0 at the apex and 1 at the base
    "heart_area": (0.08, 0.17, 0.75, 1.10),  # of both lungs
    "heart_across": (0.25, 0.40, 0.75, 0.90),  # heart's centre, 0 at the right and 1 at the left edge of the lungs
    "heart_down": (0.40, 0.52, 0.88, 1.02),  # heart's centre, 0 at the apex and 1 at the base of the lungs
    "ratio": (0.25, 0.34, 0.72, 0.85),  # cardiothoracic
    "heart_filled": (0.45, 0.60, 1.00, 1.01),  # area within its bounding box
}


@dataclass(frozen=True, slots=True)
class Widths:
    """The two widths of the cardiothoracic ratio, with the points between which they were taken.

    Points are ``(column, row)`` on the masks' grid, the patient's right side first. The heart's width is the sum
    of its largest extents to the right and to the left of the midline, wherever these lie (Danzer 1919): so its
    two points may stand on different rows. The thorax's is the largest distance between the lungs' outer edges on
    one row.
    """

    heart: tuple[Point, Point]
    thorax: tuple[Point, Point]

    @property
    def heart_width(self) -> float:
        """Heart's width in pixels."""
        return self.heart[1][0] - self.heart[0][0]

    @property
    def thorax_width(self) -> float:
        """Inner width of the thorax in pixels."""
        return self.thorax[1][0] - self.thorax[0][0]

    @property
    def cardiothoracic_ratio(self) -> float:
        """Heart's width by the thorax's, usually .35 to .75; no unit."""
        return self.heart_width / self.thorax_width


@dataclass(frozen=True, slots=True)
class Mediastinum:
    """The width of the upper mediastinum and of the thorax on the same row, with their points.

    ``inner`` are the inner edges of the lungs, ``outer`` the outer ones; the patient's right side first.
    """

    inner: tuple[Point, Point]
    outer: tuple[Point, Point]

    @property
    def width_ratio(self) -> float:
        """The mediastinum's width by the thorax's, usually .17 to .30; no unit."""
        return (self.inner[1][0] - self.inner[0][0]) / (self.outer[1][0] - self.outer[0][0])


def clean(probabilities: NDArray[np.float32]) -> NDArray[np.float32]:
    """Keep the main body of each structure and fill its holes.

    Parameters
    ----------
    probabilities
        ``(structures, side, side)`` in ``[0, 1]``.

    Returns
    -------
    numpy.ndarray
        Same shape; at least .501 inside the cleaned structure and at most .499 outside, so that a later resize
        keeps the border where the network saw it.
    """
    inside = np.stack([fill_holes(main_body(p > 0.5)) for p in probabilities])
    cleaned = np.where(inside, np.maximum(probabilities, 0.501), np.minimum(probabilities, 0.499))
    return cleaned.astype(np.float32)


def main_body(mask: Mask) -> Mask:
    """Return the largest part of a mask, cut off from whatever hangs on it by a bridge that is narrower than 9 pixels.

    Lungs leak into the dark air beside the body over such bridges. Tips within 8 pixels of the body, such as
    the costophrenic angle, grow back.
    """
    # A square window is separable, and so ten times as fast as a disc.
    core = largest_part(ndimage.minimum_filter(mask, 2 * _REACH + 1))
    if not core.any():
        return largest_part(mask)
    opened = ndimage.maximum_filter(core, 2 * _REACH + 1)
    return np.asarray(ndimage.binary_dilation(opened, iterations=2 * _REACH, mask=mask))


def fill_holes(mask: Mask) -> Mask:
    """Return a mask without holes: what isn't joined to the picture's border is inside.

    By components, which is ten times as fast as `scipy.ndimage.binary_fill_holes`.
    """
    outside, _ = ndimage.label(~mask)
    border = np.concatenate((outside[0], outside[-1], outside[:, 0], outside[:, -1]))
    filled: Mask = ~np.isin(outside, border[border > 0])
    return filled


def largest_part(mask: Mask) -> Mask:
    """Return the largest connected component of a mask."""
    parts, count = ndimage.label(mask)
    if count < 2:
        return mask
    part: Mask = parts == 1 + np.argmax(ndimage.sum_labels(mask, parts, range(1, count + 1)))
    return part


def masks_on_grid(cleaned: NDArray[np.float32], height: int, width: int, judged: float | None = None) -> Masks:
    """Lay cleaned maps on another grid, such as the film's own.

    Parameters
    ----------
    cleaned
        ``(3, side, side)`` from `clean`: right lung, left lung, heart.
    height, width
        Of the masks.
    judged
        Their quality where it is known already; it is judged on the network's grid.
    """
    right, left, heart = (_resize(p, height, width) for p in cleaned)
    return Masks(right, left, heart, quality(*(p > 0.5 for p in cleaned)) if judged is None else judged)


def _resize(probability: NDArray[np.float32], height: int, width: int) -> Mask:
    if probability.shape == (height, width):
        return probability > 0.5
    # In 8 bits: four times as fast as in floats on a large film; .501 and .499 round to 128 and 127.
    picture = Image.fromarray(np.round(probability * 255).astype(np.uint8))
    return np.asarray(picture.resize((width, height), Image.Resampling.BILINEAR)) > 127


def widths(masks: Masks) -> Widths | None:
    """Measure heart and thorax, or return ``None`` where a structure is missing."""
    return measure(masks.right_lung, masks.left_lung, masks.heart)


def reliable_ratio(masks: Masks) -> float | None:
    """Return the cardiothoracic ratio, or ``None`` where the masks can't be relied on."""
    measured = widths(masks) if masks.good else None
    return measured.cardiothoracic_ratio if measured else None


def measure(right_lung: Mask, left_lung: Mask, heart: Mask) -> Widths | None:
    """Measure heart and thorax on three masks of one grid: see `widths`."""
    rows = np.nonzero(right_lung.any(axis=1) & left_lung.any(axis=1))[0]
    if len(rows) == 0 or not heart.any():
        return None
    outer_right = right_lung[rows].argmax(axis=1)
    outer_left = left_lung.shape[1] - left_lung[rows, ::-1].argmax(axis=1)
    widest = int(np.argmax(outer_left - outer_right))
    thorax_row = float(rows[widest])
    if outer_left[widest] <= outer_right[widest]:
        return None
    columns = np.nonzero(heart.any(axis=0))[0]
    first, last = int(columns[0]), int(columns[-1])
    return Widths(
        heart=((float(first), _middle_row(heart, first)), (float(last + 1), _middle_row(heart, last))),
        thorax=((float(outer_right[widest]), thorax_row), (float(outer_left[widest]), thorax_row)),
    )


def lung_area_ratio(right_lung: Mask, left_lung: Mask) -> float:
    """Return the right lung's visible area by the left lung's, usually above 1 because the heart lies to the left.

    Neither mask is empty.
    """
    return float(np.count_nonzero(right_lung) / np.count_nonzero(left_lung))


def mediastinum(right_lung: Mask, left_lung: Mask, heart: Mask) -> Mediastinum | None:
    """Measure the upper mediastinum, or return ``None`` where the lungs aren't side by side above the heart.

    Its width is the largest distance between the lungs' inner edges at the level of the aortic arch: on the rows
    from 25% to 40% of the way down from the higher apex to the lower base, and above the heart. The thorax's is that
    between the outer edges on the same row, after the ratio of mediastinum and chest at the arch (Seltzer et al.
    1981, AJR 137:1011; Marnocha et al. 1984, AJR 142:275).
    """
    both = np.flatnonzero((right_lung | left_lung).any(axis=1))
    if len(both) == 0 or not heart.any():
        return None
    top, height = both[0], both[-1] + 1 - both[0]
    first, last = (int(np.rint(top + share * height)) for share in _ARCH)
    rows = np.arange(first, min(last, int(np.argmax(heart.any(axis=1)))))
    rows = rows[right_lung[rows].any(axis=1) & left_lung[rows].any(axis=1)]
    if len(rows) == 0:
        return None
    right, left, width = right_lung[rows], left_lung[rows], right_lung.shape[1]
    inner = np.stack((width - right[:, ::-1].argmax(axis=1), left.argmax(axis=1)), axis=1).astype(float)
    outer = np.stack((right.argmax(axis=1), width - left[:, ::-1].argmax(axis=1)), axis=1).astype(float)
    widest = int(np.argmax(inner[:, 1] - inner[:, 0]))
    (a, b), (c, d), row = inner[widest], outer[widest], float(rows[widest])
    return Mediastinum(((a, row), (b, row)), ((c, row), (d, row))) if b > a else None


def _middle_row(mask: Mask, column: int) -> float:
    return float(np.nonzero(mask[:, column])[0].mean())


def quality(right_lung: Mask, left_lung: Mask, heart: Mask) -> float:
    """Judge whether three masks can be a chest: 1 when every quantity is usual, 0 when one is impossible.

    The worst quantity decides, since one nonsense mask spoils a measurement however good the others are.
    """
    quantities = plausibility(right_lung, left_lung, heart)
    if quantities is None:
        return 0.0
    return min(_usual(value, *_LIMITS[name]) for name, value in quantities.items())


def plausible_heart(right_lung: Mask, left_lung: Mask, heart: Mask) -> bool:
    """Return whether no quantity of the heart, its ratio among them, is closer to impossible than to usual."""
    quantities = plausibility(right_lung, left_lung, heart)
    if quantities is None:
        return False
    mine = {n: v for n, v in quantities.items() if n.startswith("heart") or n == "ratio"}
    return all(_usual(value, *_LIMITS[name]) >= 0.5 for name, value in mine.items())


def _usual(value: float, impossible_low: float, low: float, high: float, impossible_high: float) -> float:
    rising = (value - impossible_low) / (low - impossible_low)
    falling = (impossible_high - value) / (impossible_high - high)
    return float(np.clip(min(rising, falling), 0.0, 1.0))


def plausibility(right_lung: Mask, left_lung: Mask, heart: Mask) -> dict[str, float] | None:
    """Return the quantities that `quality` judges, or ``None`` where a structure is missing."""
    measured = measure(right_lung, left_lung, heart)
    if measured is None:
        return None
    right, left, both = right_lung.mean(), left_lung.mean(), right_lung | left_lung
    rows, columns = np.nonzero(both.any(axis=1))[0], np.nonzero(both.any(axis=0))[0]
    (heart_row, heart_column), heart_box = ndimage.center_of_mass(heart), ndimage.find_objects(heart.astype(int))[0]
    heights = [np.count_nonzero(lung.any(axis=1)) for lung in (right_lung, left_lung)]
    return {
        "lung_area": float(right + left),
        "smaller_lung": float(min(right, left) / max(right, left)),
        "lungs_apart": (_middle_column(left_lung) - _middle_column(right_lung)) / both.shape[1],
        "lung_height": max(heights) / both.shape[0],
        "thorax_down": float((measured.thorax[0][1] - rows[0]) / (rows[-1] - rows[0] + 1)),
        "heart_area": float(heart.mean() / (right + left)),
        "heart_across": float((heart_column - columns[0]) / (columns[-1] - columns[0] + 1)),
        "heart_down": float((heart_row - rows[0]) / (rows[-1] - rows[0] + 1)),
        "ratio": measured.cardiothoracic_ratio,
        "heart_filled": float(heart[heart_box].mean()),
    }


def _middle_column(mask: Mask) -> float:
    return float(ndimage.center_of_mass(mask)[1])
