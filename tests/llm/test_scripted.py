import json
import time

import pytest

from chatcad.config import Settings
from chatcad.errors import BackendFailed, ModelMissing, UsageError
from chatcad.llm import scripted
from chatcad.llm.script import ScriptedChatModel


def pieces(model, **kwargs):
    return [str(c.content) for c in model.stream("x", **kwargs)]


def test_replies_in_turn_in_words():
    model = ScriptedChatModel(replies=("The heart is large. ", "Second."))
    assert pieces(model) == ["The", " heart", " is", " large. ", ""]
    assert model.invoke("x").content == "Second."
    assert model.invoke("x").content == "The heart is large. "


def test_a_function_sees_the_messages():
    model = ScriptedChatModel(replies=lambda messages: f"{len(messages)}: {messages[-1].text}")
    assert model.invoke([("system", "s"), ("user", "hello")]).content == "2: hello"


def test_empty():
    assert ScriptedChatModel().invoke("x").content == ""
    assert ScriptedChatModel(replies=("",)).invoke("x").content == ""


def test_breaks_off_in_the_middle():
    shown = []
    with pytest.raises(BackendFailed, match="after 2 words"):
        shown.extend(str(c.content) for c in ScriptedChatModel(replies=("a b c d",), fail_after=2).stream("x"))
    model, heard = ScriptedChatModel(replies=("a b c d",), fail_after=2), []
    stream = model.stream("x")
    for _ in range(2):
        heard.append(str(next(stream).content))
    assert heard == ["a", " b"]


def test_fails_at_once():
    with pytest.raises(BackendFailed):
        ScriptedChatModel(replies=("a",), fail_after=0).invoke("x")


def test_slow_heeds_the_deadline():
    model = ScriptedChatModel(replies=("a b c d",), delay=30)
    start = time.monotonic()
    message = model.invoke("x", deadline=start + 0.1)
    assert message.content == ""
    assert message.response_metadata["finish_reason"] == "deadline"
    assert time.monotonic() - start < 10


def test_endless_is_ended_by_max_tokens():
    message = ScriptedChatModel(replies=("clear",), endless=True).invoke("x", max_tokens=7)
    assert message.content == "clear" * 7
    assert message.response_metadata["finish_reason"] == "length"


def test_stop():
    assert ScriptedChatModel(replies=("One.\nTwo.",)).invoke("x", stop=["\n"]).content == "One."


def test_from_a_file(tmp_path):
    path = tmp_path / "script.json"
    path.write_text(json.dumps({"replies": ["a b c"], "fail_after": 1}))
    with pytest.raises(BackendFailed):
        scripted.create(Settings(model=str(path))).invoke("x")
    path.write_text('["a b c"]')
    assert scripted.create(Settings(model=str(path))).invoke("x").content == "a b c"


def test_bad_files(tmp_path):
    missing = Settings(model=str(tmp_path / "none.json"))
    assert not scripted.status(missing).usable
    with pytest.raises(ModelMissing):
        scripted.create(missing)
    for content in ("not json", '{"replies": 3}', "[1, 2]"):
        path = tmp_path / "bad.json"
        path.write_text(content)
        with pytest.raises(UsageError, match=r"bad\.json"):
            scripted.create(Settings(model=str(path)))
