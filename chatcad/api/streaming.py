"""An answer as server-sent events: ``waiting``, ``sentence`` …, then ``turn``; or ``problem`` where it broke off."""

from __future__ import annotations

import json
import queue
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

from anyio import to_thread
from fastapi.sse import format_sse_event

from chatcad import DISCLAIMER
from chatcad.api.problems import problem_of
from chatcad.api.shelf import Kept
from chatcad.desk import LOOK_SECONDS, Answer, Desk
from chatcad.errors import ChatCADError
from chatcad.pipeline import Conversation
from chatcad.serialise import sentence_to_json, turn_to_json
from chatcad.types import Turn


async def events(
    desk: Desk, kept: Kept, question: str, talk: Conversation, remember: Callable[[Turn], None]
) -> AsyncIterator[bytes]:
    """Yield each sentence after its check, and the finished turn at the end.

    When the client goes away the generator is closed, and the models are free after the sentence under way.
    """
    before = len(desk.line)
    if before:
        yield event("waiting", {"before": before, "detail": f"the machine is busy: {before} before you"})
    with desk.answer(question, talk, kept.owner) as answer:
        try:
            async for said in spoken(answer):
                if isinstance(said, Turn):
                    remember(said)
                    yield event("turn", turn_as_json(said))
                elif said is None:
                    yield b": still here\n\n"
                else:
                    yield event("sentence", sentence_to_json(said))
        except ChatCADError as error:
            yield format_sse_event(event="problem", data_str=bytes(problem_of(error).body).decode())


def turn_as_json(turn: Turn) -> dict[str, Any]:
    """Return a finished turn with the line that goes with every answer."""
    return {"disclaimer": DISCLAIMER, **turn_to_json(turn)}


async def spoken(answer: Answer) -> AsyncIterator[Any]:
    """Yield what is said, and ``None`` while nothing is, so that a proxy keeps the connection open."""
    while True:
        try:
            said = await to_thread.run_sync(answer.next, LOOK_SECONDS)
        except queue.Empty:
            yield None
            continue
        if said is None:
            return
        yield said


def event(name: str, data: Mapping[str, Any]) -> bytes:
    """Return one event."""
    return format_sse_event(event=name, data_str=json.dumps(data, ensure_ascii=False))
