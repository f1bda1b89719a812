"""``python -m chatcad eval reporter``: the drafter against a template and degenerate writers, on real films.

The drafts are compared before the checker sees them. A label counts as said when the draft speaks of it with any
certainty but denial. Degenerate writers stand beside: all-positive, and one constant report (the commonest label).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cad_models import anatomy, registry
from cad_models.classifier import SIZE, FilmClassifier
from cad_models.labels import LABELS
from cad_models.training.anatomies import prepare
from chatcad.checking.claims import parse_claims
from chatcad.checking.draft import split_sentences
from chatcad.config import Settings
from chatcad.types import LabelReading, Masks, Radiograph
from evaluation.cohorts import judged_films, nih_truth
from evaluation.figures import Figure, figure, print_figures
from evaluation.statistics import Interval, bootstrap

Said = NDArray[np.bool_]
FILMS = 400
SAYING = frozenset({"possible", "likely", "definite", "asserted"})


def run(settings: Settings) -> dict[str, Any]:
    """Compare the drafter with the template and the degenerate writers."""
    return compare(settings, ("reporter", "template"))


def compare(settings: Settings, writers: tuple[str, ...]) -> dict[str, Any]:
    """Draft reports of NIH films that nothing was trained on, and compare what they say with the labels.

    Parameters
    ----------
    settings
        ``settings.data`` is the folder of the public films.
    writers
        Names of report networks; the figures are the first one's, the others stand beside.
    """
    records = [f for f in judged_films(settings.data) if f.source in {"nih", "nih64"}]
    records = records[:: max(len(records) // FILMS, 1)]
    prepared, classifier = prepare(records, SIZE), registry.load("classifier")
    told = told_labels(classifier)
    truth = np.array([[nih_truth(label)(f) for label in told] for f in records])
    patients = [f.patient for f in records]
    films = [_film(square, masks, classifier) for square, masks in zip(prepared.squares, prepared.masks, strict=True)]
    figures: list[Figure] = []
    for name in writers:
        texts = [registry.load(name).draft(film, masks, "unknown", labels) for film, masks, labels in films]
        said = np.array([said_in(t, told) for t in texts])
        figures += _figures(name, said, truth, patients, headline=name == writers[0])
        figures.append(figure("different texts", name, len(texts), (float(len(set(texts))),) * 3))
    constant = np.zeros_like(truth)
    constant[:, truth.sum(axis=0).argmax()] = True
    figures += _figures("all positive", np.ones_like(truth), truth, patients)
    figures += _figures("constant report", constant, truth, patients)
    print_figures(figures)
    return {"network": writers[0], "sha256": registry.get(writers[0]).sha256, "labels": told, "figures": figures}


def told_labels(classifier: FilmClassifier) -> list[str]:
    """Return the labels that a report may speak of and that NIH states."""
    return [n for n in LABELS if n != "Tuberculosis" and classifier.points[n].reliability != "not_assessed"]


def said_in(text: str, labels: list[str]) -> list[bool]:
    """Return which labels a text speaks of without denying them."""
    said = {c.label for line in split_sentences(text) for c in parse_claims(line) if c.stance in SAYING}
    return [label in said for label in labels]


def _film(
    square: NDArray[np.uint8], masks: NDArray[np.bool_], classifier: FilmClassifier
) -> tuple[Radiograph, Masks, tuple[LabelReading, ...]]:
    pixels = square.astype(np.float32) / 255.0
    found = Masks(masks[0], masks[1], masks[2], anatomy.quality(*masks))
    return Radiograph(pixels, ""), found, classifier.read_square(pixels, found)


def _figures(name: str, said: Said, truth: Said, patients: list[str], *, headline: bool = False) -> list[Figure]:
    """Return F1, micro and macro over labels, of one writer."""
    scores: dict[str, Callable[[Said, Said], float]] = {"micro F1": micro_f1, "macro F1": macro_f1}

    def interval(score: Callable[[Said, Said], float]) -> Interval:
        return bootstrap(lambda i: score(said[i], truth[i]), patients)

    return [figure(what, name, len(truth), interval(score), headline=headline) for what, score in scores.items()]


def micro_f1(said: Said, truth: Said) -> float:
    """Return F1 over all labels and films together."""
    return float(2 * (said & truth).sum() / max(said.sum() + truth.sum(), 1))


def macro_f1(said: Said, truth: Said) -> float:
    """Return the mean of each label's F1."""
    return float(np.mean([micro_f1(said[:, k], truth[:, k]) for k in range(truth.shape[1])]))
