"""Train the finding classifier on painted pairs: ``python -m cad_models.training.classifier --data DIR``.

It knows how a batch is made and what the loss is. It doesn't know which films may be painted (``.bases``), the
painters (``.painting``), which real films teach (``.weak``), calibration (``.calibrate``) or figures
(``evaluation.classifier``).

Montgomery, JSRT and nih64 are never seen here: they stay unseen sources, for the figures that count.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from dataclasses import dataclass
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
from cad_models.training.bases import SOURCES, bases, chances, healthy, stated
from cad_models.training.data import Film
from cad_models.training.loop import train
from cad_models.training.painting.canvas import Anatomy
from cad_models.training.painting.pairs import Member, paint_pair
from cad_models.training.weak import Teacher, order_loss, teachers
from cad_models.weights_io import INDEX, WEIGHTS, read_index, read_weights, save_weights
from chatcad.config import load_settings
from chatcad.types import GOOD_MASKS

Batch = dict[str, Tensor]
PAIRS = 12
MIN_MEMORY = 20
LEARNING_RATE = 2e-3


@dataclass(frozen=True, slots=True)
class Phase:
    """One part of the training.

    Parameters
    ----------
    name
        Of its checkpoint.
    side
        Of the films in pixels.
    share
        Of the time.
    repeats
        How many remembered batches follow each fresh one: painting costs more than training on small films.
    learning_rate
        At its top.
    """

    name: str
    side: int
    share: float
    repeats: int
    learning_rate: float


PHASES = (Phase("coarse", 128, 0.4, 1, LEARNING_RATE), Phase("fine", SIZE, 0.6, 0, LEARNING_RATE / 2))
FACTS = {
    "task": "classifier",
    "module": "cad_models.classifier",
    "labels": list(LABELS),
    "licence": "non-commercial (masks of its training came from a segmenter trained on JSRT and Shenzhen masks)",
    "source": "trained here on disease painted into films of NIH ChestX-ray14, Shenzhen and Kermany, with real films "
    "of the same sources as weak teachers",
    "citation": "Wang 2017; Jaeger 2014; Kermany 2018",
    "embedded": True,
}


class PairStream(IterableDataset[Batch]):
    """An endless stream of batches of painted pairs.

    Parameters
    ----------
    prepared, records
        The films of `bases`, prepared and as records.
    seed
        Of the stream; each worker process adds its own number.
    """

    def __init__(self, prepared: Prepared, records: list[Film], seed: int) -> None:
        self.prepared, self.seed = prepared, seed
        self.known = np.stack([stated(f) for f in records])
        self.adult = np.array([f.source != "kermany" for f in records])
        self.chances = chances(records, prepared.quality >= GOOD_MASKS)

    def __iter__(self) -> Iterator[Batch]:
        worker = torch.utils.data.get_worker_info()
        rng = np.random.default_rng((self.seed, worker.id if worker else 0))
        while True:
            yield self._batch(rng)

    def _batch(self, rng: np.random.Generator) -> Batch:
        pairs = [self._pair(int(i), rng) for i in rng.choice(len(self.known), PAIRS, p=self.chances)]
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
        anatomy = Anatomy(right, left, heart)
        return paint_pair(film, anatomy, rng, adult=bool(self.adult[index]), stated=self.known[index])


class Replay:
    """Fresh batches with remembered ones in between: painting costs as much time as training.

    Parameters
    ----------
    fresh
        Endless batches.
    kept
        How many batches are remembered (24 films each, half precision: 2.9 MB).
    """

    def __init__(self, fresh: Iterator[Batch], kept: int = 500) -> None:
        self.fresh, self.kept = fresh, kept
        self.memory: list[Batch] = []
        self.turn = 0

    def next(self, repeats: int, rng: torch.Generator) -> Batch:
        """Return a fresh batch, then ``repeats`` old ones."""
        self.turn += 1
        place = int(torch.randint(0, max(len(self.memory), 1), (1,), generator=rng))
        if self.turn % (repeats + 1) and len(self.memory) > MIN_MEMORY:
            return {name: t.float() for name, t in self.memory[place].items()}
        batch = next(self.fresh)
        small = {name: t.half() for name, t in batch.items()}
        if len(self.memory) < self.kept:
            self.memory.append(small)
        else:
            self.memory[place] = small
        return {name: t.float() for name, t in batch.items()}


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


def pair_loss(scores: Tensor, maps: Tensor, batch: Batch) -> Tensor:
    """Return the loss of one batch: score, map, and order within each pair, over what is known only."""
    known = ~torch.isnan(batch["target"])
    target = torch.nan_to_num(batch["target"])
    score_loss = _masked(functional.binary_cross_entropy_with_logits(scores, target, reduction="none"), known)
    cells = torch.nan_to_num(batch["map"])
    weight = (1.0 + 4.0 * cells) * ~torch.isnan(batch["map"])
    cell_loss = functional.binary_cross_entropy_with_logits(maps, cells, weight, reduction="none")
    map_loss = _masked(cell_loss.mean(dim=(2, 3)), known)
    half = len(scores) // 2
    gain = target[half:] - target[:half]
    both = known[half:] & known[:half] & (gain.abs() > 0.5)
    within = _masked(functional.softplus(-gain.sign() * (scores[half:] - scores[:half])), both)
    return score_loss + 4.0 * map_loss + 0.3 * within


def _masked(loss: Tensor, known: Tensor) -> Tensor:
    return (loss * known).sum() / known.sum().clamp(min=1)


def step_loss(
    network: Classifier, batch: Batch, teacher: Teacher, phase: Phase, *, taught: float, rng: torch.Generator
) -> Tensor:
    """Return the loss of painted pairs and real lessons, which go through the network together.

    Apart, each would be normalised by its own statistics, and in use a real film would meet the mixture of both.
    """
    batch = at_side(batch, phase.side)
    films, regions, columns = teacher.draw(phase.side, rng)
    both = torch.cat((batch["film"], films)).contiguous(memory_format=torch.channels_last)
    scores, maps = network(both, torch.cat((batch["region"], regions)))
    painted = len(batch["film"])
    return pair_loss(scores[:painted], maps[:painted], batch) + taught * order_loss(scores[painted:], columns)


def from_segmenter() -> Classifier:
    """Return a new network whose encoder begins as the segmenter's: it knows lungs and hearts already."""
    network = Classifier()
    trained = read_weights(WEIGHTS / read_index(INDEX)["segmenter"]["file"])
    body = {k.removeprefix("encoder."): v for k, v in trained.items() if k.startswith("encoder.")}
    network.encoder.load_state_dict(body, strict=False)
    return network


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a training run may leave out, so that its share can be measured.

    Parameters
    ----------
    sources
        Whose films are painted and teach; a source left out is an unseen one.
    ill
        Whether ill people's films are painted too.
    taught
        Weight of the real films' order loss beside the painted pairs' loss.
    phases
        One after the other.
    """

    sources: tuple[str, ...] = SOURCES
    ill: bool = True
    taught: float = 0.5
    phases: tuple[Phase, ...] = PHASES


def fit(data: Path, recipe: Recipe, *, minutes: float, work: Path, seed: int = 0) -> Classifier:
    """Train a classifier, or go on from the checkpoints in ``work``.

    Parameters
    ----------
    data
        Folder of the public films.
    recipe
        What takes part.
    minutes
        Wall-clock budget of all phases.
    work
        For checkpoints.
    seed
        Of weights and batches.
    """
    torch.manual_seed(seed)
    painted = [f for f in bases(data, recipe.sources) if recipe.ill or healthy(f)]
    real = teachers(data, recipe.sources)
    print(f"{len(painted)} films to paint, {len(real)} real films as weak teachers", flush=True)
    place = {(f.source, f.key): number for number, f in enumerate(real)}
    others = [f for f in painted if (f.source, f.key) not in place]
    place |= {(f.source, f.key): number for number, f in enumerate(others, start=len(real))}
    prepared = prepare([*real, *others], SIZE)
    # The process's own number: a run that goes on from a checkpoint shall not paint the same films again.
    stream = PairStream(prepared.take([place[f.source, f.key] for f in painted]), painted, seed + os.getpid())
    replay = Replay(iter(DataLoader(stream, batch_size=None, num_workers=1, prefetch_factor=8)))
    teacher, network = Teacher(prepared.take(range(len(real))), real), from_segmenter()
    for phase in recipe.phases:

        def loss(net: Classifier, rng: torch.Generator, phase: Phase = phase) -> Tensor:
            return step_loss(net, replay.next(phase.repeats, rng), teacher, phase, taught=recipe.taught, rng=rng)

        checkpoint = work / f"classifier-{phase.name}.safetensors"
        budget = minutes * phase.share
        network = train(network, loss, minutes=budget, checkpoint=checkpoint, learning_rate=phase.learning_rate)
    return network


def main() -> None:
    """Train in two phases, coarse and fine, and write the weights."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--data", type=Path, default=load_settings().data)
    parser.add_argument("--minutes", type=float, default=55.0, help="wall-clock budget of both phases")
    parser.add_argument("--work", type=Path, default=load_settings().cache / "training", help="checkpoints")
    parser.add_argument("--weights", type=Path, default=WEIGHTS, help="where the weights go")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    network = fit(arguments.data, Recipe(), minutes=arguments.minutes, work=arguments.work, seed=arguments.seed)
    save_weights(network, "classifier", FACTS, arguments.weights)


if __name__ == "__main__":
    main()
