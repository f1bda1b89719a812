import time

import pytest

from chatcad.config import Settings
from chatcad.errors import BackendFailed, ModelMissing, UsageError
from chatcad.llm import openai

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
    assert (request["max_tokens"], request["stop"], request["model"], request["temperature"]) == (9, ["\n"], "m", 0.0)
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
    ("manner", "reason"),
    [
        ("error", "CUDA out of memory"),
        ("unauthorised", "bad key"),
        ("broken", "engine died"),
        ("garbage", "."),
        ("redirect", "."),
        ("empty", "."),
    ],
)
def test_failures_while_writing_are_typed_and_in_one_line(manner, reason):
    with serving(manner) as server, pytest.raises(BackendFailed, match=reason) as caught:
        model(server).invoke(MESSAGES)
    assert "\n" not in str(caught.value)
    assert len(server.requests) == 1  # no silent second try


@pytest.mark.parametrize(("manner", "shown"), [("silent", ""), ("stalls", "The"), ("keeps_alive", "The")])
def test_the_deadline_ends_a_server_that_hangs(manner, shown):
    with serving(manner) as server:
        asked, start = model(server), time.monotonic()
        message = asked.invoke(MESSAGES, deadline=start + 0.4)
        assert time.monotonic() - start < 8
    assert message.content == shown
    assert message.response_metadata["finish_reason"] == "deadline"


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
        model(server)
    assert "start the server" in openai.status(Settings(base_url=server.url)).remedy


@pytest.mark.parametrize("kwargs", [{"models": ()}, {"models_status": 404}])
def test_a_server_without_models(kwargs):
    with serving(**kwargs) as server, pytest.raises(ModelMissing):
        model(server)


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
