"""Measurements: what is given, withheld, said with a caveat, and said without being asked for."""

from dataclasses import replace

import numpy as np
import pytest

from chatcad.findings.measure import LENGTHS, NAMES, RATIOS, limits, measure, shown, standing, stands_out, worth_saying
from chatcad.findings.wording import describe_measurement, measurement_line
from chatcad.types import Masks, Measurement
from tests.factories import make_masks, make_study


def by_name(measurements):
    return {m.name: m for m in measurements}


def test_ratios_are_always_given_and_lengths_only_where_the_spacing_is_known():
    assert [m.name for m in measure(make_masks(), "PA")] == list(RATIOS)
    measured = measure(make_masks(), "PA", (9.0, 5.0))
    assert [(m.id, m.name) for m in measured] == [(f"M{i}", name) for i, name in enumerate(NAMES, 1)]
    found = by_name(measured)
    # 26 and 52 columns of 5 mm; the spacing of the rows has no say in a width.
    assert (found["heart_width_mm"].value, found["thoracic_width_mm"].value) == (130, 260)
    assert found["heart_width_mm"].unit == "mm" and shown(found["heart_width_mm"]) == "130 mm"
    assert found["lung_area_ratio"].value == 1.0
    assert found["mediastinal_width_ratio"].value == pytest.approx(12 / 52, abs=0.01)


def test_ratios_survive_squashing():
    tall = make_masks()
    squashed = Masks(*(m[::2] for m in (tall.right_lung, tall.left_lung, tall.heart)), quality=tall.quality)
    assert [m.value for m in measure(squashed, "PA")] == [m.value for m in measure(tall, "PA")]


@pytest.mark.parametrize("masks", [None, replace(make_masks(), quality=0.1)])
def test_everything_is_withheld_on_failed_masks(masks):
    measured = measure(masks, "PA", (0.2, 0.2))
    assert [m.name for m in measured] == list(NAMES)
    assert all(m.value is None and "could not be outlined" in m.caveat and shown(m) == "withheld" for m in measured)
    assert all("withheld" in describe_measurement(m, "clinician")[0] for m in measured)


def test_a_mediastinum_behind_the_heart_is_not_measured():
    masks = make_masks()
    tall_heart = masks.heart.copy()
    tall_heart[8:52, 27:37] = True
    found = by_name(measure(replace(masks, heart=tall_heart), "PA"))
    assert found["mediastinal_width_ratio"].value is None
    assert "aortic arch" in found["mediastinal_width_ratio"].caveat
    assert found["lung_area_ratio"].value is not None


def test_lengths_are_withheld_where_the_spacing_can_not_be_that_of_the_pixels():
    found = by_name(measure(make_masks(), "PA", (2.0, 2.0)))
    assert all(found[n].value is None and "spacing" in found[n].caveat for n in LENGTHS)
    assert all(found[n].value is not None for n in RATIOS)


def test_caveats():
    assert all("AP" in by_name(measure(make_masks(), v))[n].caveat for v in ("AP", "unknown") for n in RATIOS[::2])
    assert by_name(measure(make_masks(), "PA"))["mediastinal_width_ratio"].caveat is None
    lengths = by_name(measure(make_masks(), "PA", (5.0, 5.0)))
    assert all("at the detector" in lengths[name].caveat for name in LENGTHS)


@pytest.mark.parametrize("name", NAMES)
def test_every_standing_of_every_measurement_has_its_sentence(name):
    low, high = limits(name)
    for value, place in ((high + 1, "above"), ((low + high) / 2, "within"), (low - 1, "below")):
        if name == "cardiothoracic_ratio" and place == "below":
            continue
        one = Measurement("M1", name, value, "mm" if name in LENGTHS else "1", "", "why")
        assert standing(one) == place
        for mode in ("clinician", "patient"):
            sentences = describe_measurement(one, mode)
            assert len(sentences) == (2 if place != "within" or name in LENGTHS else 1)
            assert all(s.endswith(".") and "{" not in s for s in sentences)


@pytest.mark.parametrize(
    ("name", "over", "view", "said"),
    [
        ("mediastinal_width_ratio", 0.02, "PA", True),
        ("mediastinal_width_ratio", 0.02, "AP", False),
        ("mediastinal_width_ratio", 0.10, "AP", True),
        ("lung_area_ratio", 0.3, "PA", True),
        ("lung_area_ratio", 0.3, "unknown", False),
        ("heart_width_mm", 30, "PA", False),
        ("lung_area_ratio", -0.1, "PA", False),
    ],
)
def test_what_is_said_without_being_asked_for(name, over, view, said):
    one = Measurement("M2", name, limits(name)[1] + over, "1", "", None)
    assert stands_out(one, view) is said
    study = make_study()
    study = replace(study, view=view, measurements=(*study.measurements, one))
    assert (one in worth_saying(study)) is said
    assert study.measurements[0] in worth_saying(study)


def test_a_table_s_line_says_all():
    line = measurement_line(make_study().measurements[0])
    assert line.startswith("M1 cardiothoracic ratio: 0.57 (reference <=0.50 on PA; this is an AP film")


def test_references_hold_the_middle_of_healthy_films():
    assert all(0 <= limits(name)[0] < limits(name)[1] for name in NAMES)
    assert np.isclose(limits("cardiothoracic_ratio")[1], 0.5)
