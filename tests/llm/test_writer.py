"""The writer: one sentence at a time, tidied, within its deadline, and silent rather than wrong."""

import time

import pytest

from chatcad.checking.settle import NoWording
from chatcad.llm.script import ScriptedChatModel
from chatcad.llm.writer import MOST_REWRITES, Writer, tidy
from chatcad.prompting import assemble
from chatcad.types import Statement
from tests.factories import make_study

STATEMENT = Statement("Cardiomegaly is likely (probability 0.82).", ("F1",), "image")


def session(deadline=60.0, **script):
    prompt = assemble(make_study(), "?", (), (), mode="clinician", design="P3")
    return Writer(ScriptedChatModel(**script), "scripted").session(prompt, time.monotonic() + deadline)


@pytest.mark.parametrize(
    ("reply", "sentence"),
    [
        ("The heart is probably enlarged.", "The heart is probably enlarged."),
        ('"The heart is probably enlarged."', "The heart is probably enlarged."),
        ("Sure: The heart is probably enlarged.", "The heart is probably enlarged."),
        ("- The heart is probably enlarged [F1]. And more.", "The heart is probably enlarged."),
        ("The ratio is 0.57. Next one.", "The ratio is 0.57."),
        ("A: Get help now.", "Get help now."),
        ("A heart is seen.", "A heart is seen."),
        ("", ""),
    ],
)
def test_tidy(reply, sentence):
    assert tidy(reply) == sentence


def test_one_sentence_is_taken_from_a_longer_reply():
    write = session(replies=("The heart is large. It is 21.5 cm. More. And more.",))
    assert write(STATEMENT, None) == "The heart is large."


def test_an_endless_reply_ends():
    assert len(session(replies=("heart ",), endless=True)(STATEMENT, None).split()) < 100


def test_no_time_left():
    with pytest.raises(NoWording, match="no time"):
        session(deadline=0.0, replies=("The heart is large.",))(STATEMENT, None)


def test_a_slow_model_is_cut_at_its_share_of_the_time():
    start = time.monotonic()
    session(deadline=4.0, replies=("word " * 200,), delay=0.05)(STATEMENT, None)
    assert time.monotonic() - start < 3.5


def test_a_model_that_fails_is_not_asked_again():
    write = session(replies=("The heart is large.",), fail_after=1)
    for _ in range(2):
        with pytest.raises(NoWording, match="language model failed"):
            write(STATEMENT, None)


def test_rewrites_are_bounded_in_one_answer():
    write = session(replies=("The heart is large.",))
    for _ in range(MOST_REWRITES):
        write(STATEMENT, "refused")
    with pytest.raises(NoWording, match="too often"):
        write(STATEMENT, "refused")
