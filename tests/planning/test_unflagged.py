"""What an answer says of findings that nobody flagged: no advice as if they were there, no endless list."""

import pytest

from chatcad.findings.wording import PATIENT_LIST, describe_unseen
from chatcad.language import speaking
from chatcad.planning import Asked, plan, subjects
from chatcad.planning.foreign import understand
from chatcad.types import Finding
from chatcad.vocabulary import find_mentions, terms
from tests.factories import make_passage, make_study

STUDY = make_study()
FOLLOW_UP = make_passage(1, "A chest physician follows a broken rib up.", "Fracture", topics=("next_step",))
LOOK = make_passage(2, "Films of the ribs show more than a chest film.", "Fracture", topics=("limits",))
ECHO = make_passage(3, "Echocardiography is the next test.", "Cardiomegaly", topics=("next_step",))


def said(intent, *labels, passages=(FOLLOW_UP, LOOK, ECHO)):
    return [s.text for s in plan(Asked("?", intent, labels, ()), STUDY, passages, "clinician").statements]


def test_advice_on_a_finding_that_was_not_assessed_is_how_to_look_for_it():
    assert LOOK.text in said("finding", "Fracture")
    assert FOLLOW_UP.text not in said("finding", "Fracture")


def test_what_next_after_an_unflagged_finding_is_about_the_flagged_ones_too():
    assert "Cardiomegaly" in subjects(Asked("what next?", "next_step", ("Fracture",), ()), STUDY)
    texts = said("next_step", "Fracture")
    assert texts[0].startswith("Fracture was not assessed")
    assert ECHO.text in texts
    assert FOLLOW_UP.text not in texts


def test_a_patient_hears_of_unassessed_findings_the_most_urgent_first_and_how_many_there_are():
    group = [Finding(f"F{i}", label, "not_assessed", "not_assessed") for i, label in enumerate(terms(), start=1)]
    text = describe_unseen(group, "patient")
    named = {m.label for m in find_mentions(text)}
    assert str(len(group)) in text
    assert len(named) == PATIENT_LIST
    assert {terms()[label].urgency for label in named} == {"now"}
    assert describe_unseen(group[:PATIENT_LIST], "patient").count(",") == PATIENT_LIST - 1


@pytest.mark.parametrize(
    ("language", "question"), [("de", "Wonach wurde nicht gesucht?"), ("es", "¿Qué no se ha buscado?")]
)
def test_the_question_that_a_patient_is_told_to_ask_is_understood(language, question):
    with speaking(language):
        told = describe_unseen(
            [Finding(f"F{i}", label, "not_assessed", "not_assessed") for i, label in enumerate(terms())], "patient"
        )
    assert question.strip("¿?") in told
    assert understand(question, (), language).intent == "system"
