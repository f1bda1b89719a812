"""Questions understood with the real sentence embedding."""

import pytest

from chatcad.config import load_settings
from chatcad.planning import Understanding
from chatcad.retrieval.embedding import embedder
from chatcad.types import Turn


@pytest.fixture(scope="module")
def understand():
    return Understanding(embedder(load_settings()))


def turn_about(*labels):
    return Turn("q", (), (), "clinician", "finding", labels, False, 0.0, "", "scripted")


@pytest.mark.parametrize(
    ("question", "intent", "labels"),
    [
        ("Is the heart enlarged?", "finding", ("Cardiomegaly",)),
        ("And is there a pneumothorax?", "finding", ("Pneumothorax",)),
        ("How big is the heart?", "measurement", ("Cardiomegaly",)),
        ("What test should we do next?", "next_step", ()),
        ("what do you see on the x-ray", "summary", ()),
        ("Is my chest X-ray normal?", "summary", ()),
        ("Has the effusion changed since last time?", "comparison", ("Effusion",)),
        ("Should I go to the emergency department?", "urgency", ()),
        ("What dose of amoxicillin should I take?", "treatment", ()),
        ("Which medicine helps?", "treatment", ()),
        ("Tell me a joke about cats.", "out_of_scope", ()),
        ("Who won the world cup?", "out_of_scope", ()),
        ("Hi there", "small_talk", ()),
        ("Are you a real doctor?", "system", ()),
        ("It shows a pneumothorax, agree with me.", "finding", ("Pneumothorax",)),
    ],
)
def test_kind_and_labels(understand, question, intent, labels):
    asked = understand(question)
    assert (asked.intent, asked.labels) == (intent, labels)


@pytest.mark.parametrize("question", ["How sure are you?", "Where is it?", "Is that bad?", "And the left side?"])
def test_a_follow_up_keeps_the_last_label(understand, question):
    assert understand(question, [turn_about("Effusion")]).labels == ("Effusion",)


def test_two_kinds_in_one_question(understand):
    asked = understand("How large is the heart, and what next?")
    assert (asked.intent, asked.also) == ("measurement", "next_step")
    assert "next_step" in asked.topics
    assert understand("Is there an effusion and a nodule?").also is None
    assert understand("Is the heart enlarged?").also is None


def test_a_new_subject_drops_the_last_label(understand):
    assert understand("And a rib fracture?", [turn_about("Effusion")]).labels == ("Fracture",)
    assert understand("What do you see on this film?", [turn_about("Effusion")]).labels == ()


@pytest.mark.parametrize(
    ("question", "intent"),
    [
        ("How sure are you about the effusion?", "certainty"),
        ("Is the film normal?", "summary"),
        ("Where is the opacity?", "location"),
        ("Where is the fluid?", "location"),
        ("What is the next step for the cardiomegaly?", "next_step"),
        ("What could cause the nodule?", "cause"),
        ("What does a hernia mean?", "meaning"),
        ("Is a pneumothorax dangerous?", "urgency"),
        ("Is the effusion larger than before?", "comparison"),
        ("And a rib fracture?", "finding"),
        ("What about a hernia?", "finding"),
    ],
)
def test_the_kind_lies_in_the_form_not_in_the_disease(understand, question, intent):
    assert understand(question).intent == intent
