"""Intervals that stay honest where every case agrees, and samples without repeats."""

import numpy as np
import pytest

from evaluation.statistics import bootstrap, evenly, mean, median, share, share_by_patient, share_of


def test_a_share_of_independent_outcomes_is_wilsons():
    assert share_of([True] * 15) == (15, share(15, 15))
    _, (point, low, high) = share_of(n < 3 for n in range(4))
    assert point == 0.75 and low == pytest.approx(0.3006, abs=1e-4) and high == pytest.approx(0.9544, abs=1e-4)


@pytest.mark.parametrize("every", [True, False])
def test_where_all_films_agree_the_interval_is_that_of_as_many_people(every):
    hits, patients = np.full(30, every), [str(n % 10) for n in range(30)]
    assert share_by_patient(hits, patients) == share(10 * every, 10)


def test_where_films_differ_patients_are_drawn_and_not_films():
    hits, patients = np.arange(60) < 30, [str(n // 10) for n in range(60)]
    found = share_by_patient(hits, patients)
    assert found == bootstrap(lambda i: float(hits[i].mean()), patients)
    assert found[2] - found[1] > mean(hits.astype(float))[2] - mean(hits.astype(float))[1]


def test_a_mean_and_a_median_of_the_same_value_are_that_value():
    assert mean(np.full(5, 2.0)) == median([2.0] * 5) == (2.0, 2.0, 2.0)


@pytest.mark.parametrize(
    ("there", "wanted", "drawn"), [(10, 4, [0, 2, 5, 7]), (3, 5, [0, 1, 2]), (0, 5, []), (4, 4, [0, 1, 2, 3])]
)
def test_an_even_sample_has_no_repeats(there, wanted, drawn):
    assert evenly(range(there), wanted) == drawn
