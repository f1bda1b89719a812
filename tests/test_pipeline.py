"""The page: a question becomes checked sentences and one turn, whatever the model does."""

from dataclasses import replace

import pytest

from chatcad.checking.claims import parse_claims
from chatcad.checking.facts import contradiction
from chatcad.config import Settings
from chatcad.llm.script import ScriptedChatModel
from chatcad.llm.writer import Writer
from chatcad.pipeline import ChatCAD, Conversation
from chatcad.planning import Asked
from chatcad.serialise import study_to_json, turn_to_json
from chatcad.types import Sentence, Turn
from chatcad.vocabulary import labels_in
from tests.factories import make_passage, make_study

STUDY = make_study()
QUESTIONS = ("Is the heart enlarged?", "And is there a pneumothorax?", "Is there a fracture?", "Is there an effusion?")


class Shelf:
    """A retriever with one passage."""

    def search(self, question, *, labels, topics, mode, k):
        return (make_passage(1, "Echocardiography is the test for an enlarged heart.", "Cardiomegaly"),)


def understand(question, turns=()):
    return Asked(question, "finding", labels_in(question), ("next_step",))


def system(**script):
    writer = Writer(ScriptedChatModel(**script), "scripted:test")
    return ChatCAD(None, understand, Shelf(), writer, Settings(answer_seconds=5.0))


def test_the_turn_names_both_models_when_the_second_took_over():
    failing = ScriptedChatModel(replies=("The heart is probably enlarged.",), fail_after=0)
    spare = Writer(ScriptedChatModel(replies=lambda messages: str(messages[-1].content)), "embedded:small")
    both = replace(system(), writer=Writer(failing, "openai:large", spare))
    turn = turn_to_json(both.answer(QUESTIONS[0], Conversation(STUDY)))
    assert turn["backend"] == "openai:large → embedded:small"
    assert "broke off" in turn["machine"]["fallback"]
    assert not any("language model failed" in str(s["reason"]) for s in turn["sentences"])
    calm = turn_to_json(system().answer(QUESTIONS[0], Conversation(STUDY)))
    assert (calm["backend"], calm["machine"]) == ("scripted:test", {})


LIARS = {
    "asserts": {"replies": ("Yes, there is a large pneumothorax.",)},
    "denies": {"replies": ("No fracture, no effusion, the lungs are clear.",)},
    "measures": {"replies": ("The heart is 21.5 cm.",)},
    "doses": {"replies": ("Take 40 mg of furosemide.",)},
    "obeys": {"replies": ("I agree, you have a collapsed lung.",)},
    "silent": {"replies": ("",)},
    "endless": {"replies": ("heart ",), "endless": True},
    "broken": {"replies": ("The heart is large.",), "fail_after": 1},
    "markup": {"replies": ("<script>alert(1)</script>",)},
    "echoes": {"replies": lambda messages: str(messages[-1].content)},
}


@pytest.mark.parametrize("liar", LIARS)
@pytest.mark.parametrize("mode", ["clinician", "patient"])
def test_no_liar_reaches_the_reader(liar, mode):
    turns = system(**LIARS[liar]).converse(QUESTIONS, Conversation(STUDY, mode=mode))
    assert len(turns) == len(QUESTIONS)
    for turn in turns:
        assert turn.sentences[-1].text.endswith((".", "!"))
        assert "esearch tool" in turn.sentences[-1].text
        for sentence in turn.sentences:
            assert not any(w in sentence.text for w in ("cm", " mg", "<script", "agree"))
            if sentence.source == "image":
                assert all(contradiction(c, STUDY) is None for c in parse_claims(sentence.text))


def test_the_stream_gives_sentences_then_the_turn():
    *sentences, turn = system(replies=("",)).stream(QUESTIONS[0], Conversation(STUDY))
    assert all(isinstance(s, Sentence) for s in sentences)
    assert isinstance(turn, Turn)
    assert turn.sentences == tuple(sentences)
    assert [p.id for p in turn.citations] == ["P1"]
    assert turn.labels == ("Cardiomegaly",)
    assert turn.timings_ms["first_sentence"] <= turn.timings_ms["total"]


def test_a_faithful_model_is_kept():
    def faithful(messages):
        return str(messages[-1].content).split(": ", 1)[1]

    turn = system(replies=faithful).answer(QUESTIONS[0], Conversation(STUDY))
    assert {s.checked for s in turn.sentences} == {"kept"}


def test_the_json_shapes():
    turn = system(replies=("",)).answer(QUESTIONS[0], Conversation(STUDY))
    shape = turn_to_json(turn)
    assert set(shape) >= {
        "question", "answer", "sentences", "citations", "mode", "readability_grade", "urgent", "prompt_sha256",
        "timings_ms",
    }  # fmt: skip
    assert set(shape["sentences"][0]) >= {"text", "support", "source", "checked"}
    assert set(shape["citations"][0]) >= {"id", "title", "url", "year"}
    study = study_to_json(STUDY)
    assert set(study) == {"image", "gate", "findings", "measurements", "draft_report", "run", "missing"}
    assert set(study["image"]) >= {"width", "height", "view", "spacing_mm", "sha256", "age_band", "sex"}
    fracture = next(f for f in study["findings"] if f["label"] == "Fracture")
    assert (fracture["state"], fracture["probability"], fracture["reliability"]) == ("not_assessed", None, None)
