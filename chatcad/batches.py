"""Many films at once: what `pipeline.read_film` does with one, with the networks on several together.

It knows batches and that one unreadable file must not stop the others. Everything else is ``pipeline``'s.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, cast

from chatcad import checking, findings, imaging
from chatcad.config import Settings
from chatcad.errors import ImageRefused
from chatcad.types import Radiograph, Reading, Study

if TYPE_CHECKING:
    from chatcad.scale import Networks

LOADERS = 2
"""Threads that decode files while the networks run: decoders let go of the interpreter's lock."""


def read_films(
    sources: Iterable[Path | bytes | ImageRefused], reader: Networks, settings: Settings
) -> Iterator[Study | ImageRefused]:
    """Read films into facts, in their order.

    Parameters
    ----------
    sources
        Files or their bytes; drawn as they are needed, no more than two batches ahead. Where one could not be had, why
        takes its place.
    reader, settings
        As for `chatcad.pipeline.read_film`.

    Yields
    ------
    Study or ImageRefused
        One a source; its times are the film's share of its batch.
    """
    source = iter(sources)
    with ThreadPoolExecutor(LOADERS) as pool:

        def begin() -> list[Future[tuple[Radiograph | ImageRefused, float]]]:
            return [pool.submit(_load, one, settings) for one in islice(source, reader.together)]

        waiting = begin()
        while waiting:
            loaded = [future.result() for future in waiting]
            waiting = begin()  # is decoded while the networks are on these
            readings = reader.read_many(film for film, _ in loaded if isinstance(film, Radiograph))
            for film, load_ms in loaded:
                outcome = film if isinstance(film, ImageRefused) else next(readings)
                yield outcome if isinstance(outcome, ImageRefused) else _study(cast(Radiograph, film), outcome, load_ms)


def _study(film: Radiograph, reading: Reading, load_ms: float) -> Study:
    total = load_ms + sum(reading.timings_ms.values())
    return checking.check_draft(findings.interpret(film, reading), {"load": load_ms, "total": total})


def _load(source: Path | bytes | ImageRefused, settings: Settings) -> tuple[Radiograph | ImageRefused, float]:
    if isinstance(source, ImageRefused):
        return source, 0.0
    start = time.monotonic()
    try:
        film: Radiograph | ImageRefused = imaging.load(
            source, max_bytes=settings.max_bytes, max_pixels=settings.max_pixels
        )
    except ImageRefused as refusal:
        film = refusal
    return film, 1e3 * (time.monotonic() - start)
