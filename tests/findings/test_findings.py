"""States, bands and places: what a detector's reliability lets it say."""

import numpy as np
import pytest

from chatcad.findings import interpret
from chatcad.findings.bands import judge
from chatcad.findings.location import locate
from chatcad.findings.measure import measure
from chatcad.findings.wording import describe
from chatcad.types import Gate, LabelReading, Masks, Reading
from tests.factories import make_film, make_masks


@pytest.mark.parametrize(
    ("reliability", "probability", "threshold", "expected"),
    [
        ("assessed", 0.95, 0.5, ("present", "definite")),
        ("assessed", 0.60, 0.5, ("present", "likely")),
        ("assessed", 0.30, 0.5, ("uncertain", "possible")),
        ("assessed", 0.12, 0.1, ("uncertain", "possible")),
        ("assessed", 0.05, 0.5, ("absent", "unlikely")),
        ("weak", 0.99, 0.5, ("uncertain", "possible")),
        ("weak", 0.01, 0.5, ("not_flagged", None)),
        ("not_assessed", None, None, ("not_assessed", None)),
        ("not_assessed", 0.9, 0.5, ("not_assessed", None)),
    ],
)
def test_state_and_band(reliability, probability, threshold, expected):
    assert judge(LabelReading("Effusion", reliability, "net", probability, threshold)) == expected


def heat_at(rows, columns):
    heat = np.zeros((32, 32), dtype=np.float32)
    heat[rows, columns] = 1.0
    return heat


def test_sides_are_the_patients():
    masks = make_masks()
    on_the_images_left = heat_at(slice(20, 24), slice(5, 9))
    assert locate(on_the_images_left, masks) == ("right", "lower")
    on_the_images_right = heat_at(slice(5, 9), slice(22, 26))
    assert locate(on_the_images_right, masks) == ("left", "upper")


def test_both_sides_and_no_side():
    masks = make_masks()
    both = heat_at(slice(5, 25), slice(5, 9)) + heat_at(slice(5, 25), slice(22, 26))
    assert locate(both, masks) == ("bilateral", None)
    assert locate(heat_at(slice(0, 2), slice(0, 2)), masks) == (None, None)
    assert locate(np.zeros((32, 32), dtype=np.float32), masks) == (None, None)


def test_the_ratio_is_withheld_on_failed_masks_and_carries_its_caveat():
    good = make_masks()
    failed = Masks(good.right_lung, good.left_lung, good.heart, quality=0.1)
    assert measure(good, "PA")[0].value == pytest.approx(0.5, abs=0.01)
    assert measure(good, "PA")[0].caveat is None
    assert "AP" in measure(good, "AP")[0].caveat
    assert measure(failed, "PA")[0].value is None
    assert measure(None, "PA")[0].caveat


def test_every_label_gets_one_fact_with_a_stable_id():
    labels = (LabelReading("Effusion", "assessed", "net", 0.7, 0.5, heat_map=heat_at(slice(20, 24), slice(5, 9))),)
    reading = Reading(Gate(True, 1.0), "PA", "header", labels, make_masks(), "", {})
    study = interpret(make_film(), reading)
    assert [f.id for f in study.findings] == [f"F{n}" for n in range(1, len(study.findings) + 1)]
    effusion = study.finding("Effusion")
    assert (effusion.state, effusion.side, effusion.zone) == ("present", "right", "lower")
    assert study.finding("Fracture").state == "not_assessed"
    assert study.finding("Fracture").probability is None


def narrow_chest(view, probability):
    """A film whose heart is wide (ratio 0.6) under a detector that sees no cardiomegaly."""
    masks = make_masks()
    heart = masks.heart.copy()
    heart[30:52, 16:48] = True
    label = LabelReading("Cardiomegaly", "assessed", "net", probability, 0.1)
    wide = Masks(masks.right_lung & ~heart, masks.left_lung & ~heart, heart, 0.9)
    return interpret(make_film(), Reading(Gate(True, 1.0), view, "header", (label,), wide, "", {}))


@pytest.mark.parametrize("view", ["PA", "AP"])
def test_cardiomegaly_is_not_called_absent_against_its_own_measurement(view):
    study = narrow_chest(view, 0.03)
    assert study.measurements[0].value > 0.56
    finding = study.finding("Cardiomegaly")
    assert (finding.state, finding.band) == ("uncertain", "possible")
    assert describe(finding, "clinician").endswith("but the measured ratio is above the reference.")


def test_a_low_probability_called_possible_says_why():
    finding = narrow_chest("PA", 0.12).finding("Cardiomegaly")
    assert describe(finding, "clinician") == (
        "Cardiomegaly is possible: its probability, 0.12, is above this detector's operating point, 0.10."
    )
