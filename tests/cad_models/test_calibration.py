import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cad_models.calibration import (
    OperatingPoint,
    expected_calibration_error,
    fit_platt,
    read_points,
    threshold_at_specificity,
    write_points,
)
from cad_models.labels import LABELS
from cad_models.weights_io import WEIGHTS

POINT = OperatingPoint("Effusion", "weak", (1.2, 0.0), -2.0, 0.3, 0.6, 0.85, (0.7, 0.6, 0.8))


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def test_platt_recovers_the_map_that_made_the_labels():
    rng = np.random.default_rng(0)
    score = rng.normal(0, 2, (4000, 1))
    truth = rng.random(4000) < sigmoid(0.8 * score[:, 0] - 1.5)
    slopes, bias = fit_platt(score, truth)
    assert abs(slopes[0] - 0.8) < 0.1
    assert abs(bias + 1.5) < 0.15
    assert expected_calibration_error(sigmoid(score @ slopes + bias), truth) < 0.03


def test_platt_lowers_the_calibration_error_of_an_overconfident_score():
    rng = np.random.default_rng(1)
    score = rng.normal(0, 3, 2000)
    truth = rng.random(2000) < sigmoid(0.3 * score - 2)
    slopes, bias = fit_platt(score[:, None], truth)
    after = expected_calibration_error(sigmoid(slopes[0] * score + bias), truth)
    assert after < expected_calibration_error(sigmoid(score), truth) / 3


def test_a_score_that_points_the_wrong_way_gets_no_weight():
    rng = np.random.default_rng(2)
    score = rng.normal(0, 1, (500, 1))
    slopes, _ = fit_platt(score, rng.random(500) < sigmoid(-2 * score[:, 0]))
    assert slopes[0] == 0


def test_calibration_error_of_a_perfect_and_of_a_wrong_forecast():
    truth = np.array([True, False] * 50)
    assert expected_calibration_error(np.full(100, 0.5), truth) == 0
    assert expected_calibration_error(np.where(truth, 0.0, 1.0), truth) == 1


@given(st.floats(0.5, 0.99), st.integers(0, 1000))
def test_threshold_keeps_the_specificity(wanted, seed):
    rng = np.random.default_rng(seed)
    probability, truth = rng.random(200), rng.random(200) < 0.3
    threshold = threshold_at_specificity(probability, truth, wanted)
    assert (probability[~truth] < threshold).mean() >= wanted - 1e-9


@given(st.floats(-50, 50), st.floats(0.2, 0.9))
def test_probability_is_one_and_rises_with_the_score(score, ratio):
    assert 0 <= POINT.probability(score, ratio) <= POINT.probability(score + 1, ratio) <= 1


def test_points_survive_the_file(tmp_path):
    write_points(tmp_path / "points.json", [POINT], "a note")
    assert read_points(tmp_path / "points.json") == {"Effusion": POINT}


def test_shipped_points_name_every_label_and_their_order_of_trust():
    points = read_points(WEIGHTS / "classifier.json")
    assert set(points) == set(LABELS)
    for point in points.values():
        _, low, high = point.held_out_auroc
        assert low <= high
        if point.reliability != "not_assessed":
            assert low > 0.5
