"""A marked part of a film: where it lies, what the networks' own maps and scores say of it, what looks like it.

It knows arrays and fractions. There is no detector for a single spot: everything here is read off the whole film's
outlines, heat maps and scores, and the area of like brightness is grey values alone, never a lesion.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from PIL import Image
from scipy import ndimage

from chatcad.errors import UsageError
from chatcad.findings.location import HOT, ONE_SIDED, ZONES, lungs_rows
from chatcad.findings.wording import positives
from chatcad.types import Box, FloatImage, Mask, Masks, Radiograph, Region, Side, Structure, Study, View, Zone

POINT_SIDE = 0.08
"""Side of the square around a point that stands for its surroundings, in fractions of the film."""

CONCENTRATED = 2.0
"""A finding's heat is concentrated in a part that holds this many times the heat that its area would hold by chance."""

GRID = 256
SMOOTHING = 1.5
LIKE = 0.4
"""How far from the point's brightness an area may be, in standard deviations of the structure's smoothed brightness."""

FEWEST_CELLS = 24
"""Of the grid: a smaller area of like brightness is noise and has no outline."""

MOST = 0.5
"""Of the structure: where more of it is as bright, nothing stands out there."""

REMEDY = "give x0,y0,x1,y1 (or x,y for a point) as fractions of the film between 0 and 1"


class Occlude(Protocol):
    """What scores a film with a part of it greyed out: ``cad_models.reader.CadReader.occluded``."""

    def __call__(self, film: Radiograph, masks: Masks, view: View, box: Box) -> Mapping[str, tuple[float, float]]:
        """Return each label's probability as it is, and with the box greyed out."""
        ...


def look(study: Study, marked: Sequence[float], occlude: Occlude | None = None) -> Region:
    """Return what is known of a marked part of a film.

    Parameters
    ----------
    study
        The film, read.
    marked
        A box, or a point as ``(x, y)`` or a box of no area, in fractions of the film.
    occlude
        Scores the film without the part; without it there are no scores.

    Raises
    ------
    UsageError
        The numbers are no part of a film.
    """
    box = box_of(marked)
    around = _around(box)
    masks = study.masks if study.masks is not None and study.masks.good else None
    flagged = [f for f in positives(study) if f.heat_map is not None]
    area = (around[2] - around[0]) * (around[3] - around[1])
    heat = {f.label: _heat_inside(f.heat_map, around) for f in flagged if f.heat_map is not None}
    scored = {} if occlude is None or study.masks is None else _scores(study, study.masks, around, occlude)
    return Region(
        box=box,
        side=None if masks is None else _side(masks, around),
        zone=None if masks is None else _zone(masks, around),
        shares={} if masks is None else _shares(masks, around),
        area=area,
        heat=heat,
        hot=tuple(label for label, share in heat.items() if share >= CONCENTRATED * area),
        scores=scored,
        outline=_like_brightness(study.radiograph.pixels, masks, box),
    )


def box_of(marked: Sequence[float]) -> Box:
    """Return a box with its edges in order; a point becomes the box of no area.

    Raises
    ------
    UsageError
        There are not two or four numbers, or one lies outside the film.
    """
    if len(marked) not in {2, 4} or not all(math.isfinite(v) and 0 <= v <= 1 for v in marked):
        raise UsageError(f"{','.join(map(str, marked))} is no part of the film: {REMEDY}")
    x0, y0, x1, y1 = marked if len(marked) == 4 else (*marked, *marked)
    return float(min(x0, x1)), float(min(y0, y1)), float(max(x0, x1)), float(max(y0, y1))


def _around(box: Box) -> Box:
    """Return the box, widened where it is smaller than a point's surroundings, and moved back into the film."""
    (left, right), (upper, lower) = (_widened(box[i], box[i + 2]) for i in (0, 1))
    return left, upper, right, lower


def _widened(low: float, high: float) -> tuple[float, float]:
    size = max(high - low, POINT_SIDE)
    start = min(max((low + high - size) / 2, 0.0), 1.0 - size)
    return start, start + size


def _cut(values: np.ndarray, box: Box) -> np.ndarray:
    """Return the part of an array, which covers the whole film, that a box covers: at least one cell."""
    height, width = values.shape
    rows = slice(int(box[1] * height), max(math.ceil(box[3] * height), int(box[1] * height) + 1))
    columns = slice(int(box[0] * width), max(math.ceil(box[2] * width), int(box[0] * width) + 1))
    return values[rows, columns]


def _shares(masks: Masks, box: Box) -> dict[Structure, float]:
    everything = masks.right_lung | masks.left_lung | masks.heart
    parts: dict[Structure, Mask] = {
        "right_lung": masks.right_lung, "left_lung": masks.left_lung, "heart": masks.heart, "outside": ~everything,
    }  # fmt: skip
    return {name: float(_cut(mask, box).mean()) for name, mask in parts.items()}


def _side(masks: Masks, box: Box) -> Side | None:
    """Return the patient's side by the outlines, so that a mirrored film keeps its own right."""
    if not (masks.right_lung.any() and masks.left_lung.any()):
        return None
    right, left = (float(np.nonzero(lung)[1].mean()) / lung.shape[1] for lung in (masks.right_lung, masks.left_lung))
    before = min(max(((right + left) / 2 - box[0]) / (box[2] - box[0]), 0.0), 1.0)
    on_right = before if right < left else 1 - before
    return "right" if on_right >= ONE_SIDED else "left" if on_right <= 1 - ONE_SIDED else "bilateral"


def _zone(masks: Masks, box: Box) -> Zone | None:
    """Return the third of the lungs' height that the middle of a box lies in, ``None`` above and below the lungs."""
    rows, middle = lungs_rows(masks.right_lung | masks.left_lung), (box[1] + box[3]) / 2 * masks.heart.shape[0]
    if rows is None or not rows[0] <= middle < rows[1]:
        return None
    return ZONES[int(len(ZONES) * (middle - rows[0]) / (rows[1] - rows[0]))]


def _heat_inside(heat_map: FloatImage, box: Box) -> float:
    """Return the share of a heat map's hot part (the white ring on the page) that lies within a box."""
    hot = np.where(heat_map >= HOT * float(heat_map.max()), heat_map, 0.0)
    total = float(hot.sum())
    return float(_cut(hot, box).sum()) / total if total > 0 else 0.0


def _scores(study: Study, masks: Masks, box: Box, occlude: Occlude) -> dict[str, tuple[float, float]]:
    scored = occlude(study.radiograph, masks, study.view, box)
    return {f.label: scored[f.label] for f in positives(study) if f.label in scored}


def _like_brightness(pixels: FloatImage, masks: Masks | None, box: Box) -> tuple[tuple[float, float], ...]:
    """Return the outline of the area around the middle of a box that is about as bright, within its own structure.

    Outside lungs and heart there is none, nor where it is too small or most of the structure is as bright.
    """
    from skimage.measure import approximate_polygon, find_contours

    scale = GRID / max(pixels.shape)
    height, width = (max(1, round(n * scale)) for n in pixels.shape)
    small = np.asarray(Image.fromarray(pixels.astype(np.float32)).resize((width, height), Image.Resampling.BILINEAR))
    smooth = ndimage.gaussian_filter(small, SMOOTHING)
    seed = min(int((box[1] + box[3]) / 2 * height), height - 1), min(int((box[0] + box[2]) / 2 * width), width - 1)
    where = _structure(masks, seed, (height, width))
    if where is None:
        return ()
    if box[2] > box[0] and box[3] > box[1]:
        bounds = np.zeros_like(where)
        _cut(bounds, box)[...] = True
        where &= bounds
    like = where & (np.abs(smooth - smooth[seed]) <= LIKE * float(smooth[where].std()))
    area = _piece(ndimage.binary_opening(ndimage.binary_fill_holes(_piece(like, seed))), seed)
    if not FEWEST_CELLS <= area.sum() <= MOST * where.sum():
        return ()
    soft = ndimage.gaussian_filter(np.pad(area, 1).astype(np.float32), 1.5)
    line = max(find_contours(soft, 0.5), key=len, default=None)  # a thin thread is smoothed away
    if line is None:
        return ()
    around = np.clip((approximate_polygon(line, tolerance=0.6) - 0.5) / (height, width), 0, 1).round(4)
    return tuple((float(x), float(y)) for y, x in around)


def _piece(mask: Mask, seed: tuple[int, int]) -> Mask:
    """Return the connected part of a mask that holds a point; nothing where the point lies outside it."""
    labelled, _ = ndimage.label(mask)
    piece: Mask = (labelled == labelled[seed]) & mask
    return piece


def _structure(masks: Masks | None, seed: tuple[int, int], shape: tuple[int, int]) -> Mask | None:
    """Return the outlined structure that holds a point, on a grid."""
    outlined = () if masks is None else (masks.heart, masks.right_lung, masks.left_lung)
    return next((grid for m in outlined if (grid := _on_grid(m, shape))[seed]), None)


def _on_grid(mask: Mask, shape: tuple[int, int]) -> Mask:
    resized = Image.fromarray(mask).resize((shape[1], shape[0]), Image.Resampling.NEAREST)
    return np.array(resized, dtype=bool)
