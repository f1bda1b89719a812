"""What a system is made of, and what it does without: the one place that decides.

A film is read without a network that fails (``cad_models.sparing``). The command line wants language model and
guideline store, and names what mends them (exit code 4). A server would rather answer with what it has: without a
language model sentences are said as planned, without the store they rest on the film alone; each answer says so
(``Turn.missing``).

Gate, segmenter and sentence embedding are never done without: a film that no gate has seen is not read, and the letters
of a question alone don't tell its kind, least of all a cry for help. Films are read without the embedding.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from chatcad.config import Settings
from chatcad.errors import ChatCADError, ModelMissing, SearchFailed, in_one_line
from chatcad.scale import Networks, open_networks
from chatcad.types import Mode, Passage

if TYPE_CHECKING:
    from chatcad.llm.writer import Writer
    from chatcad.planning import Understanding


class Retriever(Protocol):
    """What an answer asks of the guideline store."""

    def search(
        self, question: str, *, labels: Sequence[str], topics: Sequence[str], mode: Mode, k: int
    ) -> tuple[Passage, ...]:
        """Return passages, best first; raises ``SearchFailed``."""
        ...


_log = logging.getLogger("chatcad.parts")

Parts = tuple[Networks, "Understanding", Retriever, "Writer"]


def load(settings: Settings, *, serving: bool) -> Parts:
    """Load everything that the settings name.

    Parameters
    ----------
    serving
        Whether a missing language model or guideline store is done without.

    Raises
    ------
    ModelMissing
        What can't be done without is missing; the message says the remedy.
    """
    from chatcad.imaging.isolation import KEEPER
    from chatcad.planning import Understanding
    from chatcad.retrieval.embedding import embedder

    KEEPER.start()
    writer = _writer(settings, serving=serving)
    reader = open_networks(settings, lenient=True)
    return reader, Understanding(embedder(settings)), _retriever(settings, serving=serving), writer


def _writer(settings: Settings, *, serving: bool) -> Writer:
    from chatcad.llm.writer import Writer

    try:
        return Writer.open(settings)
    except ModelMissing as error:
        if not serving:
            raise
        from chatcad.llm.absent import AbsentChatModel

        _log.warning("no language model, so sentences are said as planned: %s", error)
        return Writer(AbsentChatModel(reason=str(error)), f"{settings.backend}:none")


def _retriever(settings: Settings, *, serving: bool) -> Retriever:
    from chatcad.retrieval.store import open_retriever

    try:
        return open_retriever(settings)
    except Exception as error:
        if not serving:
            raise
        why, typed = in_one_line(error), isinstance(error, ChatCADError)
        _log.warning("no guideline store, so answers rest on the film alone: %s", why, exc_info=not typed)
        return _NoStore(why)


@dataclass(frozen=True, slots=True)
class _NoStore:
    """Stands in for a store that could not be opened."""

    reason: str

    def search(self, *_: object, **__: object) -> tuple[Passage, ...]:
        """Find nothing, and say why."""
        raise SearchFailed(self.reason)


@dataclass(slots=True)
class Shelf:
    """The guideline store within one answer: once it has failed it is not asked again, and ``missing`` says why."""

    retriever: Retriever
    missing: tuple[str, ...] = field(default=(), init=False)

    def search(
        self, question: str, *, labels: Sequence[str], topics: Sequence[str], mode: Mode, k: int
    ) -> tuple[Passage, ...]:
        """Return passages, best first; none once the store has failed."""
        if self.missing:
            return ()
        try:
            return self.retriever.search(question, labels=labels, topics=topics, mode=mode, k=k)
        except SearchFailed as error:
            self.missing = (f"no guideline passages: {error}",)
            return ()
