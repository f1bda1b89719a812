"""The film with what the networks saw drawn over it: outlines, measured widths, heat map.

Pure functions from a study to pixels at display resolution. It knows colours and line styles; each mark differs
from the others in shape as well as in colour, and each outline carries its name on the picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

from cad_models.anatomy import Widths, widths
from chatcad.errors import UsageError
from chatcad.findings.wording import positives
from chatcad.types import FloatImage, Mask, Masks, Study

DISPLAY_SIDE = 1024
"""Longest side of the drawn film, in pixels: as much as a browser column or a laptop's full screen shows."""

RGB = tuple[int, int, int]
Picture = NDArray[np.uint8]

LUNG: RGB = (86, 180, 233)
HEART: RGB = (240, 150, 60)
THORAX_LINE: RGB = (230, 230, 120)
HEAT: RGB = (255, 70, 90)  # with LUNG and HEART from Okabe and Ito's palette, apart under common colour blindness
_HEAT_ALPHA = 0.55
_HEAT_EDGE = 0.5


@dataclass(frozen=True, slots=True)
class Layers:
    """What is drawn over the film, and how its greys are shown.

    ``heat`` is the label whose heat map is shown. ``level`` and ``window`` are in ``[0, 1]`` of the film's range:
    the grey at the middle, and the span from black to white.
    """

    lungs: bool = False
    heart: bool = False
    widths: bool = False
    heat: str | None = None
    invert: bool = False
    level: float = 0.5
    window: float = 1.0


def render(study: Study, layers: Layers, side: int = DISPLAY_SIDE) -> Picture:
    """Draw a study's film with the chosen layers.

    Parameters
    ----------
    study
        Masks and heat maps may be on any grid that covers the whole film; what it lacks is not drawn.
    layers
        What to draw.
    side
        Longest side of the result in pixels.

    Returns
    -------
    ndarray
        ``(height, width, 3)`` uint8.
    """
    grey = film(study.radiograph.pixels, layers, side)
    picture = np.repeat(grey[..., None], 3, axis=2)
    finding = study.finding(layers.heat) if layers.heat else None
    if finding is not None and finding.heat_map is not None:
        picture = _heat(picture, finding.heat_map)
    if study.masks is None:
        return picture
    ratio = study.measurement("cardiothoracic_ratio")
    return _anatomy(picture, study.masks, layers, None if ratio is None else ratio.value)


def save_overlay(study: Study, path: Path) -> None:
    """Write the film with its outlines, widths and the surest flagged finding's heat map as a picture file.

    Parameters
    ----------
    study
        A read film.
    path
        Its suffix chooses the format (``.png``, ``.jpg``).

    Raises
    ------
    UsageError
        As for `save`.
    """
    save(Image.fromarray(render(study, everything(study))), path)


def save(picture: Image.Image, path: Path) -> None:
    """Write a picture to a file.

    Raises
    ------
    UsageError
        Its suffix is no picture's, or the file can't be written.
    """
    try:
        picture.save(path)
    except (OSError, ValueError) as error:
        raise UsageError(f"the picture {path} can't be written ({error}): name a .png or .jpg in a folder") from error


def everything(study: Study) -> Layers:
    """Return the layers that show all at once: outlines, widths and the surest flagged finding's heat map."""
    mapped = [f.label for f in positives(study) if f.heat_map is not None]
    return Layers(lungs=True, heart=True, widths=True, heat=mapped[0] if mapped else None)


def film(pixels: FloatImage, layers: Layers, side: int = DISPLAY_SIDE) -> Picture:
    """Return the film's greys at display resolution, after window, level and inversion: ``(h, w)`` uint8."""
    scale = side / max(pixels.shape)
    size = (max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale)))
    small = np.asarray(Image.fromarray(pixels.astype(np.float32)).resize(size, Image.Resampling.BILINEAR))
    shown: FloatImage = np.clip((small - layers.level) / max(layers.window, 0.01) + 0.5, 0, 1)
    if layers.invert:
        shown = 1 - shown
    return (255 * shown + 0.5).astype(np.uint8)


def _fit(values: FloatImage, like: Picture) -> FloatImage:
    size = (like.shape[1], like.shape[0])
    return np.asarray(Image.fromarray(values.astype(np.float32)).resize(size, Image.Resampling.BICUBIC))


def _heat(picture: Picture, heat_map: FloatImage) -> Picture:
    """Tint by strength, and ring the half-maximum so that the place reads without colour."""
    heat = np.clip(_fit(heat_map, picture), 0, 1)
    alpha = (_HEAT_ALPHA * np.clip((heat - 0.15) / 0.85, 0, 1))[..., None]
    tinted = picture * (1 - alpha) + np.array(HEAT) * alpha
    tinted[_outline(heat > _HEAT_EDGE * max(float(heat.max()), 1e-6), 2)] = 255
    return np.asarray(tinted + 0.5, dtype=np.uint8)


def _outline(mask: Mask, thickness: int) -> Mask:
    edge: Mask = mask & ~ndimage.binary_erosion(mask, iterations=thickness, border_value=1)
    return edge


def _dashed(edge: Mask) -> Mask:
    """Cut an outline into dashes of equal angle around its middle."""
    rows, columns = np.nonzero(edge)
    dashes = np.zeros_like(edge)
    if len(rows):
        angle = np.arctan2(rows - rows.mean(), columns - columns.mean())
        keep = (angle * 24 / np.pi) % 2 < 1.25
        dashes[rows[keep], columns[keep]] = True
    return dashes


def _anatomy(picture: Picture, masks: Masks, layers: Layers, ratio: float | None) -> Picture:
    stroke = max(2, round(max(picture.shape) / 400))
    named: list[tuple[str, Mask, RGB]] = []
    if layers.lungs:
        named += [("R lung", _grid(masks.right_lung, picture), LUNG), ("L lung", _grid(masks.left_lung, picture), LUNG)]
    if layers.heart:
        named.append(("Heart", _grid(masks.heart, picture), HEART))
    for _, mask, colour in named:
        edge = _outline(mask, stroke)
        picture[_dashed(edge) if colour == HEART else edge] = colour
    canvas = Image.fromarray(picture)
    pen = _Pen(ImageDraw.Draw(canvas), stroke, _font(picture))
    measured = widths(masks) if layers.widths and ratio is not None else None  # a withheld ratio has no picture
    if measured is not None:
        scale = (picture.shape[1] / masks.heart.shape[1], picture.shape[0] / masks.heart.shape[0])
        _draw_widths(pen, measured, scale, f"heart {ratio:.2f}")
    for name, mask, colour in named:
        _name(pen, name, mask, colour)
    if (side := right_side(masks)) is not None:
        margin = round(0.03 * picture.shape[1])
        pen.text((margin if side == "left" else picture.shape[1] - margin, margin), "R", (255, 255, 255))
    return np.asarray(canvas)


def _grid(mask: Mask, like: Picture) -> Mask:
    """Lay a mask on the picture; the network's coarse grid would show as stairs, so its border is smoothed."""
    smooth: Mask = ndimage.gaussian_filter(_fit(mask.astype(np.float32), like), max(like.shape) / 200) > 0.5
    return smooth


def right_side(masks: Masks) -> str | None:
    """Return the side of the picture on which the patient's right lung was found."""
    if not (masks.right_lung.any() and masks.left_lung.any()):
        return None
    right, left = (float(np.nonzero(lung)[1].mean()) for lung in (masks.right_lung, masks.left_lung))
    return "left" if right < left else "right"


@dataclass(frozen=True, slots=True)
class _Pen:
    draw: ImageDraw.ImageDraw
    stroke: int
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont

    def text(self, at: tuple[float, float], words: str, colour: RGB) -> None:
        self.draw.text(at, words, fill=colour, font=self.font, anchor="mm", stroke_width=2, stroke_fill=(0, 0, 0))

    def span(self, start: tuple[float, float], end: tuple[float, float], row: float, colour: RGB) -> None:
        """Draw a horizontal measure with end bars; thin verticals lead to the points that it was taken at."""
        bar = 4 * self.stroke
        for x, y in (start, end):
            self.draw.line([(x, y), (x, row)], fill=colour, width=1)
            self.draw.line([(x, row - bar), (x, row + bar)], fill=colour, width=self.stroke)
        self.draw.line([(start[0], row), (end[0], row)], fill=colour, width=self.stroke)


def _draw_widths(pen: _Pen, measured: Widths, scale: tuple[float, float], heart_text: str) -> None:
    heart, thorax = ([(x * scale[0], y * scale[1]) for x, y in points] for points in (measured.heart, measured.thorax))
    gap = 5 * pen.stroke
    heart_row = sum(y for _, y in heart) / 2
    thorax_row = thorax[0][1] if abs(thorax[0][1] - heart_row) > 3 * gap else heart_row + 3 * gap
    pen.span(heart[0], heart[1], heart_row, HEART)
    pen.span(thorax[0], thorax[1], thorax_row, THORAX_LINE)
    middle = (heart[0][0] + heart[1][0]) / 2
    pen.text((middle, heart_row - 2 * gap), heart_text, HEART)
    # Away from the heart's own line, on whichever side of it the thorax is widest; over a lung, where no name stands.
    aside = (heart[1][0] + thorax[1][0]) / 2
    pen.text((aside, thorax_row + (2 if thorax_row > heart_row else -2) * gap), "chest 1.00", THORAX_LINE)


def _name(pen: _Pen, name: str, mask: Mask, colour: RGB) -> None:
    rows, columns = np.nonzero(mask)
    if len(rows):
        top = float(np.percentile(rows, 20 if colour == LUNG else 12))
        pen.text((float(np.median(columns)), top), name, colour)


def _font(picture: Picture) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size=max(12, round(max(picture.shape) / 42)))
