"""Who is missed: the false-negative rate of each label by sex, age band and view, at the threshold that ships.

Underdiagnosis falls unevenly in chest radiography (Seyyed-Kalantari et al. 2021, Nat Med 27:2176), so the rates are
published with their intervals however wide these are; a group with fewer than five positives has no rate.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from cad_models.calibration import OperatingPoint
from cad_models.training.data import Film
from evaluation.cohorts import Cohort, Scored
from evaluation.figures import Figure, figure
from evaluation.statistics import share_by_patient

MIN_POSITIVES = 5
OLD, MIDDLE = 65, 40
GROUPS: dict[str, Callable[[Film], str | None]] = {
    "sex": lambda f: None if f.sex == "unknown" else f.sex,
    "age": lambda f: age_band(f.age),
    "view": lambda f: None if f.view == "unknown" else f.view,
}


def age_band(age: float | None) -> str | None:
    """Return the age band of a patient in years, ``None`` when unknown."""
    if age is None:
        return None
    return "under 40" if age < MIDDLE else "40 to 64" if age < OLD else "65 and over"


def subgroup_figures(
    scored: Scored, questions: Sequence[Cohort], points: dict[str, OperatingPoint], sources: Sequence[str]
) -> list[Figure]:
    """Return the false-negative rate of every label that speaks, by group.

    Parameters
    ----------
    scored
        All judged films.
    questions
        From `evaluation.cohorts.cohorts`.
    points
        Operating points by label.
    sources
        Names of the whole cohorts whose films are counted.
    """
    found = []
    for label, point in points.items():
        if point.reliability == "not_assessed":
            continue
        members = [c.members[c.truth] for c in questions if c.label == label and c.name in sources]
        if members:
            found += _label_figures(scored, np.unique(np.concatenate(members)), point)
    return found


def _label_figures(scored: Scored, ill: np.ndarray, point: OperatingPoint) -> list[Figure]:
    scores, ratios = scored.column(point.label), scored.ratios
    missed = np.array([point.probability(scores[i], ratios[i]) < point.threshold for i in ill], dtype=bool)
    found = []
    for what, group_of in GROUPS.items():
        groups = np.array([group_of(scored.films[i]) or "" for i in ill])
        for group in sorted(set(groups) - {""}):
            chosen = groups == group
            if chosen.sum() >= MIN_POSITIVES:
                interval = share_by_patient(missed[chosen], [str(p) for p in scored.patients[ill][chosen]])
                found.append(
                    figure(f"{point.label}, missed", f"{what}: {group}, films with it", int(chosen.sum()), interval)
                )
    return found
