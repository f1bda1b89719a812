"""An answer between the models and its reader."""

from __future__ import annotations

import traceback
from concurrent.futures import Future

import pytest

from chatcad.desk import Answer
from chatcad.errors import ModelMissing
from chatcad.loading import loaded


def test_what_comes_after_the_reader_stopped_is_not_told() -> None:
    answer, stopped = Answer(), iter((False, True))
    answer.say("a finished turn")
    assert list(answer.until(lambda: next(stopped))) == []


def test_a_failed_load_keeps_nothing_of_those_who_asked_for_it() -> None:
    promise: Future[str] = Future()
    promise.set_exception(ModelMissing("no weights"))
    frames = []
    for _ in range(3):
        with pytest.raises(ModelMissing, match="no weights") as raised:
            loaded(promise)
        frames.append(len(traceback.extract_tb(raised.value.__traceback__)))
    assert frames[0] == frames[2]
