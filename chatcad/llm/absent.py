"""The chat model of a server whose language model could not be loaded: it says why, and no word."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatGenerationChunk

from chatcad.errors import BackendFailed
from chatcad.llm.streaming import StreamingChatModel


class AbsentChatModel(StreamingChatModel):
    """Fails with ``reason`` whenever it is asked."""

    reason: str

    @property
    def _llm_type(self) -> str:
        return "chatcad-absent"

    def _stream(self, messages: list[BaseMessage], *_: Any, **__: Any) -> Iterator[ChatGenerationChunk]:
        raise BackendFailed(self.reason)
