"""Masks and the cardiothoracic ratio on patients that the segmenter's training has not seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cad_models import anatomy, registry
from cad_models.segmenter import SIZE
from cad_models.segmenter import run as run_network
from cad_models.training.data import Film, films, read_masks, read_square
from chatcad.config import Settings
from chatcad.findings.measure import GOOD_MASKS
from evaluation.figures import Figure, figure, print_figures
from evaluation.statistics import auroc_interval, bootstrap

Bits = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Outlined:
    """One film with the network's cleaned masks, on the network's grid."""

    film: Film
    right_lung: Bits
    left_lung: Bits
    heart: Bits
    quality: float
    ratio: float


def run(settings: Settings) -> dict[str, Any]:
    """Measure, print and return the figures."""
    records = films(settings.data)
    tested = [outline(f) for f in records if f.split == "test" and f.source in {"jsrt", "montgomery", "shenzhen"}]
    nih = [outline(f) for f in records if f.source in {"nih", "nih64"}]
    figures = [*overlap_figures(tested), *ratio_figures(tested), *plausibility_figures(nih), *label_figures(nih)]
    print_figures(figures)
    return {"network": "segmenter", "sha256": registry.get("segmenter").sha256, "figures": figures}


def outline(film: Film) -> Outlined:
    """Run the network on one film."""
    _, _, logits = run_network(registry.load("segmenter"), read_square(film, SIZE))
    right, left, heart = (p > 0.5 for p in anatomy.clean(logits.sigmoid()[0].numpy()))
    measured = anatomy.measure(right, left, heart)
    ratio = measured.cardiothoracic_ratio if measured else float("nan")
    return Outlined(film, right, left, heart, anatomy.quality(right, left, heart), ratio)


def dice(a: Bits, b: Bits) -> float:
    """Return the Dice overlap of two masks: 1 when they are the same."""
    return float(2 * (a & b).sum() / max(a.sum() + b.sum(), 1))


def overlap_figures(outlined: Sequence[Outlined]) -> list[Figure]:
    """Return Dice of both lungs together and of the heart, by source."""
    figures = []
    for source in ("jsrt", "montgomery", "shenzhen"):
        marked = [(o, t) for o in outlined if o.film.source == source and (t := read_masks(o.film, SIZE))]
        patients = [o.film.patient for o, _ in marked]
        lungs = np.array([dice(o.right_lung | o.left_lung, t.right_lung | t.left_lung) for o, t in marked])
        on = f"{source}, test patients"
        figures.append(figure("lungs, Dice", on, len(lungs), _mean(lungs, patients), headline=source != "shenzhen"))
        hearts = np.array([dice(o.heart, t.heart) for o, t in marked if t.heart is not None])
        if len(hearts):
            figures.append(figure("heart, Dice", on, len(hearts), _mean(hearts, patients), headline=True))
            worst = bootstrap(lambda i, h=hearts: float(h[i].min()), patients)  # type: ignore[misc]
            figures.append(figure("heart, worst Dice", on, len(hearts), worst))
    return figures


def ratio_figures(outlined: Sequence[Outlined]) -> list[Figure]:
    """Return the error of the cardiothoracic ratio against the masks drawn by people (JSRT)."""
    errors, patients = [], []
    for o in outlined:
        truth = read_masks(o.film, SIZE)
        if truth is None or truth.heart is None:
            continue
        if widths := anatomy.measure(truth.right_lung, truth.left_lung, truth.heart):
            errors.append(o.ratio - widths.cardiothoracic_ratio)
            patients.append(o.film.patient)
    error, on = np.array(errors), "jsrt, test patients"
    return [
        figure("cardiothoracic ratio, mean absolute error", on, len(error), _mean(abs(error), patients), headline=True),
        figure("cardiothoracic ratio, mean error", on, len(error), _mean(error, patients)),
    ]


def plausibility_figures(outlined: Sequence[Outlined]) -> list[Figure]:
    """Return the share of films whose masks are implausible, so that no ratio is given."""
    figures = []
    for source, split in (("nih", "test"), ("nih", None), ("nih64", None)):
        some = [o for o in outlined if o.film.source == source and (split is None or o.film.split == split)]
        bad = np.array([o.quality < GOOD_MASKS for o in some], dtype=float)
        on = f"{source}, {'test patients' if split else 'all patients (masks unlabelled)'}"
        interval = _mean(bad, [o.film.patient for o in some])
        figures.append(figure("ratio withheld: implausible masks", on, len(bad), interval, headline=split == "test"))
    return figures


def label_figures(outlined: Sequence[Outlined]) -> list[Figure]:
    """Return how well the measured ratio ranks films by NIH's label Cardiomegaly, which no training has used."""
    figures = []
    for source, view in (("nih", "PA"), ("nih", "AP"), ("nih64", "PA"), ("nih64", "AP")):
        some = [o for o in outlined if o.film.source == source and o.film.view == view and np.isfinite(o.ratio)]
        truth = np.array([o.film.labels["Cardiomegaly"] for o in some])
        area = auroc_interval(np.array([o.ratio for o in some]), truth, [o.film.patient for o in some])
        on = f"{source} {view}, {int(truth.sum())} of {len(truth)} positive"
        figures.append(figure("Cardiomegaly by the ratio, AUROC", on, len(some), area, headline=view == "PA"))
    return figures


def _mean(values: NDArray[np.float64], patients: Sequence[str]) -> tuple[float, float, float]:
    return bootstrap(lambda i: float(values[i].mean()), patients)
