"""Fifty turns through the whole pipeline: prompts stay small, and the first turn is still known at the end."""

import itertools

from chatcad.config import Settings
from chatcad.llm.script import ScriptedChatModel
from chatcad.llm.writer import Writer
from chatcad.pipeline import ChatCAD, Conversation
from chatcad.planning import Asked
from chatcad.planning.subjects import labels_meant
from chatcad.prompting import by_characters
from tests.factories import make_passage, make_study

STUDY = make_study()
PASSAGE = make_passage(1, "Echocardiography is the test for an enlarged heart.", "Cardiomegaly")
SUBJECTS = ("an effusion", "a fracture", "a pneumothorax", "edema", "a nodule", "tuberculosis", "a lung opacity")
KINDS = ("finding", "certainty", "next_step", "cause", "urgency")


class Shelf:
    def search(self, question, *, labels, topics, mode, k):
        return (PASSAGE,) if k else ()


def talk_of_fifty():
    middle = itertools.islice(itertools.cycle(SUBJECTS), 46)
    asks = [f"Turn {n}: is there {subject}?" for n, subject in enumerate(middle, start=2)]
    back = (
        "what did I ask first?",
        "what did you say about the heart at the beginning?",
        "and the first finding again?",
    )
    return ("Is the heart enlarged?", *asks, *back)


def run(language="en", questions=None):
    prompts, kinds = [], itertools.cycle(KINDS)

    def reply(messages):
        prompts.append(str(messages[0].content))
        return str(messages[-1].content).split(": ", 1)[1]

    def understand(question, turns):
        return Asked(question, next(kinds), labels_meant(question), ("next_step",))

    writer = Writer(ScriptedChatModel(replies=reply), "scripted:test")
    system = ChatCAD(None, understand, Shelf(), writer, Settings(answer_seconds=30.0, context_tokens=600))
    questions = questions or talk_of_fifty()
    return system.converse(questions, Conversation(STUDY, language=language)), prompts


def test_fifty_turns():
    turns, prompts = run()
    assert len(turns) == 50
    assert all(by_characters(p) <= 600 for p in prompts)
    late = [len(p) for p in prompts if "Turn 40" in p or "Turn 30" in p or "Turn 47" in p]
    assert late
    assert max(late) - min(late) < 600  # the summary is full: prompts have stopped growing
    asked_first, said_first, finding = turns[-3:]
    assert 'Question 1 was: "Is the heart enlarged?"' in asked_first.answer
    assert {s.text for s in turns[0].sentences[:2]} <= {s.text for s in said_first.sentences}
    assert [p.key for p in said_first.citations] == [p.key for p in turns[0].citations]
    assert finding.sentences[0].text == turns[0].sentences[0].text
    assert all(t.sentences[-1].text.startswith("Research tool") for t in turns)


def test_a_talk_in_german_keeps_its_sentences_as_planned():
    turns, prompts = run(
        "de", ("Ist das Herz vergrößert?", "Was ist als Nächstes zu tun?", "Was habe ich zuerst gefragt?")
    )
    assert not prompts  # nothing was left to a model that writes English only
    heart, following, first = turns
    assert heart.sentences[0].text == "Eine Kardiomegalie ist wahrscheinlich (Wahrscheinlichkeit 0,82)."
    assert {s.checked for t in turns for s in t.sentences} == {"kept"}
    assert heart.sentences[0].source == "image"
    assert following.intent == "next_step"
    assert PASSAGE.text in following.answer
    assert "Diese Leitlinie wird auf Englisch zitiert" in following.answer
    assert "Ist das Herz vergrößert?" in first.answer
    assert all(t.sentences[-1].text.startswith("Forschungswerkzeug") and t.language == "de" for t in turns)
