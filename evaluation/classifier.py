"""``python -m chatcad eval classifier``: how far each label may be believed, on films that training never saw.

Every AUROC stands beside that of an 8×8 thumbnail, with the paired margin; every interval is a 95% bootstrap by
patient. Calibration error is given before (a plain sigmoid) and after, cross-fitted by patient; maps are checked
against the NIH boxes and against a network with random weights.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from cad_models import registry
from cad_models.calibration import cross_fitted, expected_calibration_error, read_points, sigmoid
from cad_models.classifier import MAP_SIZE, Classifier
from cad_models.labels import LABELS
from cad_models.training.calibrate import (
    POINTS,
    calibration_films,
    cohort_figures,
    inputs_for,
    load_classifier,
)
from chatcad.config import Settings
from evaluation.cohorts import UNSEEN, Cohort, Scored, cohorts, judged_films, score_films
from evaluation.figures import Figure, figure
from evaluation.painted import painted_figures
from evaluation.saliency import pointing_game
from evaluation.statistics import Interval, bootstrap
from evaluation.subgroups import subgroup_figures


def run(settings: Settings) -> dict[str, Any]:
    """Measure the shipped classifier, print a table, and return the figures.

    Parameters
    ----------
    settings
        ``settings.data`` is the folder of the public films.
    """
    network, records = load_classifier(), judged_films(settings.data)
    scored, questions = score_films(network, records), cohorts(records)
    rows = [_row(scored, q) for q in questions]
    _print_table(rows)
    labels = {label: _label(scored, questions, label) for label in LABELS}
    pointing = pointing_game(network, settings.data)
    return {
        "network": "classifier",
        "sha256": registry.get("classifier").sha256,
        "figures": [
            *_auroc_figures(rows),
            *_calibration_figures(labels),
            pointing,
            *subgroup_figures(scored, questions, read_points(POINTS), ("nih", "nih64", "shenzhen", "montgomery")),
            *painted_figures(network, scored),
        ],
        "labels": labels,
        "cohorts": rows,
        "randomised_map_correlation": randomised_maps(scored),
    }


def _auroc_figures(rows: list[dict[str, Any]]) -> list[Figure]:
    """Return the figures of the card: each cohort's AUROC beside the thumbnail's and the margin."""
    shown = [row for row in rows if row["auroc"] is not None]
    names = {"auroc": "AUROC", "thumbnail": "AUROC of an 8×8 thumbnail", "margin": "AUROC margin over the thumbnail"}
    return [
        figure(
            f"{row['label']}, {what}",
            f"{row['films']} ({row['positives']} with)",
            row["n"],
            row[key],
            headline=key == "auroc" and row["films"] in UNSEEN,
        )
        for row in shown
        for key, what in names.items()
    ]


def _calibration_figures(labels: dict[str, dict[str, Any]]) -> list[Figure]:
    """Return the calibration error after Platt's map, in source and, where there is one, on another source."""
    speaking = [entry for entry in labels.values() if entry["reliability"] != "not_assessed"]
    worst = max(speaking, key=lambda entry: entry["ece_after"][0])
    what = "highest calibration error of a label that speaks"
    found = [figure(what, "calibration films, cross-fitted", worst["calibration_n"], worst["ece_after"])]
    for label, entry in labels.items():
        what = f"{label}, calibration error (before: {entry['ece_before']:.3f})"
        found.append(figure(what, "calibration films, cross-fitted", entry["calibration_n"], entry["ece_after"]))
        if (elsewhere := entry["ece_other_source"]) is not None:
            on = f"{elsewhere['source']}, another source"
            found.append(figure(f"{label}, calibration error", on, elsewhere["n"], elsewhere["ece"]))
    return found


def _row(scored: Scored, cohort: Cohort) -> dict[str, Any]:
    head = {"label": cohort.label, "films": cohort.name, "unseen_source": cohort.unseen}
    if min(cohort.truth.sum(), (~cohort.truth).sum()) < 5:
        return {**head, "n": len(cohort.truth), "positives": int(cohort.truth.sum()), "auroc": None}
    return {**head, **cohort_figures(scored, cohort)}


def _label(scored: Scored, questions: list[Cohort], label: str) -> dict[str, Any]:
    """Return a label's operating point with its calibration before and after."""
    point = read_points(POINTS)[label]
    members, truth = calibration_films(questions, label)
    inputs = inputs_for(scored, label)[members]
    raw = sigmoid(inputs[:, 0])
    patients = [str(p) for p in scored.patients[members]]
    after = cross_fitted(inputs, truth, patients)
    return {
        "reliability": point.reliability,
        "threshold": point.threshold,
        "sensitivity": point.sensitivity,
        "specificity": point.specificity,
        "calibration_n": len(truth),
        "prevalence": round(float(truth.mean()), 4),
        "ece_before": round(expected_calibration_error(raw, truth), 4),
        "ece_after": bootstrap(lambda i: expected_calibration_error(after[i], truth[i]), patients),
        "ece_other_source": _ece_elsewhere(scored, questions, label),
    }


def _ece_elsewhere(scored: Scored, questions: list[Cohort], label: str) -> dict[str, Any] | None:
    """Return the calibration error of the shipped map on a source that didn't fit it, where there is one."""
    source = {"Tuberculosis": "montgomery", "Lung Opacity": "kermany", "Nodule": "jsrt"}.get(label)
    if source is None:
        return None
    cohort = next(c for c in questions if c.label == label and c.name == source)
    point = read_points(POINTS)[label]
    shown = np.array([point.probability(s, None) for s in scored.column(label)[cohort.members]])
    patients = [str(p) for p in scored.patients[cohort.members]]
    interval: Interval = bootstrap(lambda i: expected_calibration_error(shown[i], cohort.truth[i]), patients)
    return {"source": source, "n": len(shown), "ece": interval}


def randomised_maps(scored: Scored, count: int = 32) -> float:
    """Return the mean correlation of the maps with those of an untrained network: near 0 when maps were learnt.

    Adebayo et al. 2018 (arXiv 1810.03292).
    """
    import torch

    torch.manual_seed(0)
    step = max(len(scored.films) // count, 1)
    random = score_films(Classifier().eval(), scored.films[::step])
    pairs = zip(scored.maps[::step].reshape(-1, MAP_SIZE**2), random.maps.reshape(-1, MAP_SIZE**2), strict=True)
    return round(float(np.mean([np.corrcoef(a.astype(float), b.astype(float))[0, 1] for a, b in pairs])), 3)


def _print_table(rows: list[dict[str, Any]]) -> None:
    print(f"{'label':14s} {'films':16s} {'n':>5s} {'pos':>4s}  {'AUROC':20s} {'thumbnail':20s} margin")
    for row in rows:
        shown = [_interval(row[k]) for k in ("auroc", "thumbnail", "margin")] if row["auroc"] else ["too few"]
        counts = f"{row['n']:5d} {row['positives']:4d}"
        print(f"{row['label']:14s} {row['films']:16s} {counts}  {' '.join(f'{s:20s}' for s in shown)}")


def _interval(value: tuple[float, float, float]) -> str:
    return f"{value[0]:+.2f} [{value[1]:+.2f},{value[2]:+.2f}]"
