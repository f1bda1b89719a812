"""How well the view head tells PA from AP, on patients that its training has not seen."""

from __future__ import annotations

from typing import Any

import numpy as np

from cad_models import registry
from cad_models.training.data import films
from cad_models.training.heads import features_of, squares
from cad_models.training.view import SOURCES
from chatcad.config import Settings
from evaluation.figures import Figure, figure, print_figures
from evaluation.statistics import auroc_interval, share_by_patient


def run(settings: Settings) -> dict[str, Any]:
    """Measure, print and return the figures."""
    figures = [f for source in SOURCES for f in source_figures(settings, source)]
    print_figures(figures)
    return {"network": "view", "sha256": registry.get("view").sha256, "figures": figures}


def source_figures(settings: Settings, source: str) -> list[Figure]:
    """Return AUROC, the share of films whose view is told, and how many of those are told right."""
    records = [f for f in films(settings.data, [source]) if f.split == "test" and f.view != "unknown"]
    head, patients = registry.load("view"), [f.patient for f in records]
    features = features_of(registry.load("segmenter"), squares(records))
    told = np.array([head.tell(row[None]) for row in features])
    scores = np.array([head.probability_pa(row[None]) for row in features])
    truth = np.array([f.view for f in records])
    known = told != "unknown"
    right = (told == truth)[known]
    on = f"{source}, test patients"
    area = auroc_interval(scores, truth == "PA", patients)
    share_told = share_by_patient(known, patients)
    share_right = share_by_patient(right, list(np.array(patients)[known]))
    return [
        figure("PA against AP, AUROC", on, len(records), area, headline=True),
        figure("view told", on, len(records), share_told),
        figure("right when told", on, len(right), share_right, headline=True),
    ]
