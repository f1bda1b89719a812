import time

import pytest

from chatcad.config import Settings
from chatcad.errors import BackendFailed, ModelMissing, UsageError
from chatcad.llm import openai
from chatcad.llm.remote import TRIES

from .server import serving

MESSAGES = [("system", "Rewrite."), ("user", "Is <|im_end|>it?")]


def model(server, **kwargs):
    return openai.create(Settings(backend="openai", base_url=server.url, **kwargs))


def test_streams_words():
    with serving() as server:
        chunks = list(model(server).stream(MESSAGES, max_tokens=9, stop=["\n"], deadline=time.monotonic() + 20))
    assert [str(c.content) for c in chunks if c.content] == ["The", " heart", " is", " large."]
    assert any(c.response_metadata.get("finish_reason") == "stop" for c in chunks)
    (request,) = server.requests
    assert (request["max_tokens"], request["stop"], request["model"]) == (9, ["\n"], "m")
    assert (request["temperature"], request["seed"]) == (0.0, 0)
    assert "deadline" not in request
    assert request["messages"][1] == {"role": "user", "content": "Is < |im_end|>it?"}


def test_invoke_says_the_same():
    with serving() as server:
        assert model(server).invoke(MESSAGES).content == "The heart is large."


def test_the_named_model_is_asked_for():
    with serving(models=("a", "b")) as server:
        assert model(server, model="b").model_name == "b"
        assert model(server).model_name == "a"


@pytest.mark.parametrize(
    ("manner", "reason", "requests"),
    [
        ("error", "CUDA out of memory", TRIES),
        ("busy", "too many requests", TRIES),
        ("hangs_up", ".", TRIES),
        ("unauthorised", "bad key", 1),
        ("gone", "no such model", 1),
        ("broken", "engine died", 1),
        ("drops", "broke off", 1),
        ("garbage", ".", 1),
        ("redirect", ".", 1),
        ("empty", ".", 1),
        ("wordless", "no word", 1),
    ],
)
def test_failures_are_typed_in_one_line_and_tried_again_only_where_it_may_help(manner, reason, requests):
    with serving(manner) as server, pytest.raises(BackendFailed, match=reason) as caught:
        model(server).invoke(MESSAGES)
    assert "\n" not in str(caught.value)
    assert len(server.requests) == requests


@pytest.mark.parametrize("manners", [("busy", "good"), ("error", "busy", "good"), ("hangs_up", "good"), ("slow",)])
def test_what_passes_is_waited_for(manners):
    with serving(*manners) as server:
        assert model(server).invoke(MESSAGES, deadline=time.monotonic() + 20).content == "The heart is large."
    assert len(server.requests) == len(manners)


@pytest.mark.parametrize("manner", ["error", "busy_for_long"])
def test_tries_end_in_time_for_somebody_else_to_write(manner):
    with serving(manner) as server:
        asked, start = model(server), time.monotonic()
        with pytest.raises(BackendFailed):
            asked.invoke(MESSAGES, deadline=start + 8)
        assert time.monotonic() - start < 4
    assert manner == "error" or len(server.requests) == 1  # half a minute was asked for: not worth waiting


@pytest.mark.parametrize("manner", ["stalls", "keeps_alive"])
def test_the_deadline_ends_a_server_that_hangs(manner):
    with serving(manner) as server:
        asked, start = model(server), time.monotonic()
        message = asked.invoke(MESSAGES, deadline=start + 0.4)
        assert time.monotonic() - start < 8
    assert message.content == "The"
    assert message.response_metadata["finish_reason"] == "deadline"


def test_a_server_that_never_begins_has_failed():
    with serving("silent") as server:
        asked, start = model(server), time.monotonic()
        with pytest.raises(BackendFailed, match=r"no word \(deadline\)"):
            asked.invoke(MESSAGES, deadline=start + 0.4)
        assert time.monotonic() - start < 8


def test_a_server_with_another_model_than_before_is_asked_for_its_name():
    with serving("gone", "good") as server:
        asked = model(server)
        server.models = ("other",)
        with pytest.raises(BackendFailed):
            asked.invoke(MESSAGES)
        assert asked.invoke(MESSAGES).content == "The heart is large."
    assert [r["model"] for r in server.requests] == ["m", "other"]
    assert asked.machine == {"device": "server", "model": "other"}


def test_a_server_that_comes_later_is_found(capsys):
    with serving() as server:
        port = server.server_port
    asked = model(server)
    assert "does not answer" in capsys.readouterr().err
    with pytest.raises(BackendFailed, match="does not answer"):
        asked.invoke(MESSAGES)
    with serving(port=port):
        assert asked.invoke(MESSAGES).content == "The heart is large."
    assert asked.model_name == "m"


def test_the_deadline_ends_an_endless_text():
    with serving("endless") as server:
        message = model(server).invoke(MESSAGES, max_tokens=10**6, deadline=time.monotonic() + 0.5)
    assert message.response_metadata["finish_reason"] == "deadline"
    assert message.content


def test_max_tokens_ends_an_endless_text():
    with serving("endless") as server:
        message = model(server).invoke(MESSAGES, max_tokens=10)
    assert message.response_metadata["finish_reason"] == "length"
    assert message.content.count("on") < 30


def test_a_deadline_in_the_past_sends_nothing():
    with serving() as server:
        assert model(server).invoke(MESSAGES, deadline=time.monotonic() - 1).content == ""
    assert server.requests == []


def test_an_abandoned_stream_hangs_up():
    with serving("endless") as server:
        stream = model(server).stream(MESSAGES)
        next(stream)
        stream.close()
        assert server.hung_up.wait(10)


def test_a_proxy_of_the_environment_is_not_used(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    with serving() as server:
        assert model(server).invoke(MESSAGES).content == "The heart is large."


def test_async_stream_says_the_same():
    import asyncio

    async def collect(asked):
        return "".join([str(c.content) async for c in asked.astream(MESSAGES, max_tokens=8)])

    with serving() as server:
        assert asyncio.run(collect(model(server))) == "The heart is large."


def test_no_address():
    with pytest.raises(ModelMissing, match="CHATCAD_BASE_URL"):
        openai.create(Settings())
    status = openai.status(Settings())
    assert not status.usable
    assert status.remedy.startswith("set CHATCAD_BASE_URL")


def test_nobody_answers():
    with serving() as server:
        pass
    with pytest.raises(ModelMissing, match="does not answer"):
        model(server, fallback=False)
    assert "start the server" in openai.status(Settings(base_url=server.url)).remedy


@pytest.mark.parametrize("kwargs", [{"models": ()}, {"models_status": 404}])
def test_a_server_without_models(kwargs):
    with serving(**kwargs) as server, pytest.raises(ModelMissing):
        model(server, fallback=False)


def test_a_server_that_lists_nothing_is_asked_for_the_named_model():
    with serving(models=()) as server:
        asked = model(server, model="named", fallback=False)
        assert asked.invoke(MESSAGES).content == "The heart is large."
        assert "in use: named" in openai.status(Settings(base_url=server.url, model="named")).detail
    assert server.requests[0]["model"] == "named"


def test_status_of_a_server_that_answers():
    with serving(models=("a", "b")) as server:
        status = openai.status(Settings(base_url=server.url))
    assert status.usable
    assert "a, b" in status.detail


def test_an_address_on_a_public_network_is_refused_before_anything_is_sent():
    settings = Settings(base_url="https://api.example.com/v1")
    with pytest.raises(UsageError, match="CHATCAD_ALLOW_REMOTE=1"):
        openai.create(settings)
    assert not openai.status(settings).usable
