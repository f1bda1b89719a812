"""Train the segmenter: ``python -m cad_models.training.segmenter --data DIR [--minutes 30]``.

Three steps. (1) A shape network learns the heart between two lungs from JSRT's masks. (2) The film network learns
from JSRT and from Montgomery's and Shenzhen's lungs with hearts that the shape network drew. (3) It labels the
lungs of NIH, Hannover, COVID and Kermany films itself, the shape network adds the hearts, anatomically implausible
ones are thrown out, and training goes on with everything. Validation and test patients are in none of these.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cad_models import anatomy
from cad_models.segmenter import SIZE, Segmenter
from cad_models.training.augment import expose, obscure, warp
from cad_models.training.data import Film, films, read_masks, read_square
from cad_models.training.loop import train
from cad_models.training.shape import hearts_between, mask_loss, train_shape
from cad_models.weights_io import WEIGHTS, save_weights
from chatcad.config import load_settings
from chatcad.types import GOOD_MASKS

BATCH = 16
CHILDREN = 500  # of Kermany's 5,318 films: enough for a source that is marked by nobody
SHARES = {
    "jsrt": 0.30, "montgomery": 0.10, "shenzhen": 0.20, "nih": 0.22, "hannover": 0.05, "covid": 0.03, "kermany": 0.10,
}  # fmt: skip
LABELLERS = ("jsrt", "montgomery", "shenzhen")

FACTS = {
    "task": "segmenter",
    "module": "cad_models.segmenter",
    "labels": ["right_lung", "left_lung", "heart"],
    "licence": "research and education only, no commercial use (JSRT/SCR masks; Shenzhen masks CC BY-NC-SA)",
    "source": "trained here on JSRT + SCR, Montgomery, Shenzhen, NIH ChestX-ray14, Hannover, COVID and Kermany films",
    "citation": "Shiraishi 2000; van Ginneken 2006; Jaeger 2014; Stirenko 2018; Wang 2017; Winther 2020; Cohen 2020; "
    "Kermany 2018",
    "embedded": True,
}


@dataclass(frozen=True, slots=True)
class Atlas:
    """Films and masks in memory, 8 bits each: ``pixels (n, s, s)``, ``masks (n, 3, s, s)``, one source a film."""

    pixels: NDArray[np.uint8]
    masks: NDArray[np.uint8]
    sources: tuple[str, ...]

    def joined(self, other: Atlas) -> Atlas:
        """Return both atlases as one."""
        return Atlas(
            np.concatenate((self.pixels, other.pixels)),
            np.concatenate((self.masks, other.masks)),
            self.sources + other.sources,
        )

    def weights(self) -> Tensor:
        """Return each film's chance to be drawn, so that sources come in their shares."""
        counts = {s: self.sources.count(s) for s in set(self.sources)}
        return torch.tensor([SHARES[s] / counts[s] for s in self.sources])


def load_pixels(records: Iterable[Film]) -> NDArray[np.uint8]:
    """Return ``(n, 256, 256)`` films as the network gets them, in 8 bits."""
    return np.stack([np.round(read_square(f, SIZE) * 255).astype(np.uint8) for f in records])


def marked_atlas(records: list[Film], shape: Segmenter) -> Atlas:
    """Return the films that people marked; hearts that nobody marked come from the shape network."""
    kept, masks = [], []
    for film in records:
        truth = read_masks(film, SIZE)
        if truth is None or not (truth.right_lung.any() and truth.left_lung.any()):
            continue
        lungs = np.stack([truth.right_lung, truth.left_lung]).astype(np.float32)
        heart = truth.heart if truth.heart is not None else _clean_heart(shape, lungs)
        # A lung that disease has hidden leaves the shape network nothing to go by.
        if truth.heart is None and anatomy.quality(truth.right_lung, truth.left_lung, heart) < GOOD_MASKS:
            continue
        kept.append(film)
        masks.append(np.concatenate((lungs, heart[None])).astype(np.uint8))
    return Atlas(load_pixels(kept), np.stack(masks), tuple(f.source for f in kept))


def unmarked_atlas(records: list[Film], network: Segmenter, shape: Segmenter) -> Atlas:
    """Return films with the network's own lungs and the shape network's hearts, the implausible ones left out."""
    pixels = load_pixels(records)
    kept, masks = [], []
    for i, probabilities in enumerate(predict(network, pixels)):
        lungs = anatomy.clean(probabilities)[:2] > 0.5
        if not (lungs[0].any() and lungs[1].any()):
            continue
        heart = _clean_heart(shape, lungs.astype(np.float32))
        if anatomy.quality(lungs[0], lungs[1], heart) >= GOOD_MASKS:
            kept.append(i)
            masks.append(np.concatenate((lungs, heart[None])).astype(np.uint8))
    print(f"own labels: {len(kept)} of {len(records)} films are plausible", flush=True)
    return Atlas(pixels[kept], np.stack(masks), tuple(records[i].source for i in kept))


def _clean_heart(shape: Segmenter, lungs: NDArray[np.float32]) -> NDArray[np.bool_]:
    cleaned: NDArray[np.bool_] = anatomy.clean(hearts_between(shape, lungs[None]))[0] > 0.5
    return cleaned & ~(lungs.max(axis=0) > 0.5)


@torch.inference_mode()
def predict(network: Segmenter, pixels: NDArray[np.uint8], batch: int = 8) -> NDArray[np.float32]:
    """Return probabilities ``(n, 3, 256, 256)`` in ``[0, 1]`` for 8-bit films."""
    parts = [
        network(torch.from_numpy(pixels[i : i + batch]).float()[:, None] / 255).sigmoid().numpy()
        for i in range(0, len(pixels), batch)
    ]
    return np.concatenate(parts)


def fit(network: Segmenter, atlas: Atlas, minutes: float, checkpoint: Path) -> Segmenter:
    """Train the film network on an atlas, sources in their shares."""
    weights = atlas.weights()
    pixels, masks = torch.from_numpy(atlas.pixels), torch.from_numpy(atlas.masks)

    def loss(net: Segmenter, rng: torch.Generator) -> Tensor:
        chosen = torch.multinomial(weights, BATCH, replacement=True, generator=rng)
        batch, truth = warp(pixels[chosen, None].float() / 255, masks[chosen].float(), rng)
        return mask_loss(net(obscure(expose(batch, rng), rng)), truth)

    return train(network, loss, minutes=minutes, checkpoint=checkpoint)


def main() -> None:
    """Train, write the weights, and leave the figures to ``evaluation.segmenter``."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--data", type=Path, default=load_settings().data)
    parser.add_argument("--minutes", type=float, default=30.0, help="wall-clock budget of all three steps")
    parser.add_argument("--work", type=Path, default=load_settings().cache / "training", help="checkpoints")
    parser.add_argument("--weights", type=Path, default=WEIGHTS, help="where the weights go")
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    training = [f for f in films(args.data) if f.split == "train"]
    marked = [f for f in training if f.source in LABELLERS]
    children = [f for f in training if f.source == "kermany"][:: max(1, 3757 // CHILDREN)]
    unmarked = [f for f in training if f.source in {"nih", "hannover", "covid"}] + children

    shape = train_shape([f for f in marked if f.source == "jsrt"], 0.08 * args.minutes, args.work / "shape.safetensors")
    atlas = marked_atlas(marked, shape)
    network = fit(Segmenter(), atlas, 0.30 * args.minutes, args.work / "segmenter-marked.safetensors")
    save_weights(network, "segmenter", FACTS, args.weights)
    atlas = atlas.joined(unmarked_atlas(unmarked, network, shape))
    network = fit(network, atlas, 0.62 * args.minutes, args.work / "segmenter-all.safetensors")
    save_weights(network, "segmenter", FACTS, args.weights)


if __name__ == "__main__":
    main()
