"""The shape network: where the heart lies between two given lungs.

Only JSRT has heart masks. A film network whose heart channel is supervised on JSRT alone draws nonsense elsewhere
(tried: a quarter of the NIH films) while its JSRT score looks excellent. This network sees lung masks only, no grey
values, so it can't tell one source from another; it writes the heart for every other source. It is a tool of the
training and doesn't ship.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from cad_models.segmenter import Segmenter
from cad_models.training.augment import warp
from cad_models.training.data import Film, read_masks
from cad_models.training.loop import train

SIDE = 128
WIDTHS = (32, 48, 80, 96)
BATCH = 16


def train_shape(jsrt: list[Film], minutes: float, checkpoint: Path) -> Segmenter:
    """Train on the masks of JSRT's training films; resumes from the checkpoint.

    Parameters
    ----------
    jsrt
        Training films with heart masks.
    minutes
        Budget.
    checkpoint
        See `cad_models.training.loop.train`.
    """
    anatomies = torch.stack([_anatomy(film) for film in jsrt])

    def loss(network: Segmenter, rng: torch.Generator) -> Tensor:
        chosen = torch.randint(0, len(anatomies), (BATCH,), generator=rng)
        batch = anatomies[chosen]
        _, batch = warp(batch[:, :1], batch, rng)
        # Ragged lungs: the film network's lungs won't be as smooth as those drawn by hand.
        ragged = functional.avg_pool2d(batch[:, :2] + 0.3 * torch.randn(batch[:, :2].shape, generator=rng), 5, 1, 2)
        return mask_loss(network(ragged.clamp(0, 1)), batch[:, 2:])

    network = Segmenter(channels=2, structures=1, widths=WIDTHS)
    return train(network, loss, minutes=minutes, checkpoint=checkpoint)


def mask_loss(logits: Tensor, truth: Tensor) -> Tensor:
    """Return cross-entropy plus soft Dice loss, the mean over films and structures."""
    logits = logits.float()
    cross_entropy = functional.binary_cross_entropy_with_logits(logits, truth)
    probability = logits.sigmoid()
    shared = (probability * truth).sum(dim=(2, 3))
    dice = (2 * shared + 1) / (probability.sum(dim=(2, 3)) + truth.sum(dim=(2, 3)) + 1)
    return cross_entropy + (1 - dice).mean()


@torch.inference_mode()
def hearts_between(network: Segmenter, lungs: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return heart probabilities ``(n, side, side)`` for lungs ``(n, 2, side, side)``, right lung first."""
    side = lungs.shape[-1]
    small = functional.interpolate(torch.from_numpy(lungs), size=(SIDE, SIDE), mode="area")
    small = functional.avg_pool2d(small, 5, 1, 2)
    logits = network(small)
    large = functional.interpolate(logits, size=(side, side), mode="bilinear", align_corners=False)
    hearts: NDArray[np.float32] = large.sigmoid()[:, 0].numpy()
    return hearts


def _anatomy(film: Film) -> Tensor:
    masks = read_masks(film, SIDE)
    if masks is None or masks.heart is None:
        raise ValueError(f"{film.key} has no heart mask: train the shape network on JSRT films only")
    return torch.from_numpy(np.stack([masks.right_lung, masks.left_lung, masks.heart])).float()
