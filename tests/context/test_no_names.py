"""From the command line's argument to the last message: no name, date or identifier of a history gets through."""

from chatcad.context import parse
from chatcad.pipeline import Conversation
from tests.factories import make_study
from tests.test_pipeline import system

TOLD = "Johanna Canaryson, born 12.03.1961, MRN CANARY-77, 62-year-old woman with fever. Known heart failure."


def test_no_message_and_no_sentence_carries_a_canary():
    seen = []

    def listen(messages):
        seen.extend(str(m.content) for m in messages)
        return ""

    talk = Conversation(make_study(), context=parse(TOLD))
    turns = system(replies=listen).converse(["Is the heart enlarged?", "And what next?"], talk)
    everything = " ".join([*seen, *(t.answer for t in turns)]).lower()
    assert "<context>age 60-69; female; woman with fever. known heart failure." in everything
    assert not [c for c in ("canary", "johanna", "1961", "62") if c in everything]
