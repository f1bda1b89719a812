"""A simulated chest film, drawn from ellipses and curves: something to try the page with when no film is at hand.

It knows rough adult proportions on a PA film. It carries no patient's data, shows no disease on purpose, and is
no test of any network.
"""

from __future__ import annotations

import io
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from chatcad.types import FloatImage

SIMULATED = "a simulated film, drawn by ChatCAD, of no patient"
"""The warning that such a film carries."""

SIZE = 768
_SEED = 11

Point = tuple[float, float]

# Outlines in fractions of the film, x to the right of the picture (the patient's left), y downwards.
_RIGHT_LUNG: tuple[Point, ...] = (
    (0.375, 0.135), (0.300, 0.180), (0.235, 0.290), (0.190, 0.430), (0.165, 0.570), (0.160, 0.700), (0.150, 0.790),
    (0.200, 0.735), (0.270, 0.700), (0.340, 0.695), (0.400, 0.725), (0.415, 0.640), (0.430, 0.520), (0.440, 0.380),
    (0.435, 0.240), (0.420, 0.155),
)  # fmt: skip
_LEFT_LUNG: tuple[Point, ...] = (
    (0.625, 0.135), (0.700, 0.180), (0.765, 0.290), (0.810, 0.430), (0.835, 0.570), (0.842, 0.700), (0.855, 0.815),
    (0.800, 0.760), (0.740, 0.735), (0.690, 0.740), (0.690, 0.660), (0.655, 0.570), (0.600, 0.480), (0.570, 0.400),
    (0.575, 0.330), (0.565, 0.240), (0.580, 0.155),
)  # fmt: skip
_HEART: tuple[Point, ...] = (
    (0.450, 0.430), (0.418, 0.530), (0.410, 0.630), (0.430, 0.715), (0.520, 0.750), (0.640, 0.755), (0.700, 0.730),
    (0.695, 0.650), (0.655, 0.560), (0.600, 0.470), (0.570, 0.390), (0.510, 0.370),
)  # fmt: skip
_BODY: tuple[Point, ...] = (
    (0.40, 0.00), (0.39, 0.07), (0.24, 0.12), (0.06, 0.17), (0.00, 0.26), (0.00, 0.40), (0.055, 0.46), (0.075, 0.70),
    (0.065, 1.00), (0.935, 1.00), (0.925, 0.70), (0.945, 0.46), (1.00, 0.40), (1.00, 0.26), (0.94, 0.17), (0.76, 0.12),
    (0.61, 0.07), (0.60, 0.00),
)  # fmt: skip


def _shape(points: tuple[Point, ...], blur: float) -> FloatImage:
    layer = Image.new("L", (SIZE, SIZE))
    ImageDraw.Draw(layer).polygon([(x * SIZE, y * SIZE) for x, y in points], fill=255)
    return _soft(layer, blur)


def _soft(layer: Image.Image, blur: float) -> FloatImage:
    return np.asarray(layer.filter(ImageFilter.GaussianBlur(blur)), dtype=np.float32) / np.float32(255)


def _ribs() -> FloatImage:
    """Posterior ribs fall outwards, anterior ones fall inwards and are fainter; both fade towards the spine."""
    layer = Image.new("L", (SIZE, SIZE))
    draw = ImageDraw.Draw(layer)
    for number in range(10):
        y, half = 0.115 + 0.068 * number, 0.20 + 0.16 * min(1.0, (number + 1) / 6)
        t = np.linspace(0, 1, 40)
        drop = 0.02 + 0.09 * t**1.6 + 0.05 * np.clip(t - 0.8, 0, 1) * number / 3
        for side in (-1, 1):
            back = [(SIZE * (0.5 + side * half * u), SIZE * (y + d)) for u, d in zip(t, drop, strict=True)]
            draw.line(back, fill=170, width=round(0.017 * SIZE), joint="curve")
            front = [(SIZE * (0.5 + side * half * u), SIZE * (y + 0.20 - 0.13 * u**2)) for u in t[14:]]
            draw.line(front, fill=80, width=round(0.020 * SIZE), joint="curve")
    return _soft(layer, 2.2)


def _vessels(rng: np.random.Generator) -> FloatImage:
    """Vessels leave each hilum and thin out as they fork."""
    layer = Image.new("L", (SIZE, SIZE))
    draw = ImageDraw.Draw(layer)

    def grow(x: float, y: float, angle: float, width: float) -> None:
        while width > 0.8:
            length = rng.uniform(0.018, 0.04)
            nx, ny = x + length * np.cos(angle), y + length * np.sin(angle)
            draw.line([(x * SIZE, y * SIZE), (nx * SIZE, ny * SIZE)], fill=150, width=round(width))
            if rng.random() < 0.55:
                grow(nx, ny, angle + rng.choice([-1, 1]) * rng.uniform(0.3, 0.7), width * 0.7)
            x, y, angle, width = nx, ny, angle + rng.normal(0, 0.15), width * 0.88

    for hilum, facing in (((0.425, 0.42), np.pi), ((0.585, 0.41), 0.0)):
        for spread in np.linspace(-1.25, 1.25, 9):
            grow(*hilum, facing + spread, rng.uniform(5, 8.5))
    return _soft(layer, 1.6)


def _bones() -> FloatImage:
    layer = Image.new("L", (SIZE, SIZE))
    draw = ImageDraw.Draw(layer)
    for side in (-1, 1):
        clavicle = [(0.5 + side * 0.035, 0.165), (0.5 + side * 0.15, 0.125), (0.5 + side * 0.33, 0.085)]
        draw.line([(x * SIZE, y * SIZE) for x, y in clavicle], fill=210, width=round(0.025 * SIZE), joint="curve")
        blade = [(0.5 + side * u, v) for u, v in ((0.36, 0.14), (0.335, 0.30), (0.36, 0.46), (0.44, 0.22))]
        draw.polygon([(x * SIZE, y * SIZE) for x, y in blade], fill=95)
    for number in range(17):
        top = 0.03 + 0.058 * number
        draw.rounded_rectangle(
            [0.462 * SIZE, top * SIZE, 0.538 * SIZE, (top + 0.046) * SIZE], radius=0.012 * SIZE, fill=120
        )
    draw.rectangle([0.487 * SIZE, 0.0, 0.513 * SIZE, 0.33 * SIZE], fill=60)  # the air in the trachea
    return _soft(layer, 3.0)


@lru_cache(maxsize=1)
def phantom_film() -> FloatImage:
    """Return the simulated film.

    Returns
    -------
    ndarray
        ``(SIZE, SIZE)`` float32 in ``[0, 1]``, bright is dense; the same array at every call.
    """
    rng = np.random.default_rng(_SEED)
    lungs = np.maximum(_shape(_RIGHT_LUNG, 6), _shape(_LEFT_LUNG, 6))
    body, heart = _shape(_BODY, 9), _shape(_HEART, 7)
    yy = np.linspace(0, 1, SIZE, dtype=np.float32)[:, None]
    middle = np.exp(-(((np.linspace(0, 1, SIZE, dtype=np.float32)[None, :] - 0.5) / 0.075) ** 2))
    film = body * (0.50 + 0.20 * middle + 0.16 * yy)
    film += lungs * (-0.42 + 0.30 * heart + 0.05 * yy) + heart * 0.06
    film += body * (0.11 * _ribs() + 0.13 * _bones()) + lungs * 0.20 * _vessels(rng)
    grain = _soft(Image.fromarray(rng.integers(0, 256, (SIZE, SIZE), dtype=np.uint8)), 0.9) - 0.5
    clipped: FloatImage = np.clip(film + 0.06 * grain, 0, 1).astype(np.float32)
    return clipped


def phantom_png() -> bytes:
    """Return the simulated film as a file that can be dropped or read like any other."""
    pixels: NDArray[np.uint8] = np.round(255 * phantom_film()).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="PNG")
    return buffer.getvalue()
