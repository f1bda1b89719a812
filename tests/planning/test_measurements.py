"""Several measurements in one study: each is said when asked for, and none takes another's number."""

from dataclasses import replace

import pytest

from chatcad.checking import Facts, check_draft
from chatcad.checking.claims import measures_in
from chatcad.checking.draft import objection_to_line
from chatcad.checking.settle import settle
from chatcad.findings.measure import NAMES
from chatcad.findings.wording import describe_measurement
from chatcad.planning import Asked, plan
from chatcad.types import Measurement, Statement
from tests.factories import echo, make_study, say

VALUES = {"lung_area_ratio": 1.21, "mediastinal_width_ratio": 0.24, "heart_width_mm": 148, "thoracic_width_mm": 290}


def study_with(*, view="PA", **changes):
    study = make_study()
    values = VALUES | changes
    more = tuple(
        Measurement(f"M{i}", name, values[name], "mm" if name.endswith("_mm") else "1", "", "a caveat")
        for i, name in enumerate(NAMES[1:], start=2)
    )
    film = replace(study.radiograph, spacing_mm=(0.2, 0.2))
    return replace(study, radiograph=film, view=view, measurements=(*study.measurements, *more))


STUDY = study_with()


def measured(question, intent="measurement", labels=(), study=STUDY, mode="clinician"):
    made = plan(Asked(question, intent, labels, ()), study, (), mode)
    ids = {m.id: m.name for m in study.measurements}
    return list(dict.fromkeys(ids[i] for s in made.statements for i in s.support if i in ids))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("place", [0.0, 1000.0])
@pytest.mark.parametrize("mode", ["clinician", "patient"])
def test_every_sentence_passes_its_own_check_and_names_its_measurement(name, place, mode):
    study = study_with(**{n: v + place for n, v in VALUES.items()})
    measurement = study.measurement(name)
    for text in describe_measurement(measurement, mode):
        assert settle(Statement(text, (measurement.id,), "image"), Facts(study), echo).checked == "kept"
    if mode == "clinician":
        assert measures_in(describe_measurement(measurement, mode)[0]) == (name,)


@pytest.mark.parametrize(
    ("question", "labels", "names"),
    [
        ("How large is the heart?", ("Cardiomegaly",), ["cardiothoracic_ratio"]),
        ("How many centimetres is the heart?", ("Cardiomegaly",), ["cardiothoracic_ratio", "heart_width_mm"]),
        ("How wide is the mediastinum?", (), ["mediastinal_width_ratio"]),
        ("What is the lung area ratio?", (), ["lung_area_ratio"]),
        ("How wide is the chest?", (), ["thoracic_width_mm"]),
        ("Is the mediastinum widened?", ("Enlarged Cardiomediastinum",), ["mediastinal_width_ratio"]),
    ],
)
def test_the_measurement_asked_for_is_said(question, labels, names):
    assert measured(question, labels=labels) == names


def test_a_question_that_names_a_measurement_is_answered_by_it_whatever_its_kind():
    assert measured("Is the lung area ratio normal?", "finding") == ["lung_area_ratio"]


def test_no_length_without_spacing_and_the_answer_says_so():
    study = make_study()
    made = plan(Asked("How many mm wide is it?", "measurement", ("Cardiomegaly",), ()), study, (), "clinician")
    assert "pixel spacing" in made.statements[0].text


def test_a_summary_tells_only_what_stands_out():
    assert measured("What do you see?", "summary") == ["cardiothoracic_ratio"]
    wide = study_with(mediastinal_width_ratio=0.6)
    assert measured("What do you see?", "summary", study=wide) == ["cardiothoracic_ratio", "mediastinal_width_ratio"]
    lines = check_draft(wide, {}).draft_report.splitlines()
    assert sum("mediastinal width ratio" in line for line in lines) == 1
    assert not any("lung area" in line or " mm" in line for line in lines)


@pytest.mark.parametrize(
    "line",
    [
        "The cardiothoracic ratio is 1.21.",
        "The lung area ratio is 0.57.",
        "The mediastinal width ratio is 1.21.",
        "The cardiothoracic ratio is 0.57 and the lung area ratio is 1.21.",
        "The ratio is 0.57.",
        "The heart's width is 290 mm.",
    ],
)
def test_a_report_line_may_not_mix_measurements_up(line):
    assert objection_to_line(line, STUDY) is not None


def test_a_report_line_with_its_own_number_stands():
    assert objection_to_line("The lung area ratio is 1.21.", STUDY) is None
    assert objection_to_line("The heart's width is 148 mm.", STUDY) is None


@pytest.mark.parametrize(("swap", "by"), [("lung area ratio", "cardiothoracic ratio"), ("1.21", "0.57")])
def test_a_wording_may_not_tell_another_measurement(swap, by):
    text = describe_measurement(STUDY.measurement("lung_area_ratio"), "clinician")[0]
    draft = text.replace(swap, by)
    assert settle(Statement(text, ("M2",), "image"), Facts(STUDY), say(draft)).text == text
