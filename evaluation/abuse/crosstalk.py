"""Many visitors at once, each with a film and a secret of its own: whatever of another one's turns up is counted.

They share one server's objects: the handlers, the line before the model, and the store. Checked are each answer,
what the chat shows, and what the store gives back afterwards. The times are those of everything but a real model.
"""

from __future__ import annotations

import secrets
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
from evaluation.abuse.outcome import Outcome, outcome

MOST_TRIES = 50
WAIT_SECONDS = 0.1
"""Twenty visitors are more than the line has places: who is told that the machine is busy waits and asks again."""


@dataclass(frozen=True, slots=True)
class _Visitor:
    secret: str
    visit: Visit
    seconds: Sequence[float]
    busy: int


def run(count: int, seed: int, turns: int = 10) -> Outcome:
    """Let ``count`` visitors ask at the same time, and compare. Their secrets are drawn anew each time."""
    system: Future[Echo] = Future()
    system.set_result(Echo(pause=0.001))
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(count) as threads:
        store = SessionStore.open(Settings(cache=Path(folder)))
        work = Handlers(Loading(system=system), shelf=Shelf(store))  # type: ignore[arg-type] # stands in for ChatCAD
        people = list(threads.map(lambda _: _visit(work, turns), range(count)))
        store.engine.dispose()
        again = Shelf(SessionStore.open(Settings(cache=Path(folder))))
        faults = [fault for person in people if (fault := _fault(person, people, again, turns))]
    p95 = float(np.percentile([1000 * s for person in people for s in person.seconds], 95))
    busy = sum(person.busy for person in people)
    figure = f"{turns} questions each, p95 {p95:.0f} ms with an instant model, asked again {busy} times as told (busy)"
    return outcome("visitors of the page at once", faults, count, figure=figure, aim="0 answers of another, 0 lost")


def _fault(person: _Visitor, people: Sequence[_Visitor], shelf: Shelf, turns: int) -> str:
    crossed = _crossed(person, people, shelf)
    lost = turns - sum(entry.turns for entry in shelf.entries(person.visit.owner))
    return f"{crossed} signs of others, {lost} answers lost" if crossed or lost else ""


def _visit(work: Handlers, turns: int) -> _Visitor:
    secret, seconds, busy = secrets.token_hex(16), [], 0
    visit = Visit(owner=owner_id(None, new_token())).about(film_of(secret))
    work.shelf.keep(visit)
    for number in range(turns):
        start = time.perf_counter()
        for _ in range(MOST_TRIES):
            *_, visit = work.answer(visit.ask(f"Question {number} of {secret}?"), "clinician", "", owner=secret)
            if len(visit.turns) > number:
                break
            busy += 1
            time.sleep(WAIT_SECONDS)
        seconds.append(time.perf_counter() - start)
    return _Visitor(secret, visit, seconds, busy)


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
