"""Similar cases in an answer: quoted, marked as other films', and not for a patient."""

import pytest

from chatcad.planning import Asked, plan
from chatcad.planning.understand import SIMILAR_CASES
from chatcad.types import SimilarCase
from tests.factories import make_study

ASKED = Asked("Show me similar cases.", "similar", (), ())
CASE = SimilarCase("case:1", "Cardiomegaly is likely. No {mass}.", "archive", 0.9, ("Cardiomegaly",), ())


def said(mode="clinician", cases=(CASE,)):
    return plan(ASKED, make_study(), (), mode, cases=cases).statements


def test_a_case_is_quoted_word_by_word_and_marked_as_another_films():
    opening, quoted = said()[:2]
    assert "nothing in them is a fact of this film" in opening.text
    assert CASE.text in quoted.text
    assert "your archive" in quoted.text
    assert (quoted.reword, quoted.source, quoted.support) == (False, "general", ())


def test_what_a_case_has_besides_is_named():
    other = SimilarCase("case:2", "Edema.", "simulated", 0.4, ("Cardiomegaly",), ("Edema",))
    assert "flagging pulmonary edema besides" in said(cases=(other,))[1].text
    clear = SimilarCase("case:3", "No mass.", "simulated", 1.0, ())
    assert "nothing is flagged" in said(cases=(clear,))[1].text


@pytest.mark.parametrize("cases", [(), (CASE,)])
def test_a_patient_reads_no_other_patients_report(cases):
    text = " ".join(s.text for s in said("patient", cases))
    assert "reports of other people" in text
    assert CASE.text not in text


def test_no_case_is_said_so():
    assert "no report with like findings" in said(cases=())[0].text


@pytest.mark.parametrize(
    "question",
    ["Show me similar cases.", "Is there a similar case?", "Any reports with the same findings?", "films like this?"],
)
def test_asking_for_similar_cases_is_heard(question):
    assert SIMILAR_CASES.search(question)


@pytest.mark.parametrize(
    "question",
    ["Is this similar to the last film?", "Is it like before?", "Compare it with the earlier films.", "A case for CT?"],
)
def test_a_comparison_asks_for_no_case(question):
    assert not SIMILAR_CASES.search(question)
