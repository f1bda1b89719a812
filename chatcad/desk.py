"""Where page and API come for films to be read and questions to be answered: one line, one set of models, one count.

It knows the line, the promises of the models and what is recorded of each request. It holds nothing of any visitor.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, cast

from chatcad import findings, observe
from chatcad.errors import ChatCADError
from chatcad.line import Gone, Line
from chatcad.loading import Loading, loaded
from chatcad.types import Box, Region, Sentence, Study, Turn

if TYPE_CHECKING:
    from chatcad.pipeline import Conversation

LOOK_SECONDS = 0.5
"""How often it is noticed that a reader has stopped or gone."""

LOCAL = "local"
"""The owner of everything where nobody has to log in: whoever sits at this machine."""


@dataclass(slots=True)
class Answer:
    """An answer under way in a thread of its own, so that a reader who is slow or gone never holds the models.

    ``leave`` says that nobody listens any more.
    """

    _said: queue.SimpleQueue[Sentence | Turn | Exception | None] = field(default_factory=queue.SimpleQueue)
    gone: threading.Event = field(default_factory=threading.Event)

    def leave(self) -> None:
        """Free the models once the sentence under way is finished."""
        self.gone.set()

    def next(self, seconds: float | None = None) -> Sentence | Turn | None:
        """Wait for what is said next; ``None`` when all is said.

        Raises
        ------
        ChatCADError
            The answer broke off.
        queue.Empty
            Nothing was said for that many seconds.
        """
        said = self._said.get(timeout=seconds)
        if isinstance(said, Exception):
            raise said
        return said

    def until(self, stopped: Callable[[], bool]) -> Iterator[Sentence | Turn]:
        """Yield what is said until all is said, or the reader has stopped, even before the first sentence."""
        while not stopped():
            with suppress(queue.Empty):
                if (said := self.next(LOOK_SECONDS)) is None or stopped():
                    return
                yield said

    def say(self, said: Sentence | Turn | Exception | None) -> None:
        """Hand on what the models made."""
        self._said.put(said)


@dataclass(frozen=True, slots=True)
class Desk:
    """Reads and answers for one owner after the other."""

    loading: Loading

    @property
    def line(self) -> Line:
        """Who waits."""
        return self.loading.line

    def read(self, source: Path | bytes, owner: str) -> Study:
        """Read one film when this owner's turn comes; wait for the networks where they are still loading.

        Raises
        ------
        ImageRefused, ModelMissing, TooMany, Busy, AuditFailed
            Why there is no study.
        """
        read_film = loaded(self.loading.films)
        try:
            self.loading.pace.take(owner)
            with self.loading.film_line.turn(owner):
                study = read_film(source)
        except ChatCADError as error:
            observe.film_refused(error, owner)
            raise
        observe.film_read(study, owner)
        return study

    def look(self, study: Study, marked: Box, owner: str) -> Region:
        """Return what is known of a marked part of a film, with scores from the loaded classifier.

        Raises
        ------
        ModelMissing
            What answers need could not be loaded.
        """
        reader = loaded(self.loading.system).reader
        with self.line.turn(owner):
            return findings.look(study, marked, reader.occluded)

    def admit(self, owner: str) -> None:
        """Refuse a question that could not be answered, before anything is said of it.

        Raises
        ------
        ModelMissing, TooMany, Busy
            What answers need could not be loaded, the owner asks too often, or every place in the line is taken.
        """
        loaded(self.loading.system)
        self.loading.pace.take(owner)
        self.line.admit()

    @contextmanager
    def answer(self, question: str, talk: Conversation, owner: str) -> Iterator[Answer]:
        """Answer one admitted question when this owner's turn comes; leaving the block frees the models."""
        answer = Answer()
        threading.Thread(target=self._work, args=(answer, question, talk, owner), name="answer", daemon=True).start()
        try:
            yield answer
        finally:
            answer.leave()

    def turn(self, question: str, talk: Conversation, owner: str) -> Turn:
        """Answer one question and return the finished turn.

        Raises
        ------
        ModelMissing, TooMany, Busy, BackendFailed, AuditFailed
            Why there is none.
        """
        self.admit(owner)
        with self.answer(question, talk, owner) as answer:
            *_, turn = answer.until(lambda: False)
        return cast(Turn, turn)

    def _work(self, answer: Answer, question: str, talk: Conversation, owner: str) -> None:
        try:
            with self.line.turn(owner, answer.gone):
                self._speak(answer, question, talk, owner)
        except Gone:
            return
        except Exception as error:  # noqa: BLE001  -- handed to the reader's thread, which raises it
            answer.say(error)
        answer.say(None)

    def _speak(self, answer: Answer, question: str, talk: Conversation, owner: str) -> None:
        words = loaded(self.loading.system).stream(question, talk)
        turn = None
        try:
            for said in words:
                if isinstance(said, Turn):
                    turn = said
                else:
                    answer.say(said)
                if answer.gone.is_set():
                    break
        finally:
            if isinstance(words, Generator):
                words.close()  # the model stops here
            observe.answered(turn, talk.study, question, owner)
        if turn is not None:
            answer.say(turn)
