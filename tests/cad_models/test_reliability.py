import json

import numpy as np
import pytest

from cad_models import registry
from cad_models.calibration import read_points
from cad_models.reliability import FILE, Bin, bins_of, curve_of, wilson, write_curves
from chatcad.errors import ModelMissing


def test_bins_hold_as_many_films_each_and_know_their_patients():
    probability = np.linspace(0, 1, 80)
    truth = probability > 0.5
    bins = bins_of(probability, truth, np.array([str(i // 2) for i in range(80)]), bins=4)
    assert [b.n for b in bins] == [20] * 4
    assert [b.patients for b in bins] == [10] * 4
    assert [b.observed for b in bins] == [0, 0, 1, 1]
    assert all(b.low <= b.observed <= b.high for b in bins)


def test_wilsons_interval_is_that_of_the_textbook():
    low, high = wilson(0.1, 100)
    assert (low, high) == pytest.approx((0.0552, 0.1744), abs=1e-4)
    assert wilson(0.0, 100)[1] > 0.03


def test_a_curve_holds_for_its_weights_and_their_own_calibration_only(tmp_path):
    file, curve = tmp_path / "reliability.json", (Bin(0.1, 0.2, 0.1, 0.3, 50, 40),)
    write_curves({"Edema": curve}, "ab" * 32, "note", file)
    assert curve_of("Edema", {"classifier": "ab" * 32}, file) == curve
    assert curve_of("Mass", {"classifier": "ab" * 32}, file) == ()
    assert curve_of("Edema", {"classifier": "cd" * 32}, file) == ()
    assert curve_of("Edema", {"classifier": "ab" * 32, "calibration": "ef" * 32}, file) == ()


def test_a_missing_file_says_the_remedy(tmp_path):
    with pytest.raises(ModelMissing, match="git checkout"):
        curve_of("Edema", {}, tmp_path / "nothing.json")


def test_the_shipped_curves_are_those_of_the_shipped_classifier_for_each_label_that_speaks():
    sha256 = registry.get("classifier").sha256
    points = read_points(registry.get("classifier").path.with_suffix(".json"))
    speaking = {label for label, point in points.items() if point.reliability != "not_assessed"}
    assert set(json.loads(FILE.read_text())["labels"]) == speaking
    for label in speaking:
        bins = curve_of(label, {"classifier": sha256})
        assert sum(b.n for b in bins) > 1000
        assert [b.predicted for b in bins] == sorted(b.predicted for b in bins)
