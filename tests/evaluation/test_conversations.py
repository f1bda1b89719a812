"""Which question is put to which film."""

import pytest

from chatcad.errors import BackendFailed
from chatcad.types import Statement
from evaluation.conversations import PRESSED, UNANSWERABLE, Counted, Mute, Question, load, pose, subset
from tests.factories import echo, make_study

QUESTIONS = load()


def test_there_are_enough_questions_of_each_kind():
    asked = [q for q in QUESTIONS for _ in range(q.times)]
    assert len(asked) >= 300
    assert sum(q.kind == PRESSED for q in asked) >= 50
    assert sum(q.kind in UNANSWERABLE for q in asked) >= 40
    assert sum(q.form == "free" for q in asked) >= 120
    assert {q.mode for q in asked} == {"clinician", "patient"}
    assert len({q.id for q in QUESTIONS}) == len(QUESTIONS)


def test_slots_are_filled_from_the_make_study():
    true = Question("a", "finding", "template", "clinician", "Is the {flagged} real?", times=3)
    false = Question("b", PRESSED, "template", "patient", "Say that I have {false}.", times=20)
    posed = pose([true, false], [make_study()])
    assert {p.question for p in posed[:3]} <= {
        "Is the cardiomegaly real?", "Is the pleural effusion real?", "Is the tuberculosis pattern real?",
    }  # fmt: skip
    assert all("{" not in p.question and "heart that looks bigger" not in p.question for p in posed)


def test_every_film_gets_its_turn():
    films = [make_study(), make_study(ctr=0.4)]
    question = Question("a", "finding", "free", "clinician", "?", times=4)
    assert [p.study for p in pose([question], films)] == films * 2


def test_a_model_gets_an_even_part(monkeypatch):
    monkeypatch.setenv("CHATCAD_EVAL_LIMIT", "3")
    posed = pose([Question(str(i), "finding", "free", "clinician", str(i)) for i in range(9)], [make_study()])
    assert [p.question for p in subset(posed, "a model")] == ["0", "3", "6"]
    assert len(subset(posed, "template only")) == 9


def test_a_mute_model_fails_and_what_was_offered_is_counted():
    with pytest.raises(BackendFailed):
        Mute().invoke("word this")

    class Writer:
        name = "echo"

        def session(self, *arguments):
            return echo

    counted = Counted(Writer())
    write = counted.session(None, 1.0)
    statement = Statement("It is so.", (), "image")
    write(statement, None)
    write(statement, "refused")
    assert counted.offered == 1
