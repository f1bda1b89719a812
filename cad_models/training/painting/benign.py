"""What differs between films without being disease: geometry, exposure, markers, lines, folds, soft tissue.

Both members of a pair get the *same* draw, so nothing in here can tell them apart.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from cad_models.preprocess import stretch_contrast
from cad_models.training.painting.canvas import SIDES, Anatomy, Rng, blob, random_point, smooth_noise, soften
from chatcad.types import FloatImage

Overlay = Callable[[FloatImage], FloatImage]


def move(film: FloatImage, anatomy: Anatomy, rng: Rng) -> tuple[FloatImage, Anatomy]:
    """Turn, scale and shift a film and its masks by one random affine map."""
    size = anatomy.size
    angle, scale = np.deg2rad(rng.normal(0.0, 4.0)), rng.uniform(0.82, 1.12, 2)
    a, b = np.cos(angle) * scale[0], -np.sin(angle) * scale[1]
    c, d = np.sin(angle) * scale[0], np.cos(angle) * scale[1]
    middle = 0.5 * (size - 1)
    shift = rng.uniform(-0.05, 0.05, 2) * size
    matrix = (a, b, middle - a * middle - b * middle + shift[0], c, d, middle - c * middle - d * middle + shift[1])
    moved = [_affine(m.astype(np.float32), matrix) > 0.5 for m in (anatomy.right, anatomy.left, anatomy.heart)]
    return _affine(film, matrix), Anatomy(moved[0], moved[1], moved[2])


def _affine(image: FloatImage, matrix: Sequence[float]) -> FloatImage:
    picture = Image.fromarray(np.ascontiguousarray(image, dtype=np.float32))
    moved = picture.transform(picture.size, Image.Transform.AFFINE, tuple(matrix), Image.Resampling.BILINEAR)
    return np.asarray(moved, dtype=np.float32)


def benign_overlay(anatomy: Anatomy, rng: Rng) -> Overlay:
    """Draw one set of harmless extras and return the function that lays it over a film."""
    extra = np.zeros((anatomy.size, anatomy.size), np.float32)
    for draw, chance in EXTRAS.items():
        if rng.random() < chance:
            extra = extra + draw(anatomy, rng)
    ramp = _ramp(anatomy, rng)

    def lay_over(film: FloatImage) -> FloatImage:
        uneven = film * (1.0 + 0.5 * ramp) + 0.3 * ramp
        return np.clip(uneven + extra * (1.1 - film), 0.0, 1.0).astype(np.float32)

    return lay_over


def exposure(size: int, rng: Rng) -> Overlay:
    """Draw one exposure (gamma, sharpness, resolution, noise, equalisation) and return it as a function."""
    gamma, sharpen, blur = np.exp(rng.normal(0.0, 0.28)), rng.uniform(-0.2, 0.6), rng.uniform(0.3, 1.1)
    coarse = int(size * rng.uniform(0.28, 0.8)) if rng.random() < 0.35 else size
    noise = rng.standard_normal((size, size)).astype(np.float32) * rng.uniform(0.0, 0.03)
    equal = rng.uniform(0.0, 0.7) if rng.random() < 0.2 else 0.0

    def develop(film: FloatImage) -> FloatImage:
        film = np.asarray(stretch_contrast(film) ** gamma, np.float32)
        film = film + np.float32(sharpen) * (film - soften(film, 2.0)) if sharpen > 0 else soften(film, blur)
        if coarse < size:
            film = _resample(_resample(film, coarse), size)
        if equal:
            film = film + equal * (_equalise(film) - film)
        return stretch_contrast((film + noise).astype(np.float32))

    return develop


def _resample(film: FloatImage, size: int) -> FloatImage:
    picture = Image.fromarray(np.ascontiguousarray(film, dtype=np.float32))
    return np.asarray(picture.resize((size, size), Image.Resampling.BILINEAR), dtype=np.float32)


def _equalise(film: FloatImage) -> FloatImage:
    counts, edges = np.histogram(film, 64)
    return np.interp(film, edges[1:], np.cumsum(counts) / film.size).astype(np.float32)


def _marker(anatomy: Anatomy, rng: Rng) -> FloatImage:
    """Write a side letter, or a short text, near a corner."""
    size = anatomy.size
    sheet = Image.new("L", (size, size))
    x = int(rng.choice([rng.integers(4, size // 6), rng.integers(size - size // 5, size - 14)]))
    text = str(rng.choice(["R", "L", "AP", "PORTABLE", "ERECT", "17:20"]))
    ImageDraw.Draw(sheet).text((x, int(rng.integers(3, size // 4))), text, fill=255)
    return np.asarray(sheet, dtype=np.float32) / 255.0 * rng.uniform(0.3, 1.0)


def _line(anatomy: Anatomy, rng: Rng) -> FloatImage:
    """Draw one to three wires, tubes or catheters: smooth thin curves, also across the lungs."""
    size = anatomy.size
    sheet = Image.new("L", (size * 2, size * 2))
    for _ in range(int(rng.integers(1, 4))):
        t = np.linspace(0.0, 1.0, 40)
        knots = rng.uniform(-0.1, 1.1, (4, 2)) * size * 2
        curve = sum(
            w[:, None] * k
            for w, k in zip(((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3), knots, strict=True)
        )
        ImageDraw.Draw(sheet).line([tuple(p) for p in np.asarray(curve)], fill=255, width=int(rng.integers(1, 5)))
    drawn = np.asarray(sheet.resize((size, size), Image.Resampling.BILINEAR), dtype=np.float32) / 255.0
    return drawn * rng.uniform(0.12, 0.7)


def _discs(anatomy: Anatomy, rng: Rng) -> FloatImage:
    """Draw electrodes and buttons: small discs with a sharp edge, or rings."""
    extra = np.zeros((anatomy.size, anatomy.size), np.float32)
    rows, columns = anatomy.grid
    for _ in range(int(rng.integers(1, 5))):
        y, x = rng.uniform(0.1, 0.95, 2) * anatomy.size
        distance, radius = np.hypot(rows - y, columns - x), rng.uniform(0.008, 0.022) * anatomy.size
        disc = (distance < radius) & (distance > radius * rng.choice([0.0, 0.55]))
        extra = np.maximum(extra, rng.uniform(0.3, 0.9) * disc)
    return extra.astype(np.float32)


def _fold(anatomy: Anatomy, rng: Rng) -> FloatImage:
    """Draw a skin fold or a scapular border: brighter on one side of a long edge, fading away, without a line."""
    rows, columns = anatomy.grid
    y, x = random_point(rng, anatomy.lung(str(rng.choice(SIDES))))
    angle, bend = rng.normal(0.0, 0.45), rng.normal(0.0, 0.002)
    across = (columns - x) * np.cos(angle) + (rows - y) * np.sin(angle)
    along = (rows - y) * np.cos(angle) - (columns - x) * np.sin(angle)
    across = (across + bend * along**2) * rng.choice([-1.0, 1.0])
    fade = np.exp(-np.clip(across, 0.0, None) / rng.uniform(3.0, 14.0)) * (across > 0)
    ends = np.exp(-((along / (rng.uniform(0.15, 0.5) * anatomy.size)) ** 4))
    return (rng.uniform(0.03, 0.14) * soften(fade * ends, 0.7)).astype(np.float32)


def _breasts(anatomy: Anatomy, rng: Rng) -> FloatImage:
    """Draw breast shadows: two large soft densities over the lower lateral lungs, with a lower border."""
    extra = np.zeros((anatomy.size, anatomy.size), np.float32)
    strength, low = rng.uniform(0.04, 0.2), rng.uniform(0.5, 0.95)
    for side in SIDES:
        top, bottom, first, last = anatomy.box(side)
        y = top + low * (bottom - top)
        x = first + (0.35 if side == "right" else 0.65) * (last - first)
        dome = blob(anatomy, (y, x), (0.12 * anatomy.size, 0.11 * anatomy.size), 0.0)
        extra = np.maximum(extra, strength * np.clip(dome * 2.2, 0.0, 1.0))
    return soften(extra, 1.5)


def _calcium(anatomy: Anatomy, rng: Rng) -> FloatImage:
    """Draw calcified granulomas: tiny, sharp and far too bright for a nodule."""
    extra = np.zeros((anatomy.size, anatomy.size), np.float32)
    for _ in range(int(rng.integers(1, 4))):
        radius = rng.uniform(0.004, 0.009) * anatomy.size
        spot = blob(anatomy, random_point(rng, anatomy.lungs), (radius, radius), 0.0)
        extra = np.maximum(extra, rng.uniform(0.5, 0.9) * (spot > 0.5))
    return soften(extra, 0.5)


def _ramp(anatomy: Anatomy, rng: Rng) -> FloatImage:
    """Return a broad uneven exposure."""
    rows, columns = (g / anatomy.size - 0.5 for g in anatomy.grid)
    tilt = rng.normal(0.0, 0.12, 2)
    broad: NDArray[np.float32] = 0.05 * rng.random() * smooth_noise(rng, anatomy.size, anatomy.size / 2.0)
    return (tilt[0] * rows + tilt[1] * columns + broad).astype(np.float32)


# How often each harmless extra is drawn.
EXTRAS = {_marker: 0.4, _line: 0.3, _discs: 0.25, _fold: 0.3, _breasts: 0.35, _calcium: 0.15}
