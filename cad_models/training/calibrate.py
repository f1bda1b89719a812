"""Write the classifier's operating points: ``python -m cad_models.training.calibrate --data DIR``.

It knows which films calibrate a label, and the rule that says how far a label may be believed. Everything it
writes is measured; nothing is typed by hand. Films that calibrate were never in training; each figure is
cross-fitted by patient, so that no film is judged by a map that was fitted on its patient.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cad_models.calibration import (
    SPECIFICITY,
    OperatingPoint,
    cross_fitted,
    fit_label,
    likelihood_ratio,
    reliability_of,
    write_points,
)
from cad_models.classifier import Classifier
from cad_models.labels import LABELS
from cad_models.weights_io import INDEX, WEIGHTS, read_index, read_weights, sha256_of, update_index
from chatcad.config import load_settings
from chatcad.types import Reliability
from evaluation.baselines import thumbnail_scores
from evaluation.cohorts import Cohort, Scored, cohorts, judged_films, score_films
from evaluation.statistics import Interval, auroc_interval, auroc_margin

POINTS = WEIGHTS / "classifier.json"
NOTE = (
    "Written by cad_models/training/calibrate.py. Platt maps fitted on nih64 and NIH val/test patients (Tuberculosis: "
    "Shenzhen val/test, with NIH as films without it), sensitivity and specificity cross-fitted by patient; the AUROC "
    "is that of the decisive cohort."
)
CALIBRATION_SOURCES = {"Tuberculosis": ("shenzhen",)}
DECISIVE = {"Tuberculosis": "montgomery", "Edema": "nih"}


def inputs_for(scored: Scored, label: str) -> NDArray[np.float64]:
    """Return ``(films, 2)``: the label's score, and the ratio's excess over 0.5 for Cardiomegaly (else zero)."""
    ratio = scored.ratios - 0.5 if label == "Cardiomegaly" else np.zeros(len(scored.films))
    return np.column_stack([scored.column(label), ratio])


def calibration_films(questions: Sequence[Cohort], label: str) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Return the films that calibrate a label, with their truth.

    Shenzhen has tuberculosis and healthy people only. So that other diseases count against the label too, NIH's films
    join it as films without tuberculosis, which is rare there.
    """
    sources = CALIBRATION_SOURCES.get(label, ("nih64", "nih"))
    chosen = [c for c in questions if c.label == label and c.name in sources]
    members, truth = [c.members for c in chosen], [c.truth for c in chosen]
    if label == "Tuberculosis":
        others = [c.members for c in questions if c.label == "Effusion" and c.name in {"nih", "nih64"}]
        members, truth = members + others, truth + [np.zeros(len(m), dtype=bool) for m in others]
    return np.concatenate(members), np.concatenate(truth)


def judge_label(
    scored: Scored, questions: Sequence[Cohort], label: str, ratio: float
) -> tuple[Reliability, dict[str, Any]]:
    """Return how far a label may be believed (`cad_models.calibration.reliability_of`), and the figures behind it."""
    name = DECISIVE.get(label, "nih64")
    mine = {c.name: c for c in questions if c.label == label}
    figures = cohort_figures(scored, mine[name])
    abnormal = mine.get(f"{name} abnormal")
    within = cohort_figures(scored, abnormal)["auroc"] if abnormal is not None else None
    reliability = reliability_of(
        figures["auroc"],
        figures["margin"],
        within,
        positives=figures["positives"],
        unseen=mine[name].unseen,
        likelihood_ratio=ratio,
    )
    return reliability, {"decisive": name, **figures, "auroc_among_abnormal": within}


def cohort_figures(scored: Scored, cohort: Cohort) -> dict[str, Any]:
    """Return AUROC, the thumbnail's AUROC and the paired margin of one cohort, each with its 95% interval."""
    patients = [str(p) for p in scored.patients[cohort.members]]
    scores = detector_scores(scored, cohort)
    baseline = thumbnail_scores(scored.thumbnails[cohort.members], cohort.truth, patients)
    margin: Interval = auroc_margin(scores, baseline, cohort.truth, patients)
    return {
        "n": len(cohort.truth),
        "positives": int(cohort.truth.sum()),
        "patients": len(set(patients)),
        "auroc": auroc_interval(scores, cohort.truth, patients),
        "thumbnail": auroc_interval(baseline, cohort.truth, patients),
        "margin": margin,
    }


def detector_scores(scored: Scored, cohort: Cohort) -> NDArray[np.float64]:
    """Return a cohort's scores; for Cardiomegaly the cross-fitted join of the score with the measured ratio."""
    inputs = inputs_for(scored, cohort.label)[cohort.members]
    if cohort.label != "Cardiomegaly":
        return inputs[:, 0]
    return cross_fitted(inputs, cohort.truth, [str(p) for p in scored.patients[cohort.members]])


def operating_point(scored: Scored, questions: Sequence[Cohort], label: str) -> OperatingPoint:
    """Fit one label's map and threshold, and measure what they give."""
    members, truth = calibration_films(questions, label)
    inputs, patients = inputs_for(scored, label)[members], [str(p) for p in scored.patients[members]]
    fit = fit_label(inputs, truth, patients, SPECIFICITY)
    reliability, facts = judge_label(scored, questions, label, likelihood_ratio(fit.sensitivity, fit.specificity))
    return fit.point(label, reliability, facts["auroc"])


def load_classifier() -> Classifier:
    """Return the network whose weights ship."""
    network = Classifier().eval()
    network.load_state_dict(read_weights(WEIGHTS / read_index(INDEX)["classifier"]["file"]))
    return network


def main() -> None:
    """Measure, decide, write ``cad_models/weights/classifier.json``."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--data", type=Path, default=load_settings().data)
    data = parser.parse_args().data
    records = judged_films(data)
    scored, questions = score_films(load_classifier(), records), cohorts(records)
    points = [operating_point(scored, questions, label) for label in LABELS]
    write_points(POINTS, points, NOTE)
    update_index("classifier", {"files": {POINTS.name: sha256_of(POINTS)}})
    for p in points:
        print(f"{p.label:14s} {p.reliability:13s} AUROC {p.held_out_auroc} sens {p.sensitivity} spec {p.specificity}")


if __name__ == "__main__":
    main()
