"""The films on which the classifier is judged: who is in, what is true of them, and what the network said.

Four questions, in the order of what they are worth. Does a label's score hold on a source or sampling that
training never saw? Does it hold *among abnormal films*, where "ill or not" is no cue? Against films without any
finding, as the literature asks most? And inside the source?
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cad_models.classifier import MAP_STRIDE, SIZE, Classifier, thorax_region
from cad_models.labels import LABELS
from cad_models.training.anatomies import Prepared, prepare
from cad_models.training.data import NO_FINDING, Film, films
from evaluation.baselines import thumbnail_features

ROUND = "Nodule or Mass"
"""Asked together, since readers divide them at 3 cm and labels mined from reports don't."""

OPACITIES = ("Consolidation", "Infiltration", "Pneumonia", "Edema")
UNSEEN = frozenset({"nih64", "montgomery", "jsrt"})
KERMANY_TEST = 300


@dataclass(frozen=True)
class Cohort:
    """Films of one question for one label.

    ``unseen`` says whether training saw no film of this source or sampling.
    """

    name: str
    label: str
    members: NDArray[np.intp]
    truth: NDArray[np.bool_]
    unseen: bool


@dataclass(frozen=True)
class Scored:
    """All judged films with scores ``(n, labels)``, evidence maps, ratios and thumbnails."""

    films: tuple[Film, ...]
    prepared: Prepared
    scores: NDArray[np.float64]
    maps: NDArray[np.float16]

    @cached_property
    def patients(self) -> NDArray[np.str_]:
        """Each film's patient."""
        return np.array([f.patient for f in self.films])

    @cached_property
    def thumbnails(self) -> NDArray[np.float32]:
        """Baseline features of each film."""
        return np.stack([thumbnail_features(s) for s in self.prepared.squares])

    @cached_property
    def ratios(self) -> NDArray[np.float64]:
        """Cardiothoracic ratio of each film, the reference value where it can't be measured."""
        measured = self.prepared.ratios.astype(np.float64)
        return np.where(np.isfinite(measured) & (self.prepared.quality >= 0.5), measured, 0.5)

    def column(self, label: str) -> NDArray[np.float64]:
        """Return one label's scores; of `ROUND`, the higher one of its two labels."""
        if label == ROUND:
            return np.maximum(self.column("Nodule"), self.column("Mass"))
        return np.asarray(self.scores[:, LABELS.index(label)])


def judged_films(data: Path) -> list[Film]:
    """Return the films that judge the classifier: no patient of them was in training."""
    records = films(data, ("nih", "nih64", "shenzhen", "montgomery", "jsrt", "kermany"))
    trained = {f.patient for f in records if f.source in {"nih", "shenzhen", "kermany"} and f.split == "train"}
    kept = [f for f in records if f.patient not in trained]
    children = [f for f in kept if f.source == "kermany" and f.split == "test"]
    return [f for f in kept if f.source != "kermany"] + children[:: max(len(children) // KERMANY_TEST, 1)]


def score_films(network: Classifier, records: Sequence[Film], *, side: int = SIZE, batch: int = 16) -> Scored:
    """Run the network over films, through the same preparation as in use, or on films as small as it was trained on."""
    import torch
    from torch.nn import functional

    prepared = prepare(records, SIZE)
    scores, maps = [], []
    for start in range(0, len(records), batch):
        part = slice(start, start + batch)
        regions = [thorax_region(m[0], m[1], side // MAP_STRIDE) for m in prepared.masks[part]]
        squares = torch.from_numpy(prepared.squares[part].astype(np.float32) / 255.0)[:, None]
        if side != SIZE:
            squares = functional.interpolate(squares, size=(side, side), mode="area")
        with torch.inference_mode():
            out, evidence = network(squares, torch.from_numpy(np.stack(regions))[:, None])
        scores.append(out.numpy().astype(np.float64))
        maps.append(evidence.numpy().astype(np.float16))
    return Scored(tuple(records), prepared, np.concatenate(scores), np.concatenate(maps))


def cohorts(records: Sequence[Film]) -> list[Cohort]:
    """Return every question that is asked of the classifier."""
    nih_labels = ("Effusion", "Lung Opacity", "Consolidation", "Atelectasis", "Edema", "Nodule", "Mass", "Pneumothorax",
                  "Cardiomegaly", ROUND)  # fmt: skip
    found = []
    for label in nih_labels:
        truth = nih_truth(label)
        for source in ("nih64", "nih"):
            found.append(_cohort(records, source, label, truth))
            found.append(_cohort(records, source, label, truth, among="abnormal", keep=is_abnormal))
            found.append(_cohort(records, source, label, truth, among="against no finding", keep=_has_or_normal(truth)))
    for source in ("montgomery", "shenzhen"):
        found.append(_cohort(records, source, "Tuberculosis", _named("Tuberculosis")))
    found.append(_cohort(records, "jsrt", "Nodule", _named("Nodule")))
    found.append(_cohort(records, "kermany", "Lung Opacity", _named("Pneumonia")))
    return found


def nih_truth(label: str) -> Callable[[Film], bool]:
    """Return the truth of a label on an NIH film; Lung Opacity is any airspace label."""
    if label == "Lung Opacity":
        return lambda f: any(f.labels[name] for name in OPACITIES)
    if label == ROUND:
        return lambda f: f.labels["Nodule"] or f.labels["Mass"]
    return _named(label)


def _has_or_normal(truth: Callable[[Film], bool]) -> Callable[[Film], bool]:
    return lambda f: truth(f) or not is_abnormal(f)


def is_abnormal(film: Film) -> bool:
    """Return whether the film has some finding."""
    return not film.labels.get(NO_FINDING, False)


def _named(label: str) -> Callable[[Film], bool]:
    return lambda f: f.labels[label]


def _cohort(
    records: Sequence[Film],
    source: str,
    label: str,
    truth: Callable[[Film], bool],
    *,
    among: str = "",
    keep: Callable[[Film], bool] = lambda _: True,
) -> Cohort:
    members = np.array([i for i, f in enumerate(records) if f.source == source and keep(f)], dtype=np.intp)
    values = np.array([truth(records[i]) for i in members], dtype=bool)
    return Cohort(f"{source} {among}".strip(), label, members, values, unseen=source in UNSEEN)
