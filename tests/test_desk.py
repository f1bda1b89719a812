"""An answer between the models and its reader."""

from __future__ import annotations

from chatcad.desk import Answer


def test_what_comes_after_the_reader_stopped_is_not_told() -> None:
    answer, stopped = Answer(), iter((False, True))
    answer.say("a finished turn")
    assert list(answer.until(lambda: next(stopped))) == []
