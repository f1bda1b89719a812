"""A made-up film and a system that repeats what it was given: what abuse tests drive the page's own verbs with."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from chatcad.pipeline import Conversation
from chatcad.types import Finding, Gate, Radiograph, RunRecord, Sentence, Study, Turn
from chatcad.ui.phantom import phantom_film


def film_of(secret: str) -> Study:
    """Return a study that carries a secret where a film's own facts stand."""
    finding = Finding("F1", "Cardiomegaly", "present", "assessed", 0.82, "likely", network="none", threshold=0.5)
    film = Radiograph(phantom_film(), sha256=secret, view="PA")
    return Study(film, Gate(True, 0.9), "PA", (finding,), (), None, f"Report of {secret}.", RunRecord({}, {}, {}))


class Echo:
    """Answers with the film's secret and every earlier question that it was told, ``pause`` seconds a sentence."""

    def __init__(self, pause: float = 0.0) -> None:
        self._pause = pause

    def read(self, source: Path | bytes) -> Study:
        """Read a film whose bytes are its secret."""
        return film_of(source.decode() if isinstance(source, bytes) else source.read_text(encoding="utf-8"))

    def stream(self, question: str, talk: Conversation) -> Iterator[Sentence | Turn]:
        """Yield some sentences, then the turn: the same for the same film, earlier turns and question."""
        earlier = [turn.question for turn in talk.turns]
        said = []
        for text in (f"Film {talk.study.radiograph.sha256}.", f"Asked before: {earlier}.", f"Asked: {question}."):
            time.sleep(self._pause)
            said.append(Sentence(text, ("F1",), "image", "kept"))
            yield said[-1]
        yield Turn(question, tuple(said), (), talk.mode, "finding", ("Cardiomegaly",), False, 8.0, "0" * 64, "echo",
                   {"total": 0.0})  # fmt: skip
