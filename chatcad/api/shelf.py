"""The studies that API clients may come back to: in memory, for a while, each for its owner only."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from cachetools import TTLCache
from numpy.typing import NDArray

from chatcad.types import Study, Turn

MOST_BYTES = 2**30
MOST_STUDIES = 100
"""Of one owner; an older one makes way."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A study with the conversation about it."""

    id: str
    owner: str
    study: Study
    turns: tuple[Turn, ...] = ()


@dataclass(slots=True)
class Shelf:
    """Studies by id; the longest unused ones go when memory or an owner's share is full.

    Parameters
    ----------
    seconds
        How long a study is kept after it was read or last asked about.
    clock
        Seconds that only grow.
    """

    seconds: float
    clock: Callable[[], float] = time.monotonic
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _kept: TTLCache[str, Kept] = field(init=False)

    def __post_init__(self) -> None:
        """Make the store."""
        self._kept = TTLCache(MOST_BYTES, self.seconds, self.clock, getsizeof=_bytes)

    def put(self, study: Study, owner: str) -> Kept:
        """Keep a study under a new id that can't be guessed."""
        kept = Kept(secrets.token_urlsafe(18), owner, study)
        with self._lock:
            own = [k.id for k in self._kept.values() if k.owner == owner]
            for old in own[: max(0, len(own) - MOST_STUDIES + 1)]:
                del self._kept[old]
            self._kept[kept.id] = kept
        return kept

    def get(self, study_id: str, owner: str) -> Kept | None:
        """Return an owner's study; ``None`` where there is none such, or it is another's."""
        with self._lock:
            kept: Kept | None = self._kept.get(study_id)
        return kept if kept is not None and kept.owner == owner else None

    def remember(self, kept: Kept, turn: Turn) -> None:
        """Add a finished turn to a study's conversation; one that was deleted meanwhile stays deleted."""
        with self._lock:
            now: Kept | None = self._kept.get(kept.id)
            if now is not None:
                self._kept[kept.id] = replace(now, turns=(*now.turns, turn))

    def remove(self, kept: Kept) -> None:
        """Forget a study and its conversation."""
        with self._lock:
            self._kept.pop(kept.id, None)


def _bytes(kept: Kept) -> int:
    study = kept.study
    arrays: list[NDArray[Any]] = [
        study.radiograph.pixels,
        *(f.heat_map for f in study.findings if f.heat_map is not None),
    ]
    if study.masks is not None:
        arrays += [study.masks.right_lung, study.masks.left_lung, study.masks.heart]
    return sum(a.nbytes for a in arrays)
