"""Kill a writing process at random moments, and see that each reported turn is there and none is there by half.

The child drives the page's own verbs (``Handlers`` over a ``Shelf``) and reports each answer on a pipe once it was
shown as finished. The moments run from before the database is made to deep into a second talk; all children of one
run share the database, so that each one also finds what the killed one before it left.
"""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

from chatcad.config import ROOT, Settings
from chatcad.loading import Loading
from chatcad.sessions import SessionStore
from chatcad.types import Turn
from chatcad.ui.handlers import Handlers
from chatcad.ui.shelf import Shelf
from chatcad.ui.visit import Visit
from evaluation.abuse.actors import Echo, film_of
from evaluation.abuse.outcome import Outcome, outcome

OWNER = "0" * 64
MOST_REPORTS = 8
LONGEST_SECONDS = 0.15
TURNS_PER_TALK = 6
PAUSE_SECONDS = 0.002
WRITER = "import sys; from evaluation.abuse.kills import write; write(sys.argv[1])"


def run(count: int, seed: int) -> Outcome:
    """Kill ``count`` writers, one after the other."""
    moments = random.Random(seed)  # noqa: S311  -- the moments have to come again with the same seed
    reported: dict[str, int] = {}
    turns, losses = 0, []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(1, count + 1):
            new = _killed_writer(Path(folder), moments.randint(0, MOST_REPORTS), moments.uniform(0, LONGEST_SECONDS))
            reported |= new
            turns += sum(new.values())
            if lost := list(_losses(Path(folder), reported)):
                losses.append(f"kill {number}: {'; '.join(lost)}")
    figure = f"{turns} turns were reported as finished"
    return outcome("kill -9 while talks are written", losses, count, figure=figure, aim="nothing lost, nothing by half")


def _killed_writer(folder: Path, reports: int, seconds: float) -> dict[str, int]:
    """Start a writer, kill it so many seconds after so many reports, and return the last one of each talk."""
    command = [sys.executable, "-c", WRITER, str(folder)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:  # noqa: S603
        assert child.stdout is not None  # noqa: S101  -- it is a pipe
        child.stdout.readline()  # it has loaded its modules
        lines = [child.stdout.readline() for _ in range(reports)]
        time.sleep(seconds)
        child.send_signal(signal.SIGKILL)
        lines += child.stdout
    return {talk: int(number) for talk, number in (line.split() for line in lines if line.endswith("\n"))}


def _losses(folder: Path, reported: dict[str, int]) -> Iterator[str]:
    """Open the store as the next start would, and tell what is missing, damaged or there by half."""
    store = SessionStore.open(Settings(cache=folder))
    if store.notice:
        yield store.notice
    known = {entry.id for entry in store.entries(OWNER)}
    yield from (f"talk {talk} is lost" for talk in reported.keys() - known)
    for talk_id in known:
        talk = store.load(OWNER, talk_id)
        if len(talk.turns) < reported.get(talk_id, 0):
            yield f"talk {talk_id} has {len(talk.turns)} turns, and {reported[talk_id]} were reported"
        if talk.turns != tuple(_expected(talk.study.radiograph.sha256, len(talk.turns))):
            yield f"talk {talk_id} was changed"
    store.engine.dispose()


def _expected(secret: str, turns: int) -> Iterator[Turn]:
    """Return what the echo answers in a talk about a film: it is told by the secret alone."""
    yield from (visit.turns[-1] for visit in _talk(secret, turns, Shelf(None), pause=0))


def _talk(secret: str, turns: int, shelf: Shelf, pause: float) -> Iterator[Visit]:
    system: Future[Echo] = Future()
    system.set_result(Echo(pause))
    work = Handlers(Loading(system=system), shelf=shelf)  # type: ignore[arg-type] # the echo stands in for ChatCAD
    visit = Visit(owner=OWNER).about(film_of(secret))
    shelf.keep(visit)
    for number in range(1, turns + 1):
        *_, visit = work.answer(visit.ask(f"Question {number} on {secret}?"), "clinician", "")
        yield visit


def write(folder: str) -> None:
    """Write talks into a store and report each finished turn, until it is killed."""
    list(_expected("warm", 1))  # what is loaded late would take all the time there is until the kill
    print("ready", flush=True)
    shelf = Shelf(SessionStore.open(Settings(cache=Path(folder))))
    while True:
        for visit in _talk(f"{random.getrandbits(128):032x}", TURNS_PER_TALK, shelf, PAUSE_SECONDS):
            print(visit.talk, len(visit.turns), flush=True)
