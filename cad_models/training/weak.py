"""Real disease as a weak teacher: within one hospital and one view, films with a label against films without it.

It knows which real films may teach which label. The loss is an order only, between films of the same source and view,
and for NIH's own labels between *abnormal* films, so that neither the hospital nor the projection nor "ill or not" can
earn anything. It doesn't know where disease lies: the painted pairs teach that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from cad_models.classifier import MAP_STRIDE, thorax_region
from cad_models.labels import LABELS
from cad_models.training.anatomies import Prepared
from cad_models.training.augment import expose, obscure, warp
from cad_models.training.bases import SOURCES
from cad_models.training.data import NO_FINDING, Film, films

EACH = 4
"""Films with the label, and films without it, in one lesson."""
LESSONS = 2
"""Lessons a step."""
MIN_HAVING = 3
CHILDREN_OF_EACH = 400
OPACITIES = ("Consolidation", "Infiltration", "Pneumonia", "Edema")
# How often a label is taught: by how many films have it, and how far painting alone leaves it behind.
TAUGHT = {
    "Effusion": 0.25, "Lung Opacity": 0.20, "Tuberculosis": 0.18, "Atelectasis": 0.14, "Edema": 0.12,
    "Consolidation": 0.05, "Cardiomegaly": 0.02, "Nodule": 0.02, "Mass": 0.02,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Lesson:
    """The films of one label in one stratum (a source and a view): indices with and without it."""

    label: str
    having: tuple[int, ...]
    lacking: tuple[int, ...]


def teachers(data: Path, sources: Sequence[str] = SOURCES) -> list[Film]:
    """Return the real films of training patients that may teach; of Kermany's children an even choice."""
    kept = [f for f in films(data, sources) if f.split == "train"]
    chosen = [f for f in kept if f.source != "kermany"]
    for ill in (False, True):
        children = [f for f in kept if f.source == "kermany" and f.labels["Pneumonia"] is ill]
        chosen += children[:: max(len(children) // CHILDREN_OF_EACH, 1)]
    return chosen


def lessons(records: Sequence[Film]) -> list[Lesson]:
    """Return every stratum with enough films on each side."""
    found = []
    for label in TAUGHT:
        strata: dict[str, tuple[list[int], list[int]]] = {}
        for index, film in enumerate(records):
            state = _state(film, label)
            if state is not None:
                strata.setdefault(f"{film.source} {film.view}", ([], []))[0 if state else 1].append(index)
        usable = [s for s in strata.values() if len(s[0]) >= MIN_HAVING and len(s[1]) >= EACH]
        found += [Lesson(label, tuple(having), tuple(lacking)) for having, lacking in usable]
    return found


def _state(film: Film, label: str) -> bool | None:
    """Return whether the film has the label, ``None`` where it may not teach it."""
    if label == "Tuberculosis":
        return film.labels.get(label)
    if label == "Lung Opacity":  # nearly every abnormal film of NIH here has one, so normal ones must serve
        if film.source == "nih":
            return any(film.labels[name] for name in OPACITIES)
        return film.labels["Pneumonia"] if film.source == "kermany" else film.labels["Tuberculosis"]
    if film.source != "nih" or film.labels[NO_FINDING]:
        return None
    return film.labels[label]


class Teacher:
    """Draws lessons: a few real films with a label and a few without it, changed at random.

    Parameters
    ----------
    prepared, records
        The films of `teachers`, prepared and as records.
    """

    def __init__(self, prepared: Prepared, records: Sequence[Film]) -> None:
        self.squares = torch.from_numpy(prepared.squares)
        regions = [thorax_region(m[0], m[1]) for m in prepared.masks]
        self.regions = torch.from_numpy(np.stack(regions)).float()[:, None]
        self.lessons = lessons(records)
        films_of = {label: sum(len(x.having) for x in self.lessons if x.label == label) for label in TAUGHT}
        self.chances = torch.tensor([TAUGHT[x.label] * len(x.having) / films_of[x.label] for x in self.lessons])

    def draw(self, side: int, rng: torch.Generator) -> tuple[Tensor, Tensor, list[int]]:
        """Return films ``(n, 1, side, side)``, regions at stride 8, and the label's column of each lesson.

        Each lesson is `EACH` films with its label, then as many without it.
        """
        chosen, columns = [], []
        for place in torch.multinomial(self.chances, LESSONS, replacement=True, generator=rng).tolist():
            lesson = self.lessons[place]
            for group in (lesson.having, lesson.lacking):
                chosen += [group[i] for i in torch.randint(0, len(group), (EACH,), generator=rng).tolist()]
            columns.append(LABELS.index(lesson.label))
        squares = self.squares[chosen, None].float() / 255
        squares = functional.interpolate(squares, size=(side, side), mode="area")
        regions = functional.interpolate(self.regions[chosen], size=(side, side))
        moved, region = warp(squares, regions, rng)
        region = (functional.adaptive_avg_pool2d(region, side // MAP_STRIDE) >= 0.5).float()
        region[region.sum(dim=(1, 2, 3)) == 0] = 1.0  # pushed out of the picture: the whole film counts
        return obscure(expose(moved, rng), rng), region, columns


def order_loss(scores: Tensor, columns: Sequence[int]) -> Tensor:
    """Return the mean loss of the order of every film with a lesson's label and every film without it.

    Parameters
    ----------
    scores
        ``(lessons · 2 · EACH, labels)`` logits in the order of `Teacher.draw`.
    columns
        The label's column of each lesson.
    """
    losses = []
    for number, column in enumerate(columns):
        score = scores[2 * EACH * number : 2 * EACH * (number + 1), column]
        losses.append(functional.softplus(score[None, EACH:] - score[:EACH, None]).mean())
    return torch.stack(losses).mean()
