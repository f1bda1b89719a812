"""``python -m chatcad eval ablations``: what each part of the classifier's training gives, at equal time.

Every variant trains for the same minutes on small films, and is judged on the same films as the shipped network. The
variant without Shenzhen is the only one that can say how tuberculosis is told in that hospital when it was never seen.
It takes `MINUTES` a variant; checkpoints in the cache let an interrupted run go on.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch

from cad_models.training.classifier import PHASES, Recipe, fit
from chatcad.config import Settings
from evaluation.cohorts import ROUND, Cohort, Scored, cohorts, judged_films, score_films
from evaluation.figures import Figure, figure, print_figures
from evaluation.statistics import auroc_interval

MINUTES = 5.0
COARSE = Recipe(phases=(replace(PHASES[0], share=1.0),))
VARIANTS = {
    "all parts": COARSE,
    "no real lessons": replace(COARSE, taught=0.0),
    "no real lessons, healthy films painted only": replace(COARSE, taught=0.0, ill=False),
    "without Shenzhen": replace(COARSE, sources=("nih", "kermany")),
}
SHOWN = {
    "Effusion": ("nih64 against no finding", "nih64 abnormal", "nih abnormal"),
    "Cardiomegaly": ("nih64 against no finding",),
    "Pneumothorax": ("nih64 against no finding",),
    ROUND: ("nih64 against no finding",),
    "Edema": ("nih abnormal",),
    "Atelectasis": ("nih abnormal",),
    "Tuberculosis": ("montgomery", "shenzhen"),
}


def run(settings: Settings) -> dict[str, Any]:
    """Train and judge every variant, print and return the figures."""
    torch.set_num_threads(1)
    records = judged_films(settings.data)
    figures = []
    for name, recipe in VARIANTS.items():
        work = settings.cache / "training" / "ablations" / name.replace(" ", "-").replace(",", "")
        network = fit(settings.data, recipe, minutes=MINUTES, work=work)
        scored = score_films(network, records, side=PHASES[0].side)
        judged = variant_figures(name, scored, cohorts(records))
        print_figures(judged)
        figures += judged
    return {"network": "classifier", "minutes": MINUTES, "side": PHASES[0].side, "figures": figures}


def variant_figures(name: str, scored: Scored, questions: list[Cohort]) -> list[Figure]:
    """Return a variant's AUROC on the films that count; the network alone, without the measured ratio."""
    found = []
    for cohort in questions:
        if cohort.name in SHOWN.get(cohort.label, ()):
            scores, patients = scored.column(cohort.label)[cohort.members], scored.patients[cohort.members]
            interval = auroc_interval(scores, cohort.truth, [str(p) for p in patients])
            found.append(figure(f"{name}: {cohort.label}, AUROC", cohort.name, len(cohort.truth), interval))
    return found
