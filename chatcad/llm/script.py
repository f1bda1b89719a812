"""The chat model behind the ``scripted`` backend: replies from a list or a function, in words."""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk
from pydantic import PrivateAttr

from chatcad.errors import BackendFailed
from chatcad.llm.streaming import StreamingChatModel
from chatcad.llm.text_stream import TextStream


class ScriptedChatModel(StreamingChatModel):
    """Says what it is told.

    Parameters
    ----------
    replies
        Said in turn, and from the start again; or a function from the messages to a reply.
    delay
        Seconds before each word.
    fail_after
        Words after which every reply breaks off with ``BackendFailed``.
    endless
        Say each reply over and over until ``max_tokens`` (words, here) or the deadline ends it.
    """

    model_name: str = "scripted"
    replies: tuple[str, ...] | Callable[[list[BaseMessage]], str] = ()
    delay: float = 0.0
    fail_after: int | None = None
    endless: bool = False
    _count: Iterator[int] = PrivateAttr(default_factory=itertools.count)

    @property
    def _llm_type(self) -> str:
        return "chatcad-scripted"

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        *,
        max_tokens: int | None = None,
        deadline: float = float("inf"),
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        text: TextStream[str] = TextStream("".join, stop or ())
        limit, ending = max_tokens or self.max_tokens, "stop"
        for number, word in enumerate(self._words(messages)):
            if number == limit:
                ending = "length"
                break
            if number == self.fail_after:
                raise BackendFailed(f"the scripted backend broke off after {number} words, as it was told")
            time.sleep(max(0.0, min(self.delay, deadline - time.monotonic())))
            if time.monotonic() >= deadline:
                ending = "deadline"
                break
            yield ChatGenerationChunk(message=AIMessageChunk(content=text.push(word)))
            if text.stopped:
                break
        last = AIMessageChunk(content=text.flush(), chunk_position="last")
        yield ChatGenerationChunk(message=last, generation_info={"finish_reason": ending, "model_name": "scripted"})

    def _words(self, messages: list[BaseMessage]) -> Iterator[str]:
        words = re.findall(r"\s*\S+\s*$|\s*\S+", self._reply(messages))
        return itertools.cycle(words) if self.endless else iter(words)

    def _reply(self, messages: list[BaseMessage]) -> str:
        if callable(self.replies):
            return self.replies(messages)
        return self.replies[next(self._count) % len(self.replies)] if self.replies else ""
