"""The line before the models: so many at a time, and nobody's second request before another's first.

It knows owners and their order. It knows nothing of films; ``desk`` holds a place while a model works.
"""

from __future__ import annotations

import heapq
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from chatcad.errors import Busy

PLACES = 16
"""Requests that may wait: each holds a thread of the server, and the last one waits a minute or two already."""

_LOOK_SECONDS = 0.25


class Gone(Exception):
    """Whoever waited has left; nobody is told."""


@dataclass(slots=True)
class Line:
    """A fair lock. Each request of one owner is ranked behind that owner's earlier one, and among owners by arrival.

    This is start-time fair queueing with requests of equal cost (Goyal, Vin, Cheng 1996): a client that sends twenty
    questions at once delays another client's first by one, not by twenty. ``at_once`` are served together: one by
    the models of this process, several by a deployment of them.
    """

    places: int = PLACES
    at_once: int = 1
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _waiting: list[tuple[int, int]] = field(default_factory=list)
    _last: dict[str, int] = field(default_factory=dict)
    _arrivals: int = 0
    _round: int = 0
    _taken: int = 0

    def __len__(self) -> int:
        """Return how many wait or are being served."""
        with self._changed:
            return self._count()

    def admit(self) -> None:
        """Refuse who would find every place taken.

        Raises
        ------
        Busy
            It says how many are before.
        """
        with self._changed:
            if len(self._waiting) >= self.places:
                raise Busy(f"the machine is busy: {self._count()} before you. Try again in a minute")

    def _count(self) -> int:
        return len(self._waiting) + self._taken

    @contextmanager
    def turn(self, owner: str, gone: threading.Event | None = None) -> Iterator[None]:
        """Wait for this owner's turn, and hold the models while the block runs.

        Parameters
        ----------
        owner
            Who asks, as ``access`` names them.
        gone
            Set when nobody waits for the outcome any more.

        Raises
        ------
        Busy
            Every place to wait is taken.
        Gone
            ``gone`` was set before the turn came.
        """
        self._enter(owner, gone or threading.Event())
        try:
            yield
        finally:
            with self._changed:
                self._taken -= 1
                if not self._waiting:
                    self._last.clear()
                self._changed.notify_all()

    def _enter(self, owner: str, gone: threading.Event) -> None:
        with self._changed:
            self.admit()
            self._arrivals += 1
            rank = max(self._round, self._last.get(owner, 0)) + 1
            self._last[owner] = rank
            ticket = (rank, self._arrivals)
            heapq.heappush(self._waiting, ticket)
            while self._taken >= self.at_once or self._waiting[0] != ticket:
                self._changed.wait(_LOOK_SECONDS)
                if gone.is_set():
                    self._waiting.remove(ticket)
                    heapq.heapify(self._waiting)
                    self._changed.notify_all()
                    raise Gone
            heapq.heappop(self._waiting)
            self._taken, self._round = self._taken + 1, rank
            self._changed.notify_all()  # the next one may have a place too
