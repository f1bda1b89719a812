"""The chat model behind the ``openai`` backend: LangChain's client, held to our deadlines and errors.

It knows how a server can fail while it writes. Which server is asked is ``chatcad.llm.openai``'s business.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from contextlib import closing
from typing import Any, cast

import httpx
import openai
from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.language_models.chat_models import generate_from_stream
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_openai.chat_models.base import BaseChatOpenAI  # ChatOpenAI renames max_tokens, which older servers need
from pydantic import SecretStr

from chatcad.errors import BackendFailed
from chatcad.llm.premises import defuse
from chatcad.llm.web import client

_PATIENCE = 60.0  # seconds for one read where the caller sets no deadline
_FAILURES = (openai.OpenAIError, httpx.HTTPError, ValueError)  # ValueError: no JSON, or a stream without a chunk


class RemoteChatModel(BaseChatModel):
    """Greedy chat through a server.

    Parameters
    ----------
    model_name
        As the server calls it.
    max_tokens
        Written tokens at most, where a call doesn't say.
    """

    model_name: str
    server: BaseChatOpenAI
    max_tokens: int = 256

    @classmethod
    def connect(cls, base_url: str, api_key: str, model_name: str) -> RemoteChatModel:
        """Return a model that asks the server at ``base_url``; nothing is sent yet."""
        server = BaseChatOpenAI(
            model=model_name,
            base_url=base_url,
            api_key=SecretStr(api_key or "none"),
            temperature=0.0,
            max_retries=0,  # a second try would eat the answer's time; the client retries refused connections
            use_responses_api=False,
            http_client=client(_PATIENCE),
        )
        return cls(model_name=model_name, server=server)

    @property
    def _llm_type(self) -> str:
        return "chatcad-openai"

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return generate_from_stream(self._stream(messages, stop, run_manager, **kwargs))

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
        limit = max_tokens or self.max_tokens
        if (left := deadline - time.monotonic()) <= 0:
            yield _cut("deadline")
            return
        safe = [m.model_copy(update={"content": defuse(m.text)}) for m in messages]
        chunks = self.server.stream(safe, stop=stop, max_tokens=limit, timeout=min(left, _PATIENCE))
        try:
            with closing(cast("Generator[AIMessageChunk]", chunks)) as stream:
                for count, message in enumerate(stream):
                    if time.monotonic() >= deadline:
                        yield _cut("deadline")
                        return
                    if count > limit + 8:  # a server that doesn't heed max_tokens; a few chunks carry no text
                        yield _cut("length")
                        return
                    yield ChatGenerationChunk(message=message)
        except _FAILURES as error:
            if time.monotonic() >= deadline:
                yield _cut("deadline")
                return
            raise BackendFailed(f"the language-model server failed ({_reason(error)}): see its log") from error


def _cut(ending: str) -> ChatGenerationChunk:
    """Return the last chunk of a text that we ended, not the server."""
    return ChatGenerationChunk(message=AIMessageChunk(content=""), generation_info={"finish_reason": ending})


def _reason(error: Exception) -> str:
    return (str(error).strip().splitlines() or [""])[0] or type(error).__name__
