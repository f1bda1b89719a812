"""What page and API wait for: first the networks, so that films can be read, then everything that answers need.

It knows the order of loading. Whoever serves is up before either is there, and holds these promises.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from chatcad.config import Settings
from chatcad.errors import ChatCADError, ModelMissing, in_one_line
from chatcad.line import Line
from chatcad.pace import Pace
from chatcad.scale import open_networks
from chatcad.scale.networks import TOGETHER
from chatcad.types import Study

if TYPE_CHECKING:
    from chatcad.pipeline import ChatCAD

T = TypeVar("T")
FilmReader = Callable[[Path | bytes], Study]

_log = logging.getLogger("chatcad.loading")


@dataclass(frozen=True, slots=True)
class Loading:
    """Two promises: ``films`` reads a film, ``system`` answers; a failure to load is each one's exception.

    ``line`` and ``pace`` belong to them: whoever uses the models waits in the one and keeps to the other. Films wait in
    a line of their own where a deployment reads them, several at once.
    """

    films: Future[FilmReader] = field(default_factory=Future)
    system: Future[ChatCAD] = field(default_factory=Future)
    line: Line = field(default_factory=Line)
    pace: Pace = field(default_factory=Pace)
    deployment_line: Line | None = None

    @classmethod
    def of(cls, settings: Settings) -> Loading:
        """Return the promises of what the settings name."""
        deployment = Line(at_once=TOGETHER) if settings.cad else None
        return cls(pace=Pace(settings.films_and_questions_a_minute), deployment_line=deployment)

    @property
    def film_line(self) -> Line:
        """Where films wait."""
        return self.line if self.deployment_line is None else self.deployment_line

    def load(self, settings: Settings) -> None:
        """Load everything that the settings name; returns when it is there or has failed, and raises nothing."""
        try:
            self._load(settings)
        except Exception as error:  # noqa: BLE001  -- becomes the promises' exception
            failed = error if isinstance(error, ChatCADError) else _typed(error)
            _log.error("loading failed: %s", failed, exc_info=failed is not error)
            for promise in (self.films, self.system):
                if not promise.done():
                    promise.set_exception(failed)

    def _load(self, settings: Settings) -> None:
        from chatcad.imaging.isolation import KEEPER
        from chatcad.pipeline import ChatCAD, read_film

        KEEPER.start()
        reader = open_networks(settings, lenient=True)
        self.films.set_result(lambda source: read_film(source, reader, settings))
        self.system.set_result(ChatCAD.open(settings, serving=True))


def loaded(promise: Future[T]) -> T:
    """Wait for what a promise of `Loading` brings and return it.

    Raises
    ------
    ModelMissing
        It could not be loaded.
    """
    error = promise.exception()
    if error is not None:
        raise error.with_traceback(None)  # raised again and again, it would keep every caller's frames, films included
    return promise.result()


def _typed(error: Exception) -> ModelMissing:
    cause, remedy = in_one_line(error), "run `python -m chatcad doctor`, then start again"
    return ModelMissing(f"the models could not be loaded ({cause}): {remedy}")
