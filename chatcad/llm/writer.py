"""The pipeline's view of a language model: asked for one sentence at a time, within a deadline.

It knows how to ask and how to tidy a reply. It doesn't know which backend writes (``registry``), nor whether what
was written is true (``checking``).
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage

from chatcad.checking.settle import NoWording
from chatcad.config import Settings
from chatcad.errors import BackendFailed, ModelMissing
from chatcad.llm.rest import Rest
from chatcad.prompting import Prompt, by_characters
from chatcad.types import Language, Sentence, SentenceSource, Statement

LEAST_SECONDS = 0.4
"""With less than this left, a model is not asked any more."""

SENTENCE_SHARE = 0.3
"""Share of an answer's time that one sentence and its rewrite may take: the first must not keep the reader waiting."""

MOST_REWRITES = 2
"""Rewrites asked for in one answer; a model that keeps failing isn't worth the reader's wait."""

HURRIED = "the language model’s wording of some sentences: no time was left, so fixed words say the same"
"""What a reader is told of an answer that took too long to word."""

_LEADERS = re.compile(
    r"^\s*(?:[-*•]|\"|“|'|(?:sure|okay|here (?:is|are)[^:]*|rewritten|sentence|answer|[aq])\s*[:,!]+)\s*", re.I
)
_IDS = re.compile(r"\s*[\[(`]?\b[FMPR]\d+\b[\])`]?(?=\s|[.,;!?]|$)")


@dataclass(frozen=True, slots=True)
class Writer:
    """A language model behind the one question that the pipeline asks it: word this statement.

    Parameters
    ----------
    model
        The backend's chat model.
    name
        Backend and model, for run records.
    spare
        Writes on where this one fails; it needs short prompts.
    rest
        While it lasts, the spare is asked at once. All visitors share it.
    languages
        Those that it may translate guidelines into, besides writing English.
    """

    model: BaseChatModel
    name: str
    spare: Writer | None = None
    rest: Rest = field(default_factory=Rest)
    languages: frozenset[Language] = frozenset()

    @classmethod
    def open(cls, settings: Settings) -> Writer:
        """Load the backend that the settings name, and the embedded one beside a server that may fail.

        Raises
        ------
        ModelMissing
            The backend or its model is not there; the message says how to get it.
        """
        from chatcad.llm import registry

        model = registry.load(settings)
        called = getattr(model, "model_name", "") or settings.model or settings.base_url
        languages = settings.translates if settings.backend != "embedded" else frozenset()
        return cls(model, f"{settings.backend}:{called}", cls._open_spare(settings), languages=languages)

    @classmethod
    def _open_spare(cls, settings: Settings) -> Writer | None:
        """Load the spare now: in the middle of an answer there is no time for it."""
        if settings.backend != "openai" or not settings.fallback:
            return None
        try:
            return cls.open(replace(settings, backend="embedded", model=""))
        except ModelMissing as error:
            raise ModelMissing(f"{error}; or do without a fall back: set CHATCAD_FALLBACK=off") from error

    def session(self, prompt: Prompt, deadline: float, short: Prompt | None = None) -> Session:
        """Return the writer of one answer.

        Parameters
        ----------
        prompt
            What the answer is worded from.
        deadline
            ``time.monotonic()`` value after which nothing more is asked.
        short
            The same within the embedded model's budget, for a spare that takes over.
        """
        return Session(self, prompt, deadline, short or prompt)

    def count(self, text: str) -> int:
        """Return how many tokens a text has for the model, or about how many where it doesn't say."""
        counter: Callable[[str], int] = getattr(self.model, "count_tokens", by_characters)
        return counter(text)

    def word(self, messages: list[BaseMessage], most: int, deadline: float) -> str:
        """Return one tidy sentence.

        Raises
        ------
        BackendFailed
            The model broke off, or never began.
        """
        text = ""
        for chunk in self.model.stream(messages, stop=["\n"], max_tokens=most, deadline=deadline):
            text += str(chunk.text)
            if time.monotonic() > deadline or re.search(r"[.!?]\s+\S", text):
                break
        return tidy(text)


class Session:
    """The writer of one answer: it counts rewrites and time, and goes over to the spare when the model fails."""

    def __init__(self, writer: Writer, prompt: Prompt, deadline: float, short: Prompt) -> None:
        self._writer, self.prompt, self._short, self._deadline = writer, prompt, short, deadline
        self._slice = SENTENCE_SHARE * (deadline - time.monotonic())
        self._until, self._rewrites, self._broken, self._fallback = deadline, 0, "", ""
        self._late = False
        self.backend = writer.name
        self._passed: dict[SentenceSource, tuple[str, str]] = {}
        if writer.spare and writer.rest.reason:
            self._go_over(writer.spare, writer.rest.reason)

    @property
    def machine(self) -> dict[str, str | int]:
        """What the model that wrote last runs on, and why it took over if it did; for run records."""
        facts: dict[str, str | int] = dict(getattr(self._writer.model, "machine", {}))
        return facts | ({"fallback": self._fallback} if self._fallback else {})

    @property
    def missing(self) -> tuple[str, ...]:
        """Why sentences were said as planned, where no model was there to word them or there was no time."""
        if self._broken:
            return (f"the language model’s wording, so fixed words say the same: {self._broken}",)
        return (HURRIED,) if self._late else ()

    def __call__(self, statement: Statement, objection: str | None) -> str:
        """Return a wording of the statement.

        Raises
        ------
        NoWording
            No time is left, the model failed and no spare is there, or too many rewrites were asked for.
        """
        self._rewrites += objection is not None
        if objection is None:
            self._begin_sentence()
        if self._broken:
            raise NoWording(self._broken)
        if self._rewrites > MOST_REWRITES:
            raise NoWording("the model's wording had failed too often in this answer")
        try:
            return self._ask(statement, objection)
        except BackendFailed as error:
            self._fail(error)
            return self(statement, None)

    def translates(self, language: Language) -> bool:
        """Return whether the model that writes now may translate into a language."""
        return language in self._writer.languages

    def learn(self, statement: Statement, shown: Sentence) -> None:
        """Remember a wording that passed, for the next try of the same kind (ImpressionGPT, arXiv 2304.08448)."""
        if statement.reword and shown.checked != "replaced" and shown.text != statement.text:
            self._passed[statement.source] = (statement.text, shown.text)

    def _begin_sentence(self) -> None:
        self._until = min(self._deadline, time.monotonic() + self._slice)

    def _ask(self, statement: Statement, objection: str | None) -> str:
        if time.monotonic() > self._until - LEAST_SECONDS:
            self._late = True
            raise NoWording("no time was left for the model")
        messages = self.prompt.messages(statement, objection, self._passed.get(statement.source))
        return self._writer.word(messages, 24 + len(statement.text) // 2, self._until)

    def _fail(self, error: BackendFailed) -> None:
        """Go over to the spare, or remember that nobody is left."""
        reason = f"the language model failed: {error}"
        self._writer.rest.begin(reason)
        if self._writer.spare is None:
            self._broken = reason
            raise NoWording(reason) from error
        self._go_over(self._writer.spare, reason)

    def _go_over(self, spare: Writer, reason: str) -> None:
        self._writer, self.prompt, self._fallback = spare, self._short, reason
        self.backend += f" → {spare.name}"


def tidy(text: str) -> str:
    """Return the first sentence of a reply without list marks, quotes, lead-ins and ids."""
    text = _IDS.sub("", _LEADERS.sub("", text.strip()))
    first = re.split(r"(?<=[.!?])\s+(?=[A-Z\"“])", text.strip(), maxsplit=1)[0]
    return first.strip().strip('"”“').strip()
