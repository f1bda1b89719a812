"""The chat model behind the ``openai`` backend: LangChain's client, held to our deadlines and errors.

It knows how a server can fail: before its first word it is asked again, with growing pauses, as long as that leaves
half of the time; once it has begun, a failure is a failure. Which server it is, is ``chatcad.llm.openai``'s business.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from typing import Any, cast

import httpx
import openai
from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk
from langchain_openai.chat_models.base import BaseChatOpenAI  # ChatOpenAI renames max_tokens, which older servers need
from pydantic import SecretStr
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception,
    stop_after_attempt,
    stop_before_delay,
    wait_exponential_jitter,
)

from chatcad.errors import BackendFailed, ModelMissing
from chatcad.llm.control_tokens import defuse
from chatcad.llm.streaming import StreamingChatModel
from chatcad.llm.web import client

TRIES = 3
"""Requests for one text at most."""

RETRY_SHARE = 0.5
"""Share of a text's time in which it may be asked for again; the rest is for writing it."""

CONNECT_SECONDS = 2.0
"""A server of the house that doesn't take the call in this time is down."""

_PATIENCE = 60.0  # seconds for one read where the caller sets no deadline
_FAILURES = (openai.OpenAIError, httpx.HTTPError, ValueError)  # ValueError: no JSON, or a stream without a chunk
_pauses = wait_exponential_jitter(initial=0.2, max=2.0, jitter=0.1)


class RemoteChatModel(StreamingChatModel):
    """Greedy chat through a server.

    Parameters
    ----------
    model_name
        As the server calls it; empty until a server that was silent at the start has said.
    max_tokens
        Written tokens at most, where a call doesn't say.
    find_name
        Asks the server which model it serves; raises ``ModelMissing`` while it is silent.
    """

    model_name: str
    server: BaseChatOpenAI
    find_name: Callable[[], str]

    @classmethod
    def connect(cls, base_url: str, api_key: str, model_name: str, find_name: Callable[[], str]) -> RemoteChatModel:
        """Return a model that asks the server at ``base_url``; nothing is sent yet."""
        server = BaseChatOpenAI(
            model=model_name,
            base_url=base_url,
            api_key=SecretStr(api_key or "none"),
            temperature=0.0,
            seed=0,
            max_retries=0,  # the client's own retries know no deadline
            use_responses_api=False,
            http_client=client(_PATIENCE),
        )
        return cls(model_name=model_name, server=server, find_name=find_name)

    @property
    def _llm_type(self) -> str:
        return "chatcad-openai"

    @property
    def machine(self) -> dict[str, str | int]:
        """What run records can say of a server: the model that it named."""
        return {"device": "server", "model": self.model_name}

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
        if time.monotonic() >= deadline:
            yield _cut("deadline")
            return
        safe = [m.model_copy(update={"content": defuse(m.text)}) for m in messages]
        spoke, ending, cut = False, "", ""
        try:
            with closing(self._open(safe, stop, limit, deadline)) as stream:
                for count, message in enumerate(stream):
                    if cut := _must_end(count, limit, deadline):
                        break
                    spoke = spoke or bool(message.text.strip())
                    ending = message.response_metadata.get("finish_reason") or ending
                    yield ChatGenerationChunk(message=message)
        except _FAILURES as error:
            self._forget(error)
            cut = _must_end(0, limit, deadline)
            if not cut:
                raise BackendFailed(f"the language-model server failed ({_reason(error)}): see its log") from error
        if not spoke:
            raise BackendFailed(f"the language-model server sent no word ({cut or ending}): see its log")
        if cut:
            yield _cut(cut)
        elif not ending:
            raise BackendFailed("the language-model server broke off in the middle of its text: see its log")

    def _open(
        self, messages: list[BaseMessage], stop: list[str] | None, limit: int, deadline: float
    ) -> Generator[AIMessageChunk]:
        """Ask, and again after failures that may pass, until there is a first chunk; then yield what comes."""
        asking = Retrying(
            retry=retry_if_exception(_may_pass),
            wait=_pause,
            stop=stop_after_attempt(TRIES) | stop_before_delay(RETRY_SHARE * (deadline - time.monotonic())),
            reraise=True,
        )
        stream, first = asking(self._ask, messages, stop, limit, deadline)
        with closing(stream):
            yield first
            yield from stream

    def _ask(
        self, messages: list[BaseMessage], stop: list[str] | None, limit: int, deadline: float
    ) -> tuple[Generator[AIMessageChunk], AIMessageChunk]:
        seconds = min(deadline - time.monotonic(), _PATIENCE)
        patience = httpx.Timeout(seconds, connect=min(seconds, CONNECT_SECONDS))
        chunks = self.server.stream(messages, model=self._name(), stop=stop, max_tokens=limit, timeout=patience)
        stream = cast("Generator[AIMessageChunk]", chunks)
        return stream, next(stream)

    def _name(self) -> str:
        if not self.model_name:
            try:
                self.model_name = self.find_name()
            except ModelMissing as error:
                raise BackendFailed(str(error)) from error
        return self.model_name

    def _forget(self, error: Exception) -> None:
        """Ask for the name anew after the server, started again, no longer knows the model."""
        if isinstance(error, openai.NotFoundError):
            self.model_name = ""


def _may_pass(error: BaseException) -> bool:
    """Return whether another try may help: no connection, too many requests, or trouble inside the server.

    After a time-out no time is left.
    """
    if isinstance(error, openai.APITimeoutError | httpx.TimeoutException):
        return False
    passing = (openai.APIConnectionError, openai.RateLimitError, openai.InternalServerError, httpx.TransportError)
    return isinstance(error, passing)


def _pause(state: RetryCallState) -> float:
    """Return the seconds before the next try: growing ones, and no fewer than the server asks for."""
    error = state.outcome.exception() if state.outcome else None
    asked = error.response.headers.get("retry-after", "") if isinstance(error, openai.APIStatusError) else ""
    return max(_pauses(state), float(asked) if asked.isdecimal() else 0.0)


def _must_end(count: int, limit: int, deadline: float) -> str:
    if time.monotonic() >= deadline:
        return "deadline"
    return "length" if count > limit + 8 else ""  # a few chunks carry no text


def _cut(ending: str) -> ChatGenerationChunk:
    """Return the last chunk of a text that we ended, not the server."""
    return ChatGenerationChunk(message=AIMessageChunk(content=""), generation_info={"finish_reason": ending})


def _reason(error: Exception) -> str:
    return (str(error).strip().splitlines() or [""])[0] or type(error).__name__
