"""Train the finding classifier on painted pairs: ``python -m cad_models.training.classifier --data DIR``.

It knows which normal films may be painted, how a batch is made and what the loss is. It doesn't know the painters
(``cad_models.training.painting``), calibration (``.calibrate``) or figures (``evaluation.classifier``).

Montgomery, JSRT and nih64 are never seen here: they stay unseen sources, for the figures that count.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional
from torch.utils.data import DataLoader, IterableDataset

from cad_models.classifier import MAP_SIZE, MAP_STRIDE, SIZE, Classifier, thorax_region
from cad_models.labels import LABELS
from cad_models.training.anatomies import Prepared, prepare
from cad_models.training.data import NO_FINDING, Film, films
from cad_models.training.loop import train
from cad_models.training.painting.canvas import Anatomy
from cad_models.training.painting.pairs import Member, paint_pair
from cad_models.training.weak import RealStream, order_loss, teachers
from cad_models.weights_io import save_weights
from chatcad.config import load_settings

Batch = dict[str, Tensor]
PAIRS = 12
SHARES = {"nih": 0.6, "shenzhen": 0.25, "kermany": 0.15}  # how often a source gives the normal film
KERMANY_NORMALS = 300
MIN_MEMORY = 20
# Name, side of the film, share of the time, and weight of the real films' order loss.
PHASES = (("coarse", 128, 0.35, 0.0), ("fine", SIZE, 0.3, 0.0), ("joint", SIZE, 0.35, 0.5))
FACTS = {
    "task": "classifier",
    "module": "cad_models.classifier",
    "labels": list(LABELS),
    "licence": "non-commercial (masks of its training came from a segmenter trained on JSRT and Shenzhen masks)",
    "source": "trained here on disease painted into normal films of NIH ChestX-ray14, Shenzhen and Kermany, then with "
    "real NIH and Shenzhen films as weak teachers",
    "citation": "Wang 2017; Jaeger 2014; Kermany 2018",
    "embedded": True,
}


def normals(data: Path) -> list[Film]:
    """Return the normal films of training patients that may be painted."""
    kept = []
    for film in films(data, SHARES):
        healthy = film.labels.get(NO_FINDING, False) or film.labels.get("Tuberculosis") is False
        if healthy and film.split == "train":
            kept.append(film)
    children = [f for f in kept if f.source == "kermany"]
    return [f for f in kept if f.source != "kermany"] + children[:: max(len(children) // KERMANY_NORMALS, 1)]


class PairStream(IterableDataset[Batch]):
    """An endless stream of batches of painted pairs.

    Parameters
    ----------
    prepared
        Normal films with masks.
    sources
        The source of each film.
    seed
        Of the stream; each worker process adds its own number.
    """

    def __init__(self, prepared: Prepared, sources: list[str], seed: int) -> None:
        self.prepared, self.seed = prepared, seed
        self.sources = np.array(sources)
        self.chances = source_chances(self.sources)

    def __iter__(self) -> Iterator[Batch]:
        worker = torch.utils.data.get_worker_info()
        rng = np.random.default_rng((self.seed, worker.id if worker else 0))
        while True:
            yield self._batch(rng)

    def _batch(self, rng: np.random.Generator) -> Batch:
        pairs = [self._pair(int(i), rng) for i in rng.choice(len(self.sources), PAIRS, p=self.chances)]
        members = [m for side in zip(*pairs, strict=True) for m in side]  # all without, then all with
        return {
            "film": torch.from_numpy(np.stack([m.film for m in members])[:, None]),
            "region": torch.from_numpy(np.stack([_region(m, rng) for m in members])[:, None]),
            "target": torch.from_numpy(np.stack([m.targets for m in members])),
            "map": torch.from_numpy(np.stack([shrink_maps(m.maps) for m in members])),
        }

    def _pair(self, index: int, rng: np.random.Generator) -> tuple[Member, Member]:
        film = self.prepared.squares[index].astype(np.float32) / 255.0
        right, left, heart = self.prepared.masks[index]
        return paint_pair(film, Anatomy(right, left, heart), rng, adult=str(self.sources[index]) != "kermany")


class Replay:
    """Three batches in four are earlier ones, drawn at random: painting costs as much time as training.

    Parameters
    ----------
    fresh
        Endless batches.
    kept
        How many batches are remembered (24 films each, half precision: 2.4 MB).
    """

    def __init__(self, fresh: Iterator[Batch], kept: int = 400) -> None:
        self.fresh, self.kept = fresh, kept
        self.memory: list[Batch] = []
        self.turn = 0

    def next(self, rng: torch.Generator) -> Batch:
        """Return a fresh batch, then three old ones."""
        self.turn += 1
        place = int(torch.randint(0, max(len(self.memory), 1), (1,), generator=rng))
        if self.turn % 4 and len(self.memory) > MIN_MEMORY:
            return {name: t.float() for name, t in self.memory[place].items()}
        batch = next(self.fresh)
        small = {name: t.half() for name, t in batch.items()}
        if len(self.memory) < self.kept:
            self.memory.append(small)
        else:
            self.memory[place] = small
        return batch


def source_chances(sources: NDArray[np.str_]) -> NDArray[np.float64]:
    """Return each film's chance, so that each source has its share."""
    chances = np.zeros(len(sources))
    for name, share in SHARES.items():
        mine = sources == name
        chances[mine] = share / max(mine.sum(), 1)
    return chances / chances.sum()


def shrink_maps(maps: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the share of each 8×8 cell that is covered, with small spots raised so that a nodule fills its cell."""
    cells = maps.reshape(len(maps), MAP_SIZE, MAP_STRIDE, MAP_SIZE, MAP_STRIDE).mean(axis=(2, 4))
    return np.minimum(cells * 2.0, 1.0).astype(np.float32)


def _region(member: Member, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Return the region as it may come out in use: a lung is missing now and then, as in a white hemithorax."""
    right, left = member.anatomy.right, member.anatomy.left
    if rng.random() < 0.05:
        right = np.zeros_like(right)
    elif rng.random() < 0.05:
        left = np.zeros_like(left)
    return thorax_region(right, left)


def at_side(batch: Batch, side: int) -> Batch:
    """Return the batch at a smaller side: most of the training is cheap and coarse, the end is fine.

    Progressive resizing after Karras et al. 2018 (arXiv 1710.10196); the network is fully convolutional.
    """
    if side == batch["film"].shape[-1]:
        return batch
    cells = side // MAP_STRIDE
    return {
        "film": functional.interpolate(batch["film"], size=(side, side), mode="area"),
        "region": (functional.adaptive_avg_pool2d(batch["region"].float(), cells) >= 0.5).float(),
        "target": batch["target"],
        "map": functional.adaptive_avg_pool2d(batch["map"], cells),
    }


def pair_loss(network: Classifier, batch: Batch) -> Tensor:
    """Return the loss of one batch: score, map, and order within each pair, over the known labels only."""
    scores, maps = network(batch["film"], batch["region"])
    known = ~torch.isnan(batch["target"])
    target = torch.nan_to_num(batch["target"])
    score_loss = _masked(functional.binary_cross_entropy_with_logits(scores, target, reduction="none"), known)
    weight = 1.0 + 4.0 * batch["map"]
    cell_loss = functional.binary_cross_entropy_with_logits(maps, batch["map"], weight, reduction="none")
    map_loss = _masked(cell_loss.mean(dim=(2, 3)), known)
    half = len(scores) // 2
    gain = target[half:] - target[:half]
    both = known[half:] & known[:half] & (gain.abs() > 0.5)
    order_loss = _masked(functional.softplus(-gain.sign() * (scores[half:] - scores[:half])), both)
    return score_loss + 4.0 * map_loss + 0.3 * order_loss


def _masked(loss: Tensor, known: Tensor) -> Tensor:
    return (loss * known).sum() / known.sum().clamp(min=1)


def main() -> None:
    """Train in three phases (coarse, fine, fine with real films as weak teachers) and write the weights."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--data", type=Path, default=load_settings().data)
    parser.add_argument("--minutes", type=float, default=45.0, help="wall-clock budget of all phases")
    parser.add_argument("--work", type=Path, default=load_settings().cache / "training", help="checkpoints")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    chosen, real = normals(arguments.data), teachers(arguments.data)
    print(f"{len(chosen)} normal films to paint, {len(real)} real films as weak teachers", flush=True)
    painted = PairStream(prepare(chosen, SIZE), [f.source for f in chosen], arguments.seed + os.getpid())
    replay = Replay(iter(DataLoader(painted, batch_size=None, num_workers=1, prefetch_factor=8)))
    lessons = RealStream(prepare(real, SIZE), real, arguments.seed + os.getpid())
    taught = iter(DataLoader(lessons, batch_size=None, num_workers=1, prefetch_factor=8))
    network = Classifier()
    for name, side, share, weight in PHASES:

        def loss(net: Classifier, rng: torch.Generator, side: int = side, weight: float = weight) -> Tensor:
            total = pair_loss(net, at_side(replay.next(rng), side))
            return total + weight * order_loss(net, next(taught)) if weight else total

        file = arguments.work / f"classifier-{name}.safetensors"
        network = train(network, loss, minutes=share * arguments.minutes, checkpoint=file)
    save_weights(network, "classifier", FACTS)


if __name__ == "__main__":
    main()
