"""``python -m chatcad eval reliability``: the reliability curve of each label that speaks, on its calibration films.

Probabilities are cross-fitted by patient: no film is judged by a map that was fitted on its patient.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from cad_models import registry
from cad_models.calibration import cross_fitted, read_points
from cad_models.labels import LABELS
from cad_models.reliability import Bin, bins_of, write_curves
from cad_models.training.calibrate import POINTS, calibration_films, inputs_for, load_classifier
from chatcad.config import Settings
from evaluation.cohorts import Cohort, Scored, cohorts, judged_films, score_films

NOTE = (
    "Written by `python -m chatcad eval reliability`: films of equal count by cross-fitted probability, on the films "
    "that classifier.json names; intervals by Wilson for as many films as there are patients."
)


def run(settings: Settings) -> dict[str, Any]:
    """Measure the shipped classifier's curves, print and store them, and return them.

    Parameters
    ----------
    settings
        ``settings.data`` is the folder of the public films.
    """
    records = judged_films(settings.data)
    scored, questions = score_films(load_classifier(), records), cohorts(records)
    points, sha256 = read_points(POINTS), registry.get("classifier").sha256
    speaking = [label for label in LABELS if points[label].reliability != "not_assessed"]
    curves = {label: _curve(scored, questions, label) for label in speaking}
    write_curves(curves, sha256, NOTE)
    for label, bins in curves.items():
        print(f"{label}, {sum(b.n for b in bins)} films")
        for b in bins:
            print(f"  given {b.predicted:.3f}  had it {b.observed:.3f} [{b.low:.3f}, {b.high:.3f}]  n={b.n}")
    return {"network": "classifier", "sha256": sha256, "labels": {k: [asdict(b) for b in v] for k, v in curves.items()}}


def _curve(scored: Scored, questions: list[Cohort], label: str) -> tuple[Bin, ...]:
    members, truth = calibration_films(questions, label)
    patients = scored.patients[members]
    return bins_of(cross_fitted(inputs_for(scored, label)[members], truth, patients.tolist()), truth, patients)
