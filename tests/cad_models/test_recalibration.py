"""A classifier's operating points from local films: figures, rules and refusals, on scores made for the purpose."""

import numpy as np
import pytest

from cad_models.calibration import OperatingPoint, likelihood_ratio, reliability_of, sigmoid
from cad_models.recalibration import Films, calibrate_label, too_few


def films(n=240, *, strength=2.0, others=True, seed=0):
    """Scores that are overconfident logits of a finding in a third of the films, two films a patient."""
    rng = np.random.default_rng(seed)
    truth = rng.random(n) < 1 / 3
    scores = 3.0 * (strength * truth + rng.normal(size=n))
    abnormal = truth | (rng.random(n) < 0.5)
    patients = tuple(f"p{i // 2}" for i in range(n))
    return Films(
        scores, np.full(n, 0.5), rng.random((n, 74)).astype(np.float32), truth, patients, abnormal if others else None
    )


@pytest.fixture(scope="module")
def strong():
    return calibrate_label("Effusion", films(600), None, specificity=0.9, unseen=True)


def test_calibration_mends_overconfident_scores(strong):
    _, figures = strong
    assert figures["ece_after"] < min(0.08, figures["ece_before"])
    assert figures["n"] == 600 and figures["patients"] == 300 and figures["positives"] == int(films(600).truth.sum())


def test_the_threshold_gives_about_the_wanted_specificity(strong):
    point, _ = strong
    assert point.specificity == pytest.approx(0.9, abs=0.04) and point.sensitivity > 0.6
    assert 0 < point.threshold < 1 and point.weights[0] > 0 and point.weights[1] == 0


def test_a_strong_label_among_other_diseases_is_assessed(strong):
    point, figures = strong
    assert point.reliability == "assessed"
    assert point.held_out_auroc == figures["auroc"] and figures["margin"][1] > 0


@pytest.mark.parametrize(("others", "unseen"), [(False, True), (True, False)])
def test_without_other_diseases_or_on_its_training_source_it_is_weak(others, unseen):
    point, figures = calibrate_label("Effusion", films(others=others), None, specificity=0.9, unseen=unseen)
    assert point.reliability == "weak"
    assert (figures["auroc_among_abnormal"] is None) == (not others)


def test_noise_is_not_assessed():
    point, _ = calibrate_label("Effusion", films(strength=0.0), None, specificity=0.9, unseen=True)
    assert point.reliability == "not_assessed"


def test_the_error_before_is_that_of_the_map_which_the_network_came_with():
    good = OperatingPoint("Effusion", "weak", (2 / 3, 0.0), -2.7, 0.5, 0.5, 0.5, (0.8, 0.7, 0.9))
    _, figures = calibrate_label("Effusion", films(), good, specificity=0.9, unseen=True)
    assert figures["ece_before"] < 0.1


def test_the_ratio_joins_cardiomegaly_only():
    given = films()
    assert np.ptp(given.inputs("Cardiomegaly")[:, 1]) == 0.0
    wide = Films(given.scores, 0.5 + 0.2 * given.truth, given.thumbnails, given.truth, given.patients, given.abnormal)
    assert wide.inputs("Effusion")[:, 1].max() == 0.0 < wide.inputs("Cardiomegaly")[:, 1].max()


def test_too_few_films_or_patients_are_refused_with_the_reason():
    few = films(n=30)
    assert "20 are needed" in too_few(few)
    one = films()
    same = Films(one.scores, one.ratios, one.thumbnails, one.truth, ("p",) * len(one.truth), one.abnormal)
    assert "of 1 patients" in too_few(same)
    assert too_few(one) is None


@pytest.mark.parametrize(
    ("auroc", "margin", "within", "positives", "expected"),
    [
        ((0.85, 0.80, 0.90), (0.1, 0.02, 0.2), (0.7, 0.6, 0.8), 25, "assessed"),
        ((0.85, 0.80, 0.90), (0.1, -0.02, 0.2), (0.7, 0.6, 0.8), 25, "weak"),
        ((0.85, 0.80, 0.90), (0.1, 0.02, 0.2), (0.7, 0.6, 0.8), 19, "weak"),
        ((0.85, 0.80, 0.90), (0.1, 0.02, 0.2), (0.53, 0.4, 0.8), 25, "not_assessed"),
        ((0.79, 0.70, 0.90), (0.1, 0.02, 0.2), (0.7, 0.6, 0.8), 25, "weak"),
        ((0.60, 0.49, 0.70), (0.1, 0.02, 0.2), None, 25, "not_assessed"),
    ],
)
def test_the_rule(auroc, margin, within, positives, expected):
    given = {"positives": positives, "unseen": True}
    assert reliability_of(auroc, margin, within, **given, likelihood_ratio=4.0) == expected
    # A label that fires nearly as often without the finding says nothing, however its scores are ordered.
    assert reliability_of(auroc, margin, within, **given, likelihood_ratio=1.9) == "not_assessed"


def test_the_likelihood_ratio_is_sensitivity_by_false_alarms():
    assert likelihood_ratio(0.4, 0.9) == pytest.approx(4.0)
    assert likelihood_ratio(0.4, 1.0) > 1e5


def test_sigmoid():
    assert sigmoid(np.array([0.0]))[0] == 0.5
