"""A try at small nodules: a network of its own, on crops of films at their full 320 pixels.

The classifier sees a 1 cm nodule as six pixels. Here nodules are painted into 128-pixel crops of normal films, so that
they keep their size and a film gives many crops. It doesn't ship: ``evaluation/nodules.py`` says how far it came. It
knows crops and painted nodules; the loop, the films and the masks come from the other modules of this package.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, IterableDataset

from cad_models.segmenter import Decoder, Encoder
from cad_models.training.anatomies import Prepared, prepare
from cad_models.training.bases import bases, healthy
from cad_models.training.loop import train
from cad_models.training.painting.canvas import Rng, smooth_noise
from chatcad.types import GOOD_MASKS, FloatImage, Mask

FILM, CROP = 320, 128
STRIDE = 4
WIDTHS = (32, 56, 96, 128)
PAIRS = 16
SMALLEST, LARGEST = 3.2, 15.0
"""Radius in pixels: a film of 320 spans about 36 cm, so 7 mm to 3.4 cm across."""

Pair = tuple[FloatImage, FloatImage, FloatImage]
ROWS, COLUMNS = np.mgrid[:CROP, :CROP].astype(np.float32)


class NoduleNetwork(nn.Module):
    """The segmenter's U-Net, thinner, with one logit a 4×4 cell."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder, self.decoder = Encoder(1, WIDTHS), Decoder(WIDTHS)
        self.out = nn.Conv2d(WIDTHS[0], 1, 1)
        nn.init.constant_(self.out.bias, -4.0)  # type: ignore[arg-type]

    def forward(self, film: Tensor) -> Tensor:
        """Return logits ``(n, 1, side / 4, side / 4)``."""
        logits: Tensor = self.out(self.decoder(self.encoder(film)))
        return logits.float()


def paint_crop(crop: FloatImage, lung: Mask, rng: Rng) -> Pair:
    """Return a crop without and with one or two nodules, and where they lie.

    Parameters
    ----------
    crop
        ``(128, 128)`` in ``[0, 1]``.
    lung
        Where a nodule may be centred.
    rng
        Source of every random choice.
    """
    without = np.clip(crop, 0, 1) ** np.exp(rng.normal(0, 0.25))
    having, mask, places = without.copy(), np.zeros_like(crop), np.argwhere(lung)
    for _ in range(int(rng.choice((1, 2), p=(0.8, 0.2))) if len(places) > 50 else 0):
        centre = places[rng.integers(len(places))] + rng.normal(0, 2, 2)
        radius = float(np.exp(rng.uniform(np.log(SMALLEST), np.log(LARGEST))))
        dome = _dome(centre, radius, rng)
        contrast = rng.uniform(0.05, 0.22) + 0.1 * rng.random() * min(radius / 13, 1)
        having = np.clip(having + contrast * dome * np.clip(1.25 - having, 0.25, 1), 0, 1)
        mask = np.maximum(mask, dome > 0.4)
    extra, blur = _harmless(rng), rng.uniform(0, 1) * (rng.random() < 0.5)
    noise = rng.standard_normal(crop.shape) * rng.uniform(0, 0.03)
    seen = [ndimage.gaussian_filter(np.clip(c + extra * (1.1 - c), 0, 1), blur) + noise for c in (without, having)]
    return seen[0].astype(np.float32), seen[1].astype(np.float32), mask.astype(np.float32)


def _dome(centre: NDArray[np.float64], radius: float, rng: Rng) -> FloatImage:
    spread, angle = radius * rng.uniform(0.85, 1.18, 2), rng.uniform(0, np.pi)
    dy, dx = ROWS - centre[0], COLUMNS - centre[1]
    u, v = dx * np.cos(angle) + dy * np.sin(angle), -dx * np.sin(angle) + dy * np.cos(angle)
    wobble = np.clip(1 + rng.uniform(0, 0.25) * smooth_noise(rng, CROP, max(radius, 4.0)), 0.6, 1.6)
    distance = ((u / spread[0]) ** 2 + (v / spread[1]) ** 2) * wobble
    return np.exp(-0.69 * distance ** rng.uniform(1.0, 2.4)).astype(np.float32)


def _harmless(rng: Rng) -> FloatImage:
    """Draw what is round or bright without being a nodule: calcium, a wire, an electrode."""
    y, x = rng.uniform(0, CROP, 2)
    distance, extra = np.hypot(ROWS - y, COLUMNS - x), np.zeros((CROP, CROP), np.float32)
    if rng.random() < 0.3:
        extra += rng.uniform(0.4, 0.9) * (distance < rng.uniform(1.2, 3.0))
    if rng.random() < 0.25:
        angle = rng.uniform(0, np.pi)
        off = (COLUMNS - x) * np.sin(angle) - (ROWS - y) * np.cos(angle)
        extra += rng.uniform(0.05, 0.4) * np.exp(-0.5 * (off / rng.uniform(0.7, 2.5)) ** 2)
    if rng.random() < 0.15:
        radius = rng.uniform(3, 8)
        extra += rng.uniform(0.3, 0.9) * ((distance < radius) & (distance > radius * rng.choice((0.0, 0.6))))
    return extra


class CropStream(IterableDataset[tuple[Tensor, Tensor]]):
    """Endless batches of crops ``(32, 1, 128, 128)``, first without and then with nodules, and their masks."""

    def __init__(self, prepared: Prepared) -> None:
        self.squares, self.lungs = prepared.squares, prepared.masks[:, 0] | prepared.masks[:, 1]
        self.usable = np.flatnonzero((prepared.quality >= GOOD_MASKS) & self.lungs.any(axis=(1, 2)))

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        rng = np.random.default_rng()
        while True:
            drawn = [self._pair(int(rng.choice(self.usable)), rng) for _ in range(PAIRS)]
            without, having, masks = (np.stack(part)[:, None] for part in zip(*drawn, strict=True))
            films, truth = np.concatenate((without, having)), np.concatenate((np.zeros_like(masks), masks))
            yield torch.from_numpy(films), torch.from_numpy(truth)

    def _pair(self, index: int, rng: Rng) -> Pair:
        inside = np.argwhere(self.lungs[index])
        middle = inside[rng.integers(len(inside))] + rng.integers(-30, 31, 2)
        top, left = (int(np.clip(m - CROP // 2, 0, FILM - CROP)) for m in middle)
        part = np.s_[top : top + CROP, left : left + CROP]
        step = 1 if rng.random() < 0.5 else -1
        crop = self.squares[index][part][:, ::step].astype(np.float32) / 255
        return paint_crop(crop, self.lungs[index][part][:, ::step], rng)


def crop_loss(network: NoduleNetwork, films: Tensor, masks: Tensor) -> Tensor:
    """Return the loss of one batch: each cell, the order within each pair, and the crop as a whole."""
    cells = network(films.contiguous(memory_format=torch.channels_last))
    truth = functional.adaptive_max_pool2d(masks, cells.shape[-1])
    each = functional.binary_cross_entropy_with_logits(cells, truth, 1 + 8 * truth)
    score, half = torch.logsumexp(cells.flatten(1), 1), len(films) // 2
    has = (masks.flatten(1).amax(1) > 0).float()
    order = (functional.softplus(score[:half] - score[half:]) * has[half:]).mean()
    whole = functional.binary_cross_entropy_with_logits(score - 1.0, has)
    return 4 * each + order + 0.5 * whole


def fit(data: Path, *, minutes: float, work: Path) -> NoduleNetwork:
    """Train on normal films of NIH's and Shenzhen's training patients, or go on from the checkpoint in ``work``."""
    records = [f for f in bases(data, ("nih", "shenzhen")) if healthy(f)]
    batches = iter(DataLoader(CropStream(prepare(records, FILM)), batch_size=None, num_workers=1, prefetch_factor=4))

    def loss(network: NoduleNetwork, _: torch.Generator) -> Tensor:
        return crop_loss(network, *next(batches))

    return train(NoduleNetwork(), loss, minutes=minutes, checkpoint=work / "nodules.safetensors")
