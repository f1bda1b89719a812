"""The queue on disk: what was received is there before the sender hears "stored", and leaves after delivery.

It knows files and states, and neither DICOM nor networks. A film goes ``received`` → ``read`` (its results lie beside
it) → gone. Its name is a hash of what it is; no row and no file name holds anything of the patient's. What was done is
remembered by that hash, so that a duplicate isn't done twice.
"""

from __future__ import annotations

import hashlib
import logging
import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

log = logging.getLogger(__name__)

State = Literal["received", "read", "failed"]
Offer = Literal["queued", "duplicate", "full"]

MOST_REMEMBERED = 200_000
"""Films whose repetition is recognised; the oldest are forgotten."""
FIRST_WAIT, LONGEST_WAIT = 2.0, 300.0
"""Seconds before the second try and between later ones; the wait doubles."""
MOST_READS = 3
"""A film whose reading broke off so often waits for the next start: it may be what ends the process."""

_SCHEMA = """
create table if not exists film (key text primary key, state text not null, tries integer not null, due real not null);
create table if not exists seen (key text primary key, instance text not null, at real not null);
create index if not exists seen_instance on seen (instance);
create index if not exists seen_at on seen (at);
"""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One film whose turn it is: its file, its results so far, and how often it was tried."""

    key: str
    film: Path
    results: tuple[Path, ...]
    tries: int


class Queue:
    """A durable queue in one folder; safe to share between threads of one process.

    Parameters
    ----------
    folder
        Made where it isn't there, readable by its owner alone.
    max_bytes
        Of all files together; beyond it nothing is taken until some are delivered.
    """

    def __init__(self, folder: Path, max_bytes: int) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder, self._max_bytes, self._lock = folder, max_bytes, threading.Lock()
        self._base = sqlite3.connect(folder / "queue.sqlite", check_same_thread=False, isolation_level=None)
        self._base.execute("pragma journal_mode=wal")
        self._base.execute("pragma synchronous=full")
        self._base.executescript(_SCHEMA)
        self._base.execute("update film set state = 'received', tries = 0 where state = 'failed'")
        self._tidy()

    def close(self) -> None:
        """Close the files; nothing is lost."""
        with self._lock:
            self._base.close()

    def offer(self, data: bytes, instance: str, pixels: bytes) -> Offer:
        """Take a film; when this returns ``"queued"``, it survives a power cut.

        Parameters
        ----------
        data
            The file.
        instance, pixels
            What makes a duplicate: its SOPInstanceUID and its encoded pixels.
        """
        instance = _hash(instance.encode())
        key = _hash(instance.encode(), hashlib.sha256(pixels).digest())
        with self._lock, self._transaction():
            if self._base.execute("select 1 from seen where key = ?", (key,)).fetchone():
                return "duplicate"
            if self._size() + len(data) > self._max_bytes:
                return "full"
            _write(self._folder / f"{key}.film", data)
            self._base.execute("insert into film values (?, 'received', 0, 0)", (key,))
            self._base.execute("insert into seen values (?, ?, ?)", (key, instance, time.time()))
            self._base.execute(
                "delete from seen where key in (select key from seen where key not in (select key from film) "
                "order by at desc limit -1 offset ?)",
                (MOST_REMEMBERED,),
            )
        return "queued"

    def knows(self, instance: str) -> bool:
        """Return whether an object of that SOPInstanceUID was ever taken."""
        with self._lock:
            row = self._base.execute("select 1 from seen where instance = ?", (_hash(instance.encode()),)).fetchone()
        return row is not None

    def remember(self, instance: str) -> None:
        """Let `knows` say yes to an object from now on, also where it was looked at and not queued."""
        name = _hash(instance.encode())
        with self._lock:
            self._base.execute("insert or ignore into seen values (?, ?, ?)", (name, name, time.time()))

    def next(self, state: State) -> Waiting | None:
        """Return the film in that state whose turn came first, if one is due; its tries are counted at once."""
        with self._lock, self._transaction():
            row = self._base.execute(
                "select key, tries from film where state = ? and due <= ? order by due, rowid limit 1",
                (state, time.time()),
            ).fetchone()
            if row is None:
                return None
            key, tries = str(row[0]), int(row[1]) + 1
            wait = min(FIRST_WAIT * 2 ** min(tries - 1, 20), LONGEST_WAIT)
            due = time.time() + wait
            broken = state == "received" and tries > MOST_READS
            self._base.execute(
                "update film set tries = ?, due = ?, state = ? where key = ?",
                (tries, due, "failed" if broken else state, key),
            )
        if broken:
            log.error("film %s broke off its reading %d times: it waits for the next start", key[:12], MOST_READS)
            return None
        return Waiting(key, self._folder / f"{key}.film", self._results(key), tries)

    def put_back(self, key: str) -> None:
        """Let a film be read again soon: its reading failed for no fault of the film, so no try is counted."""
        with self._lock:
            self._base.execute("update film set tries = 0 where key = ?", (key,))

    def keep_results(self, key: str, results: Mapping[str, bytes]) -> None:
        """Store a film's results; it is then to be delivered."""
        for name, data in results.items():
            _write(self._folder / f"{key}.{name}.result", data)
        with self._lock:
            self._base.execute("update film set state = 'read', tries = 0, due = 0 where key = ?", (key,))

    def done(self, key: str) -> None:
        """Delete a film with its results: they were delivered, or there are none to deliver."""
        with self._lock:
            self._base.execute("delete from film where key = ?", (key,))
            self._remove(key)

    def count(self, state: State) -> int:
        """Return how many films are in a state."""
        with self._lock:
            return int(self._base.execute("select count(*) from film where state = ?", (state,)).fetchone()[0])

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._base.execute("begin immediate")
        try:
            yield
        except BaseException:
            self._base.execute("rollback")
            raise
        self._base.execute("commit")

    def _results(self, key: str) -> tuple[Path, ...]:
        return tuple(sorted(self._folder.glob(f"{key}.*.result")))

    def _remove(self, key: str) -> None:
        for path in (*self._results(key), self._folder / f"{key}.film"):
            path.unlink(missing_ok=True)

    def _size(self) -> int:
        return sum(p.stat().st_size for p in self._folder.iterdir() if p.suffix in {".film", ".result"})

    def _tidy(self) -> None:
        """Remove files that no row knows: what was being written when the process ended."""
        known = {str(row[0]) for row in self._base.execute("select key from film")}
        for path in self._folder.iterdir():
            if path.suffix == ".part" or (
                path.suffix in {".film", ".result"} and path.name.split(".", 1)[0] not in known
            ):
                path.unlink()


def _hash(*parts: bytes) -> str:
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def _write(path: Path, data: bytes) -> None:
    """Write a file so that it is whole or not there, even after a power cut."""
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
