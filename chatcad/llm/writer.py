"""The pipeline's view of a language model: asked for one sentence at a time, within a deadline.

It knows how to ask and how to tidy a reply. It doesn't know which backend writes (``registry``), nor whether what
was written is true (``checking``).
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass

from langchain_core.language_models import BaseChatModel

from chatcad.checking.settle import NoWording, Write
from chatcad.config import Settings
from chatcad.errors import BackendFailed
from chatcad.prompting import Prompt
from chatcad.types import Statement

LEAST_SECONDS = 0.4
"""With less than this left, a model is not asked any more."""

SENTENCE_SHARE = 0.3
"""Share of an answer's time that one sentence and its rewrite may take: the first must not keep the reader waiting."""

MOST_REWRITES = 2
"""Rewrites asked for in one answer; a model that keeps failing isn't worth the reader's wait."""

_LEADERS = re.compile(
    r"^\s*(?:[-*•]|\"|“|'|(?:sure|okay|here (?:is|are)[^:]*|rewritten|sentence|answer|[aq])\s*[:,!]+)\s*", re.I
)
_IDS = re.compile(r"\s*[\[(`]?\b[FMP]\d+\b[\])`]?(?=\s|[.,;!?]|$)")


@dataclass(frozen=True, slots=True)
class Writer:
    """A language model behind the one question that the pipeline asks it: word this statement."""

    model: BaseChatModel
    name: str

    @classmethod
    def open(cls, settings: Settings) -> Writer:
        """Load the backend that the settings name.

        Raises
        ------
        ModelMissing
            The backend or its model is not there; the message says how to get it.
        """
        from chatcad.llm import registry

        model = registry.load(settings)
        return cls(model, f"{settings.backend}:{getattr(model, 'model_name', settings.model)}")

    def session(self, prompt: Prompt, deadline: float) -> Write:
        """Return the writer of one answer.

        Parameters
        ----------
        prompt
            What the answer is worded from.
        deadline
            ``time.monotonic()`` value after which nothing more is asked.
        """
        slice_seconds = SENTENCE_SHARE * (deadline - time.monotonic())
        rewrites, until = 0, deadline
        broken: str | None = None

        def write(statement: Statement, objection: str | None) -> str:
            nonlocal rewrites, broken, until
            rewrites += objection is not None
            if objection is None:
                until = min(deadline, time.monotonic() + slice_seconds)
            if broken is not None:
                raise NoWording(broken)
            if rewrites > MOST_REWRITES:
                raise NoWording("the model's wording had failed too often in this answer")
            if time.monotonic() > until - LEAST_SECONDS:
                raise NoWording("no time was left for the model")
            try:
                return self._write(prompt, statement, objection, until)
            except BackendFailed as error:
                broken = f"the language model failed: {error}"
                raise NoWording(broken) from error

        return write

    def _write(self, prompt: Prompt, statement: Statement, objection: str | None, deadline: float) -> str:
        text = ""
        most = 24 + len(statement.text) // 2
        stream = self.model.stream(
            prompt.messages(statement, objection), stop=["\n"], max_tokens=most, deadline=deadline
        )
        for chunk in stream:
            text += str(chunk.text)
            if time.monotonic() > deadline or re.search(r"[.!?]\s+\S", text):
                break
        return tidy(text)


def tidy(text: str) -> str:
    """Return the first sentence of a reply without list marks, quotes, lead-ins and ids."""
    text = _IDS.sub("", _LEADERS.sub("", text.strip()))
    first = re.split(r"(?<=[.!?])\s+(?=[A-Z\"“])", text.strip(), maxsplit=1)[0]
    return first.strip().strip('"”“').strip()
