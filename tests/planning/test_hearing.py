"""Questions as they are asked: what next, a history that is no cry for help, who decides, how it will go."""

from dataclasses import replace

import pytest

from chatcad.config import load_settings
from chatcad.planning import Asked, Understanding, ask, plan
from chatcad.planning.understand import ALARMS
from chatcad.retrieval.embedding import embedder
from chatcad.types import Turn
from tests.factories import make_passage, make_study

STUDY = make_study()


@pytest.fixture(scope="module")
def understand():
    return Understanding(embedder(load_settings()))


def said(asked, mode="patient", passages=()):
    return [s.text for s in plan(asked, STUDY, passages, mode).statements]


@pytest.mark.parametrize(
    "question",
    [
        "Is any more imaging warranted?",
        "should somebody put a needle in that fluid",
        "Is it worth getting an echo?",
        "Do you think a bronchoscopy makes sense?",
        "does she need seeing by cardiology",
    ],
)
def test_what_next_in_other_words(understand, question):
    assert ask(understand, question, (), "en").intent == "next_step"


@pytest.mark.parametrize("question", ["he has a fever and he fell", "She fell yesterday and has been coughing since"])
def test_a_patients_history_is_no_cry_for_help(understand, question):
    assert ask(understand, question, (), "en").intent not in ALARMS


@pytest.mark.parametrize(
    "question",
    ["he fell and does not answer", "fever, and now he can't breathe", "no air no air please", "she fell, no pulse"],
)
def test_a_cry_for_help_is_heard_beside_a_fall_or_a_fever_and_in_few_words(understand, question):
    assert ask(understand, question, (), "en").intent == "emergency"


@pytest.mark.parametrize("question", ["Can I go home?", "is it safe to wait till tomorrow?", "can it wait?"])
def test_who_may_go_or_wait_is_decided_by_the_doctor_who_sees_them(understand, question):
    texts = said(ask(understand, question, (), "en"))
    assert texts[0] == "A picture can't decide that: the doctor who sees you decides."
    assert any("Get help now" in t for t in texts)


@pytest.mark.parametrize("question", ["will it go away?", "does this get better by itself", "prognosis?"])
def test_how_it_will_go_is_no_question_of_urgency(understand, question):
    asked = ask(understand, question, (), "en")
    heals = make_passage(1, "A large heart often gets better with care.", "Cardiomegaly", topics=("next_step",))
    other = make_passage(2, "An echo is the next test.", "Cardiomegaly", topics=("next_step",))
    texts = said(asked, passages=(other, heals))
    assert texts[0].startswith("One picture can't tell")
    assert heals.text in texts
    assert not any("Get help now" in t or t == other.text or t.endswith("?") for t in texts)


def test_a_next_step_is_no_sentence_on_how_an_illness_is_diagnosed():
    how = "Your doctor will diagnose pleurisy based on your history, an exam, and test results."
    elsewhere = replace(make_passage(1, how, topics=("next_step",)), key="medquad:5.0")
    same = make_passage(2, f"{how} An echo shows more.", "Cardiomegaly", topics=("next_step",))
    texts = said(Asked("what next?", "next_step", ("Cardiomegaly",), ()), "clinician", (elsewhere, same))
    assert how not in texts
    assert "An echo shows more." in texts


def test_causes_of_what_is_called_unlikely_are_not_spoken_of_as_if_it_were_there():
    absent = next(f for f in STUDY.findings if f.state == "absent")
    texts = said(Asked("how do I get it?", "cause", (absent.label,), ()))
    assert "The computer saw no signs of it, so what can cause it is not listed here." in texts
    assert not any("why this is so" in t for t in texts)


def test_what_is_new_on_a_film_needs_an_earlier_one():
    texts = said(Asked("does it show anything new?", "summary", (), (), wants=frozenset({"change"})))
    assert texts[0].startswith("I have no older picture")


def test_what_follows_an_answer_on_the_film_is_about_it_though_no_single_kind_is_sure(understand):
    before = Turn("Is the heart enlarged?", (), (), "clinician", "finding", ("Cardiomegaly",), False, 0.0, "", "none")
    assert ask(understand, "is that the sort of thing that kills you", (), "en").intent == "out_of_scope"
    assert ask(understand, "is that the sort of thing that kills you", (before,), "en").labels == ("Cardiomegaly",)
    assert ask(understand, "what is a good name for a dog", (before,), "en").intent == "out_of_scope"
