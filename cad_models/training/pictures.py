"""Pictures that the gate must tell apart, made from films or drawn from nothing.

It knows films as other sites send them, cut or bordered; and what must be refused: turns, inversions, details,
panels, photographs of a screen, an imitation of the lateral projection, and drawings: pages of text, scenes,
patterns, limbs, noise. The ``ood`` set of real foreign pictures is never seen here: it tests.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy import ndimage

from cad_models.preprocess import stretch_contrast

Picture = NDArray[np.float32]
SIZE = 256
WORDS = ["chest", "film", "report", "patient", "normal", "heart", "lungs", "page", "score", "table", "date", "left"]


def _resized(picture: Picture, height: int, width: int) -> Picture:
    scaled = Image.fromarray(np.ascontiguousarray(picture)).resize((width, height), Image.Resampling.BILINEAR)
    return np.asarray(scaled, dtype=np.float32)


def gently_changed(film: Picture, rng: np.random.Generator) -> Picture:
    """Return a frontal film as another site might send it: tilted a little, cropped, exposed otherwise, bordered."""
    picture = ndimage.rotate(film, rng.uniform(-7, 7), reshape=False, order=1, mode=rng.choice(["constant", "nearest"]))
    margin = [int(SIZE * m) for m in rng.uniform(0, 0.08, 4)]
    picture = picture[margin[0] : SIZE - margin[1], margin[2] : SIZE - margin[3]]
    if rng.random() < 0.3:
        border = [(int(a), int(b)) for a, b in rng.uniform(0, 0.12 * SIZE, (2, 2))]
        picture = np.pad(picture, border, constant_values=float(rng.random() < 0.15))
    if rng.random() < 0.25:  # a film that was small once
        small = int(rng.uniform(64, 128))
        picture = _resized(picture, small, small)
    picture = np.clip(picture, 0, 1) ** np.exp(rng.uniform(-0.45, 0.45))
    picture = picture + rng.normal(0, rng.uniform(0, 0.03), picture.shape)
    return stretch_contrast(_resized(picture.astype(np.float32), SIZE, SIZE))


def cut(film: Picture, rng: np.random.Generator) -> Picture:
    """Return a frontal film that lacks 12 to 25% at one edge: still read, with a remark."""
    side, share = int(rng.integers(4)), rng.uniform(0.12, 0.25)
    turned = np.rot90(gently_changed(film, rng), side)[int(SIZE * share) :]
    return stretch_contrast(_resized(np.rot90(turned, -side), SIZE, SIZE))


def bordered(film: Picture, rng: np.random.Generator) -> Picture:
    """Return a frontal film within heavy plain borders of 10 to 25% on two or four sides, black, grey or white."""
    grey = rng.choice([0.0, 0.0, rng.uniform(0, 1), 1.0])
    pads = rng.uniform(0.10, 0.25, (2, 2)) * rng.choice([[[1], [1]], [[1], [0]], [[0], [1]]])
    padded = np.pad(gently_changed(film, rng), (SIZE * pads).astype(int), constant_values=np.float32(grey))
    return stretch_contrast(_resized(padded, SIZE, SIZE))


def photographed(film: Picture, rng: np.random.Generator) -> Picture:
    """Return a film as a telephone sees it on a screen: askew, with the room around it, moiré, glare and fall-off."""
    room = rng.uniform(0.02, 0.6) + 0.15 * cloud(rng)
    shown = Image.fromarray(np.ascontiguousarray(film * rng.uniform(0.6, 0.95)))
    inset = rng.uniform(0.04, 0.22, (4, 2)) * SIZE
    corners = np.array([[0, 0], [0, SIZE], [SIZE, SIZE], [SIZE, 0]]) + inset * [[1, 1], [1, -1], [-1, -1], [-1, 1]]
    laid = shown.transform(
        (SIZE, SIZE), Image.Transform.PERSPECTIVE, _perspective(corners), Image.Resampling.BILINEAR, fillcolor=-1
    )
    picture = np.where(np.asarray(laid) < 0, room, np.asarray(laid))
    y, x = np.mgrid[-1:1:256j, -1:1:256j]
    # Two gratings, the screen's and the camera's: what beats between them is the moiré.
    first, second = (np.sin(x * rng.uniform(20, 90) + y * rng.uniform(-25, 25)) for _ in range(2))
    picture = picture * (1 + rng.uniform(0.02, 0.10) * first * second)
    glare = np.exp(-(((x - rng.uniform(-1, 1)) ** 2 + (y - rng.uniform(-1, 1)) ** 2) / rng.uniform(0.02, 0.3)))
    picture = picture + rng.uniform(0, 0.5) * glare - rng.uniform(0, 0.15) * np.hypot(x, y)
    soft = ndimage.gaussian_filter(picture, rng.uniform(0, 1.2))
    return stretch_contrast((soft + rng.normal(0, rng.uniform(0.005, 0.03), soft.shape)).astype(np.float32))


def _perspective(corners: NDArray[np.float64]) -> list[float]:
    """Return Pillow's coefficients of the map that lays a whole film on four corners (x, y), from the upper left."""
    source = np.array([[0, 0], [0, SIZE], [SIZE, SIZE], [SIZE, 0]], dtype=float)
    rows = [
        row
        for (x, y), (u, v) in zip(corners, source, strict=True)
        for row in ([x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y])
    ]
    return [float(c) for c in np.linalg.solve(np.array(rows), source.reshape(-1))]


def inverted(film: Picture, rng: np.random.Generator) -> Picture:
    """Return the negative of a film."""
    return 1 - gently_changed(film, rng)


def turned_right(film: Picture, rng: np.random.Generator) -> Picture:
    """Return the film turned clockwise by about 90 degrees."""
    return np.ascontiguousarray(np.rot90(gently_changed(film, rng), -1))


def turned_left(film: Picture, rng: np.random.Generator) -> Picture:
    """Return the film turned counterclockwise by about 90 degrees."""
    return np.ascontiguousarray(np.rot90(gently_changed(film, rng), 1))


def upside_down(film: Picture, rng: np.random.Generator) -> Picture:
    """Return the film turned by 180 degrees, or mirrored top to bottom."""
    turned = gently_changed(film, rng)[::-1]
    return np.ascontiguousarray(turned if rng.random() < 0.5 else turned[:, ::-1])


def detail(film: Picture, rng: np.random.Generator) -> Picture:
    """Return a piece of a film: too little of the chest to be read."""
    height, width = (int(SIZE * s) for s in rng.uniform(0.25, 0.45, 2))
    top, left = int(rng.uniform(0, SIZE - height)), int(rng.uniform(0, SIZE - width))
    return stretch_contrast(_resized(film[top : top + height, left : left + width], SIZE, SIZE))


def lateral_like(film: Picture, rng: np.random.Generator) -> Picture:
    """Return an imitation of the lateral projection: both halves laid over each other, with a spine and a sternum.

    Real lateral films aren't among the training data; those of the ``ood`` set only test.
    """
    middle = int(SIZE * rng.uniform(0.45, 0.55))
    right, left = _resized(film[:, :middle], SIZE, SIZE), _resized(film[:, middle:], SIZE, SIZE)[:, ::-1]
    both = right * rng.uniform(0.35, 0.65) + left * 0.5
    axis = np.linspace(0, 1, SIZE, dtype=np.float32)
    spine = rng.uniform(0.72, 0.9) + 0.08 * np.sin(axis * 3 + rng.uniform(0, 3))
    both = both + rng.uniform(0.1, 0.5) * np.exp(-(((axis[None] - spine[:, None]) / rng.uniform(0.05, 0.12)) ** 2))
    diaphragm = rng.uniform(0.68, 0.9) - 0.15 * np.sin(np.pi * axis) * rng.uniform(0, 1)
    both = both + rng.uniform(0.1, 0.4) * (axis[:, None] > diaphragm[None])
    both = ndimage.gaussian_filter(both, rng.uniform(0, 1.5))
    margin = int(rng.uniform(0, 0.2) * SIZE)
    both = np.pad(both, ((0, 0), (margin, margin)))
    return stretch_contrast(_resized((both if rng.random() < 0.5 else both[:, ::-1]).astype(np.float32), SIZE, SIZE))


def tilted(film: Picture, rng: np.random.Generator) -> Picture:
    """Return a film turned by 35 to 70 degrees either way."""
    angle = rng.choice([-1, 1]) * rng.uniform(35, 70)
    return stretch_contrast(ndimage.rotate(film, angle, reshape=False, order=1).astype(np.float32))


def panels(film: Picture, rng: np.random.Generator) -> Picture:
    """Return several small copies of a film on one page."""
    rows, columns = [(1, 2), (2, 2), (2, 3), (2, 1)][rng.integers(4)]
    tiled = np.tile(_resized(film, SIZE // rows, SIZE // columns), (rows, columns))
    return stretch_contrast(_resized(tiled, SIZE, SIZE))


def text_page(rng: np.random.Generator) -> Picture:
    """Return a page or a screenshot with words."""
    dark = rng.random() < 0.4
    page = Image.new("L", (SIZE * 2, SIZE * 2), int(rng.uniform(0, 60)) if dark else int(rng.uniform(200, 255)))
    draw = ImageDraw.Draw(page)
    size = float(rng.uniform(10, 40))
    for y in np.arange(rng.uniform(5, 60), 2 * SIZE - 20, size * rng.uniform(1.2, 2.5)):
        line = " ".join(rng.choice(WORDS, int(rng.integers(1, 9))))
        draw.text((rng.uniform(5, 80), y), line, fill=230 if dark else 20, font_size=size)
    return _as_picture(page)


def scene(rng: np.random.Generator) -> Picture:
    """Return a drawn scene: shapes of any grey on a shaded ground, more or less soft, like a photograph."""
    slope = np.linspace(0, 255, SIZE)[:, None] * rng.uniform(-0.5, 0.5) + rng.uniform(50, 200)
    picture = Image.fromarray(np.clip(np.broadcast_to(slope, (SIZE, SIZE)), 0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(picture)
    for _ in range(int(rng.integers(2, 25))):
        points = rng.uniform(-30, SIZE + 30, 2)[None] + rng.uniform(-90, 90, (int(rng.integers(3, 7)), 2))
        shade = int(rng.integers(0, 256))
        if rng.random() < 0.5:
            draw.polygon([tuple(p) for p in points], fill=shade)
        else:
            (x0, y0), (x1, y1) = points.min(axis=0), points.max(axis=0)
            draw.ellipse((x0, y0, x1, y1), fill=shade)
    soft = ndimage.gaussian_filter(np.asarray(picture, dtype=np.float32), rng.uniform(0, 5))
    return stretch_contrast(soft + cloud(rng) * rng.uniform(0, 120))


def cloud(rng: np.random.Generator) -> Picture:
    """Return noise whose power falls with frequency, from television snow to clouds."""
    frequency = np.hypot(np.fft.fftfreq(SIZE)[:, None], np.fft.rfftfreq(SIZE)[None]) + 1 / SIZE
    spectrum = np.fft.rfft2(rng.normal(size=(SIZE, SIZE))) / frequency ** rng.uniform(0, 2.2)
    return stretch_contrast(np.fft.irfft2(spectrum, (SIZE, SIZE)).astype(np.float32))


def pattern(rng: np.random.Generator) -> Picture:
    """Return stripes, checks or rings."""
    y, x = np.mgrid[-1:1:256j, -1:1:256j]
    angle, count = rng.uniform(0, np.pi), rng.uniform(2, 40)
    u, v = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    waves = [np.sin(u * count), np.sin(u * count) * np.sin(v * count), np.sin(np.hypot(x, y) * count)][rng.integers(3)]
    hard = np.sign(waves) if rng.random() < 0.5 else waves
    return stretch_contrast((hard + rng.normal(0, rng.uniform(0, 0.4), hard.shape)).astype(np.float32))


def limb(rng: np.random.Generator) -> Picture:
    """Return one or two bones in a sleeve of soft tissue: an arm or a leg."""
    y, x = np.mgrid[-1:1:256j, -1:1:256j]
    angle, bend = rng.uniform(-0.6, 0.6), rng.uniform(-0.3, 0.3)
    u = x * np.cos(angle) + y * np.sin(angle) + bend * y**2
    width = rng.uniform(0.25, 0.6) * (1 + rng.uniform(-0.3, 0.3) * y)
    picture = rng.uniform(0.3, 0.6) * np.sqrt(np.clip(1 - (u / width) ** 2, 0, None))
    for centre in rng.uniform(-0.5, 0.5, int(rng.integers(1, 3))) * 0.5:
        bone = rng.uniform(0.07, 0.16) * (1 + 0.5 * y**2)
        inside = np.clip(1 - ((u - centre) / bone) ** 2, 0, None)
        picture = picture + rng.uniform(0.3, 0.6) * (np.sqrt(inside) - 0.5 * inside)
    turned = picture if rng.random() < 0.6 else picture.T
    return stretch_contrast((turned + rng.normal(0, 0.01, turned.shape)).astype(np.float32))


def skull_or_slice(rng: np.random.Generator) -> Picture:
    """Return a bright ring with blobs inside: a skull, or a section through a body."""
    y, x = np.mgrid[-1:1:256j, -1:1:256j]
    a, b = rng.uniform(0.5, 0.95, 2)
    radius = np.hypot((x - rng.uniform(-0.1, 0.1)) / a, (y - rng.uniform(-0.1, 0.1)) / b)
    picture = rng.uniform(0.1, 0.5) * (radius < 1) + rng.uniform(0.2, 0.6) * np.exp(-(((radius - 0.93) / 0.06) ** 2))
    for _ in range(int(rng.integers(0, 12))):
        (cx, cy), spread = rng.uniform(-0.6, 0.6, 2), rng.uniform(0.03, 0.3)
        picture = picture + rng.uniform(-0.4, 0.4) * (np.hypot(x - cx, y - cy) < spread)
    soft = ndimage.gaussian_filter(np.clip(picture, 0, None), rng.uniform(0.5, 3))
    return stretch_contrast((soft + rng.normal(0, 0.02, soft.shape)).astype(np.float32))


def flat(rng: np.random.Generator) -> Picture:
    """Return (nearly) nothing: one grey, or a smooth ramp."""
    y, x = np.mgrid[-1:1:256j, -1:1:256j]
    ramp = x * rng.uniform(-1, 1) + y * rng.uniform(-1, 1)
    return stretch_contrast(ramp.astype(np.float32)) if rng.random() < 0.7 else np.zeros((SIZE, SIZE), np.float32)


def _as_picture(picture: Image.Image) -> Picture:
    return stretch_contrast(np.asarray(picture.resize((SIZE, SIZE), Image.Resampling.BILINEAR), dtype=np.float32))


FilmMaker = Callable[[Picture, np.random.Generator], Picture]
FROM_FILMS: dict[str, tuple[FilmMaker, ...]] = {
    "inverted": (inverted,),
    "turned_right": (turned_right,),
    "turned_left": (turned_left,),
    "upside_down": (upside_down,),
    "other": (detail, lateral_like, tilted, panels),
    "photographed": (photographed,),
}
FRAMED: tuple[FilmMaker, ...] = (cut, bordered)
"""Films that are read all the same."""

DRAWN: tuple[Callable[[np.random.Generator], Picture], ...] = (
    text_page, scene, cloud, pattern, limb, skull_or_slice, flat,
)  # fmt: skip
