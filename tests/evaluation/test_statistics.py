"""AUROC and intervals: by patient, honest where every case agrees; and samples without repeats."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from evaluation.baselines import thumbnail_features, thumbnail_scores
from evaluation.statistics import (
    auroc,
    auroc_interval,
    auroc_margin,
    bootstrap,
    evenly,
    mean,
    median,
    share,
    share_by_patient,
    share_of,
)


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
    assert share_by_patient(hits, patients) == bootstrap(lambda i: float(hits[i].mean()), patients)


def test_a_mean_and_a_median_of_the_same_value_are_that_value():
    assert mean(np.full(5, 2.0)) == median([2.0] * 5) == (2.0, 2.0, 2.0)


@pytest.mark.parametrize(
    ("there", "wanted", "drawn"), [(10, 4, [0, 2, 5, 7]), (3, 5, [0, 1, 2]), (0, 5, []), (4, 4, [0, 1, 2, 3])]
)
def test_an_even_sample_has_no_repeats(there, wanted, drawn):
    assert evenly(range(there), wanted) == drawn


def test_auroc_agrees_with_scikit_learn_also_with_ties():
    rng = np.random.default_rng(0)
    scores, truth = rng.integers(0, 6, 300).astype(float), rng.random(300) < 0.3
    assert abs(auroc(scores, truth) - roc_auc_score(truth, scores)) < 1e-12


def test_auroc_of_one_class_is_not_a_number():
    assert np.isnan(auroc(np.arange(4.0), np.ones(4, dtype=bool)))


def test_the_bootstrap_draws_patients_not_films():
    # Ten films of each of four patients carry no more than four values: the interval must be that of four.
    values = np.repeat([0.0, 0.0, 1.0, 1.0], 10)
    by_patient = bootstrap(lambda i: float(values[i].mean()), [str(k // 10) for k in range(40)])
    by_film = bootstrap(lambda i: float(values[i].mean()), [str(k) for k in range(40)])
    assert by_patient[2] - by_patient[1] > 2 * (by_film[2] - by_film[1])


def test_a_score_has_no_margin_over_itself():
    rng = np.random.default_rng(1)
    scores, truth = rng.random(80), rng.random(80) < 0.5
    assert auroc_margin(scores, scores, truth, [str(k) for k in range(80)]) == (0.0, 0.0, 0.0)
    point, low, high = auroc_interval(scores, truth, [str(k) for k in range(80)])
    assert low < point < high


def test_the_thumbnail_sees_exposure_and_no_patient_twice():
    rng = np.random.default_rng(2)
    truth = rng.random(120) < 0.5
    films = [np.full((64, 64), 90 + 40 * t, np.uint8) + rng.integers(0, 20, (64, 64), dtype=np.uint8) for t in truth]
    features = np.stack([thumbnail_features(f) for f in films])
    patients = [str(k) for k in range(120)]
    assert auroc(thumbnail_scores(features, truth, patients), truth) > 0.95
    # One film many times over: a patient in two folds would give its label away.
    noise = rng.random(12) < 0.5
    copies = np.repeat(rng.random((12, 74)).astype(np.float32), 10, axis=0)
    scores = thumbnail_scores(copies, np.repeat(noise, 10), [str(k // 10) for k in range(120)])
    assert auroc(scores, np.repeat(noise, 10)) < 0.95
