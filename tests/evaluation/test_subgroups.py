from pathlib import Path

import numpy as np
import pytest

from cad_models.calibration import OperatingPoint
from cad_models.labels import LABELS
from cad_models.training.anatomies import Prepared
from cad_models.training.data import Film
from evaluation.cohorts import Cohort, Scored
from evaluation.subgroups import age_band, subgroup_figures


def film(number: int, sex: str, age: float, view: str) -> Film:
    return Film("nih", str(number), Path("x"), None, f"p{number}", "test", view, sex, age, {})


def scored_films() -> Scored:
    # Ten women whose disease scores high, ten men of whom half are missed.
    films = [film(i, "F" if i < 10 else "M", 30 if i % 2 else 70, "PA") for i in range(20)]
    scores = np.full((20, len(LABELS)), -5.0)
    scores[:, 0] = [5.0] * 10 + [5.0, -5.0] * 5
    empty = np.zeros((20, 2, 2))
    prepared = Prepared(empty, empty, np.full(20, np.nan), np.ones(20))
    return Scored(tuple(films), prepared, scores, np.zeros((20, 1), np.float16))


def point(reliability: str) -> OperatingPoint:
    return OperatingPoint(LABELS[0], reliability, (1.0, 0.0), 0.0, 0.5, 0.8, 0.9, (0.8, 0.7, 0.9))


def figures(reliability: str = "weak") -> dict[str, float]:
    cohort = Cohort("nih", LABELS[0], np.arange(20), np.ones(20, dtype=bool), unseen=False)
    found = subgroup_figures(scored_films(), [cohort], {LABELS[0]: point(reliability)}, ("nih",))
    return {f["on"]: f["value"] for f in found}


def test_the_share_of_missed_films_is_told_by_group():
    found = figures()
    assert found["sex: F, films with it"] == 0.0
    assert found["sex: M, films with it"] == pytest.approx(0.5)
    assert found["view: PA, films with it"] == pytest.approx(0.25)
    assert {"age: under 40, films with it", "age: 65 and over, films with it"} <= set(found)


def test_a_label_that_says_nothing_misses_nothing():
    assert figures("not_assessed") == {}


@pytest.mark.parametrize(("age", "band"), [(None, None), (39, "under 40"), (40, "40 to 64"), (65, "65 and over")])
def test_age_bands(age, band):
    assert age_band(age) == band
