"""What the gate accepts and refuses, on patients and pictures that its training has not seen."""

from __future__ import annotations

from typing import Any

import numpy as np

from cad_models import registry
from cad_models.gate import REASONS, FilmGate
from cad_models.training.gate import Pictures, lot, ood
from chatcad.config import Settings
from chatcad.types import Gate
from evaluation.figures import Figure, figure, print_figures
from evaluation.statistics import bootstrap

TURNED = ("inverted", "turned_right", "turned_left", "upside_down")


def run(settings: Settings) -> dict[str, Any]:
    """Measure, print and return the figures."""
    network, gate = registry.load("segmenter"), registry.load("gate")
    tested, foreign = lot(network, settings.data, "test"), ood(network, settings.data)
    judged = judge(gate, tested)
    figures = [
        *share_figures("frontal films accepted", tested, judged, "frontal", accepted=True),
        *share_figures("other pictures refused", tested, judged, "other", accepted=False),
        *(f for c in TURNED for f in share_figures("spoilt films refused", tested, judged, c, accepted=False)),
        *share_figures("real foreign pictures refused (ood)", foreign, judge(gate, foreign), "other", accepted=False),
        *reason_figures(tested, judged),
    ]
    print_figures(figures)
    return {"network": "gate", "sha256": registry.get("gate").sha256, "figures": figures}


def judge(gate: FilmGate, pictures: Pictures) -> list[Gate]:
    """Return the gate's word on each picture."""
    return [gate.judge(features[None]) for features in pictures.features]


def share_figures(what: str, pictures: Pictures, judged: list[Gate], truth: str, *, accepted: bool) -> list[Figure]:
    """Return the share of a class that is accepted (or refused), all kinds together and each by itself."""
    members = [i for i, c in enumerate(pictures.classes) if c == truth]
    groups = {"all": members} | {
        kind: [i for i in members if pictures.kinds[i] == kind] for kind in sorted({pictures.kinds[i] for i in members})
    }
    if len(groups) == 2:
        del groups["all"]
    figures = []
    for kind, chosen in groups.items():
        right = np.array([judged[i].accepted == accepted for i in chosen], dtype=float)
        interval = bootstrap(lambda i, r=right: float(r[i].mean()), [pictures.patients[i] for i in chosen])  # type: ignore[misc]
        figures.append(figure(what, kind, len(right), interval, headline=kind == "all"))
    return figures


def reason_figures(pictures: Pictures, judged: list[Gate]) -> list[Figure]:
    """Return how often a refused turned or inverted film gets the right reason."""
    figures = []
    for name in TURNED:
        refused = [i for i, c in enumerate(pictures.classes) if c == name and not judged[i].accepted]
        right = np.array([judged[i].reason == REASONS[name] for i in refused], dtype=float)
        interval = bootstrap(lambda i, r=right: float(r[i].mean()), [pictures.patients[i] for i in refused])  # type: ignore[misc]
        figures.append(figure("right reason when refused", name, len(right), interval))
    return figures
