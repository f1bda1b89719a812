"""What may be compared between two films, and what may not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chatcad.findings.change import changes, ratio_change
from tests.factories import make_study

STUDY = make_study()


def by_label(study, prior):
    return {c.now.label: c for c in changes(study, prior)}


@pytest.mark.parametrize(
    ("then", "now", "level"),
    [(0.04, 0.46, "higher"), (0.46, 0.75, "higher"), (0.75, 0.95, "higher"), (0.95, 0.04, "lower"), (0.3, 0.4, "same")],
)
def test_levels_are_those_of_the_bands(then, now, level):
    studies = (make_study({"Effusion": ("assessed", p)}) for p in (now, then))
    assert by_label(*studies)["Effusion"].level == level


def test_a_label_that_one_film_lacks_is_not_compared():
    other = make_study({"Pneumothorax": ("assessed", 0.9)})
    found = by_label(STUDY, other)
    assert (found["Pneumothorax"].level, found["Pneumothorax"].apart) == (None, "not_assessed_now")
    assert found["Cardiomegaly"].apart == "not_assessed_then"
    assert "Fracture" not in found, "looked for on neither film"


@pytest.mark.parametrize("changed", ["net", "calibration"])
def test_other_weights_or_another_calibration_make_no_change(changed):
    prior = replace(STUDY, run=replace(STUDY.run, weights_sha256={changed: "b" * 64}))
    assert {c.apart for c in changes(STUDY, prior)} == {"networks"}
    assert ratio_change(STUDY, prior).difference is None


def test_another_network_makes_no_change():
    prior = replace(STUDY, findings=tuple(replace(f, network="other") for f in STUDY.findings))
    assert by_label(STUDY, prior)["Cardiomegaly"].apart == "networks"


def test_what_either_film_has_comes_first():
    order = [c.flagged for c in changes(STUDY, make_study({"Edema": ("assessed", 0.9)}))]
    assert order == sorted(order, reverse=True)
    assert by_label(STUDY, make_study({"Edema": ("assessed", 0.9)}))["Edema"].flagged


def test_the_ratio_is_subtracted_only_on_one_known_view():
    assert ratio_change(STUDY, make_study(ctr=0.48)).difference == 0.09
    assert ratio_change(STUDY, make_study(ctr=None)).difference is None
    assert ratio_change(STUDY, replace(make_study(ctr=0.48), view="PA")).difference is None
    unknown = replace(STUDY, view="unknown")
    assert ratio_change(unknown, replace(make_study(ctr=0.48), view="unknown")).difference is None
    assert ratio_change(STUDY, replace(STUDY, measurements=())) is None
