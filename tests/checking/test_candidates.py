"""A candidate cause that a model words stays a candidate."""

import pytest

from chatcad.checking import Facts
from chatcad.checking.settle import objection_to
from chatcad.types import Statement
from tests.factories import make_study

FACTS = Facts(make_study())
CLINICIAN = "Heart failure is a possible cause (ESC, 2021)."
PATIENT = "It may come from a heart that pumps too weakly."
FOUND = "Pneumonia is a possible cause (ESC, 2021)."


def objection(text, draft):
    return objection_to(draft, Statement(text, (), "general"), FACTS)


@pytest.mark.parametrize(
    ("text", "draft"),
    [
        (CLINICIAN, CLINICIAN),
        (CLINICIAN, "Heart failure may be a cause (ESC, 2021)."),
        (CLINICIAN, "One possible cause is heart failure (ESC, 2021)."),
        (PATIENT, PATIENT),
        (FOUND, "Pneumonia may be a cause (ESC, 2021)."),
    ],
)
def test_an_honest_wording_passes(text, draft):
    assert objection(text, draft) is None


@pytest.mark.parametrize(
    ("text", "draft"),
    [
        (CLINICIAN, "This is caused by heart failure (ESC, 2021)."),
        (CLINICIAN, "Heart failure is the cause (ESC, 2021)."),
        (CLINICIAN, "Heart failure is a likely cause (ESC, 2021)."),
        (CLINICIAN, "Heart failure is the possible cause (ESC, 2021)."),
        (CLINICIAN, "This film shows heart failure, a possible cause (ESC, 2021)."),
        (CLINICIAN, "There is heart failure, which is a possible cause (ESC, 2021)."),
        (CLINICIAN, "Heart failure was found, and it is a possible cause (ESC, 2021)."),
        (CLINICIAN, "The patient has heart failure, a possible cause (ESC, 2021)."),
        (CLINICIAN, "Pulmonary embolism is a possible cause (ESC, 2021)."),
        (CLINICIAN, "Heart failure is not a possible cause (ESC, 2021)."),
        (PATIENT, "It comes from a heart that pumps too weakly."),
        (PATIENT, "Your heart pumps too weakly, and it may come from that."),
        (PATIENT, "You have a heart that pumps too weakly, so it may come from that."),
        (FOUND, "Pneumonia was seen and is a possible cause (ESC, 2021)."),
        (FOUND, "Pneumonia is the cause (ESC, 2021)."),
    ],
)
def test_a_candidate_told_as_a_fact_is_refused(text, draft):
    assert objection(text, draft) is not None
