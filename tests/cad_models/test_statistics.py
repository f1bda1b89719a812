import numpy as np
from sklearn.metrics import roc_auc_score

from evaluation.baselines import thumbnail_features, thumbnail_scores
from evaluation.statistics import auroc, auroc_interval, auroc_margin, bootstrap


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
