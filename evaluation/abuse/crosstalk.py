"""Many visitors at once, each with a film and a secret of its own: whatever of another one's turns up is counted.

They share one server's objects: the handlers, the line before the model, and the store. Checked are each answer,
what the chat shows, and what the store gives back afterwards. The times are those of everything but a real model.

``python -m evaluation.abuse.crosstalk [VISITORS [TURNS]]`` prints the outcome.
"""

from __future__ import annotations

import secrets
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from chatcad.config import Settings
from chatcad.errors import TalkMissing
from chatcad.loading import Loading
from chatcad.sessions import SessionStore
from chatcad.sessions.owner import new_token, owner_id
from chatcad.ui.handlers import Handlers
from chatcad.ui.shelf import Shelf
from chatcad.ui.visit import Visit
from evaluation.abuse.actors import Echo, film_of


@dataclass(frozen=True, slots=True)
class Outcome:
    """Answers given and lost, signs of another visitor, and the 95th percentile of an answer's time in ms."""

    answers: int
    lost: int
    crossed: int
    p95_ms: float


@dataclass(frozen=True, slots=True)
class _Visitor:
    secret: str
    visit: Visit
    seconds: Sequence[float]


def run(visitors: int = 20, turns: int = 10) -> Outcome:
    """Let the visitors ask at the same time, and compare."""
    system: Future[Echo] = Future()
    system.set_result(Echo(pause=0.001))
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(visitors) as threads:
        store = SessionStore.open(Settings(cache=Path(folder)))
        work = Handlers(Loading(system=system), shelf=Shelf(store))  # type: ignore[arg-type]  -- stands in for ChatCAD
        people = list(threads.map(lambda _: _visit(work, turns), range(visitors)))
        store.engine.dispose()
        again = Shelf(SessionStore.open(Settings(cache=Path(folder))))
        crossed = sum(_crossed(person, people, again) for person in people)
        kept = sum(entry.turns for person in people for entry in again.entries(person.visit.owner))
    times = [1000 * s for person in people for s in person.seconds]
    return Outcome(len(times), visitors * turns - kept, crossed, float(np.percentile(times, 95)))


def _visit(work: Handlers, turns: int) -> _Visitor:
    secret, seconds = secrets.token_hex(16), []
    visit = Visit(owner=owner_id(None, new_token())).about(film_of(secret))
    work.shelf.keep(visit)
    for number in range(turns):
        start = time.perf_counter()
        *_, visit = work.answer(visit.ask(f"Question {number} of {secret}?"), "clinician", "", owner=secret)
        seconds.append(time.perf_counter() - start)
    return _Visitor(secret, visit, seconds)


def _crossed(person: _Visitor, people: Sequence[_Visitor], shelf: Shelf) -> int:
    """Count where others' secrets turn up with this visitor, and others' talks that open for this visitor."""
    back, _ = shelf.bring_back(person.visit.owner, person.visit.talk)
    shown = [str(visit.messages()) + str(visit.turns) for visit in (person.visit, back)]
    others = [other for other in people if other is not person]
    found = sum(other.secret in text for other in others for text in shown)
    found += sum(text.count(person.secret) == 0 for text in shown)
    return found + sum(_opens(shelf, person.visit.owner, other.visit.talk) for other in others)


def _opens(shelf: Shelf, owner: str, talk: str) -> bool:
    try:
        shelf.bring_back(owner, talk)
    except TalkMissing:
        return False
    return True


if __name__ == "__main__":
    found = run(*map(int, sys.argv[1:]))
    print(f"{found.answers} answers, {found.lost} lost, {found.crossed} crossed, p95 {found.p95_ms:.0f} ms")
