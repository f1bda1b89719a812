"""Real disease as a weak teacher: within one hospital and one view, films with a label against films without it.

It knows which real films may teach which label. The loss is an order only, between films of the same source, and for
NIH between *abnormal* films of the same view, so that neither the hospital nor the projection nor "ill or not" can
earn anything. It doesn't know where disease lies: the painted pairs teach that.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from torch.utils.data import IterableDataset

from cad_models.classifier import Classifier, thorax_region
from cad_models.labels import LABELS
from cad_models.training.anatomies import Prepared
from cad_models.training.data import NO_FINDING, Film, films
from cad_models.training.painting.benign import benign_overlay, exposure, move
from cad_models.training.painting.canvas import Anatomy

PAIRS = 4
OPACITIES = ("Consolidation", "Infiltration", "Pneumonia", "Edema")
TAUGHT = {"Effusion": 0.25, "Atelectasis": 0.15, "Edema": 0.15, "Lung Opacity": 0.15, "Tuberculosis": 0.3}


@dataclass(frozen=True, slots=True)
class Lesson:
    """The films of one label in one stratum (a source and a view): indices with and without it."""

    label: str
    having: tuple[int, ...]
    lacking: tuple[int, ...]


def teachers(data: Path) -> list[Film]:
    """Return the real films of training patients that may teach: NIH, and Shenzhen."""
    return [f for f in films(data, ("nih", "shenzhen")) if f.split == "train"]


def lessons(records: list[Film]) -> list[Lesson]:
    """Return every stratum with at least four films on each side."""
    found = []
    for label in TAUGHT:
        strata: dict[str, tuple[list[int], list[int]]] = {}
        for index, film in enumerate(records):
            state = _state(film, label)
            if state is not None:
                strata.setdefault(f"{film.source} {film.view}", ([], []))[0 if state else 1].append(index)
        found += [Lesson(label, tuple(a), tuple(b)) for a, b in strata.values() if min(len(a), len(b)) >= PAIRS]
    return found


def _state(film: Film, label: str) -> bool | None:
    """Return whether the film has the label, ``None`` where it may not teach it."""
    if label == "Tuberculosis":
        return film.labels.get(label)
    if film.source != "nih":
        return None
    if label == "Lung Opacity":  # nearly every abnormal film here has one, so normal ones must serve
        return any(film.labels[name] for name in OPACITIES)
    return None if film.labels[NO_FINDING] else film.labels[label]


class RealStream(IterableDataset[dict[str, Tensor]]):
    """An endless stream of small batches: four films with a label, then four without it.

    Parameters
    ----------
    prepared, records
        The films of `teachers`, prepared and as records.
    seed
        Of the stream.
    """

    def __init__(self, prepared: Prepared, records: list[Film], seed: int) -> None:
        self.prepared, self.lessons, self.seed = prepared, lessons(records), seed
        counts = {label: sum(lesson.label == label for lesson in self.lessons) for label in TAUGHT}
        chances = np.array([TAUGHT[lesson.label] / counts[lesson.label] for lesson in self.lessons])
        self.chances = chances / chances.sum()

    def __iter__(self) -> Iterator[dict[str, Tensor]]:
        worker = torch.utils.data.get_worker_info()
        rng = np.random.default_rng((self.seed, worker.id if worker else 0))
        while True:
            lesson = self.lessons[int(rng.choice(len(self.lessons), p=self.chances))]
            chosen = [
                *rng.choice(lesson.having, PAIRS, replace=False),
                *rng.choice(lesson.lacking, PAIRS, replace=False),
            ]
            made = [self._film(int(i), rng) for i in chosen]
            yield {
                "film": torch.from_numpy(np.stack([f for f, _ in made])[:, None]),
                "region": torch.from_numpy(np.stack([r for _, r in made])[:, None]),
                "label": torch.tensor(float(LABELS.index(lesson.label))),
            }

    def _film(self, index: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        right, left, heart = self.prepared.masks[index]
        film, anatomy = move(self.prepared.squares[index].astype(np.float32) / 255.0, Anatomy(right, left, heart), rng)
        film = exposure(anatomy.size, rng)(benign_overlay(anatomy, rng)(film))
        return film, thorax_region(anatomy.right, anatomy.left)


def order_loss(network: Classifier, batch: dict[str, Tensor]) -> Tensor:
    """Return the mean loss of the order of every film with the label and every film without it."""
    scores, _ = network(batch["film"], batch["region"])
    score = scores[:, int(batch["label"])]
    return functional.softplus(score[None, PAIRS:] - score[:PAIRS, None]).mean()
