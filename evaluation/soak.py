"""``python -m chatcad eval soak``: a server under one request a second for ``CHATCAD_SOAK_MINUTES`` (30).

Films, questions, page loads, files that must be refused and health checks, sent by the clock whether or not the last
answer has come. Asked is: does anything fail, and does the memory of the server and its children grow? Memory is the
median of the last quarter against that of the first, after a warm-up of a tenth of the time.
"""

from __future__ import annotations

import itertools
import os
import tempfile
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psutil

from chatcad.config import Settings
from chatcad.ui.phantom import phantom_png
from evaluation.server import APP, serve

MINUTES = 30.0
SECONDS_BETWEEN = 1.0
SAMPLE_SECONDS = 10.0
WARM_UP = 0.1
GROWTH_LIMIT = 0.05
KEPT_STUDIES = 5
CLIENTS = 24
PATIENCE = 60.0

ROUND = ("film", "question", "page", "health", "question", "bad file", "page", "film", "metrics", "bad file")
QUESTIONS = ("Is the heart enlarged?", "What next?", "Is there a pneumothorax?", "What do you see on this film?")
BAD_FILES = (b"", b"no picture", phantom_png()[:2000], b"\x00" * 128 + b"DICM" + b"\xff" * 300)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One request: its kind, HTTP status (0 where none came) and seconds."""

    kind: str
    status: int
    seconds: float


@dataclass(slots=True)
class Client:
    """Sends requests, and remembers the studies that it may ask about."""

    http: httpx.Client
    film: bytes
    studies: deque[str] = field(default_factory=deque)
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def send(self, kind: str) -> Outcome:
        """Send one request of a kind and wait for its answer."""
        ways = {"film": self._film, "question": self._question, "bad file": self._bad_file}
        pages = {"page": "/", "health": "/healthz", "metrics": "/metrics"}
        start = time.monotonic()
        try:
            status = (self.http.get(pages[kind]) if kind in pages else ways[kind]()).status_code
        except httpx.HTTPError:
            status = 0
        return Outcome(kind, status, time.monotonic() - start)

    def _film(self) -> httpx.Response:
        answer = self._upload(self.film)
        if answer.status_code == EXPECTED["film"]:
            self.studies.append(answer.json()["id"])
            if len(self.studies) > KEPT_STUDIES:
                self.http.delete(f"/api/v1/studies/{self.studies.popleft()}")
        return answer

    def _question(self) -> httpx.Response:
        asked = {"question": QUESTIONS[next(self.numbers) % len(QUESTIONS)]}
        # The newest: an older one may be deleted while the question waits.
        where = f"/api/v1/studies/{self.studies[-1]}/ask"
        return self.http.post(where, json=asked, headers={"Accept": "application/json"})

    def _bad_file(self) -> httpx.Response:
        return self._upload(BAD_FILES[next(self.numbers) % len(BAD_FILES)])

    def _upload(self, content: bytes) -> httpx.Response:
        return self.http.post("/api/v1/studies", files={"film": ("film", content)})


EXPECTED = {"film": 201, "question": 200, "page": 200, "health": 200, "metrics": 200, "bad file": 422}


def run(settings: Settings) -> dict[str, Any]:
    """Run the soak, print and return requests, errors, times and memory."""
    minutes = float(os.environ.get("CHATCAD_SOAK_MINUTES", MINUTES))
    chosen = {"CHATCAD_BACKEND": settings.backend, "CHATCAD_MODEL": settings.model, "CHATCAD_AUDIT": "off"}
    with tempfile.TemporaryDirectory() as folder, serve(APP, Path(folder), settings.cache, **chosen) as server:
        memory, done = Memory(server.pid), threading.Event()
        with httpx.Client(base_url=server.url, timeout=PATIENCE) as http:
            server.wait_for_models()
            watcher = threading.Thread(target=memory.watch, args=(done,), daemon=True)
            watcher.start()
            outcomes = soak(Client(http, film_of(settings)), 60 * minutes)
        done.set()
        watcher.join()
    result = {"minutes": minutes, "backend": settings.backend, "cores": os.cpu_count(), "requests": len(outcomes),
              "errors": sum(wrong(o) for o in outcomes), "kinds": by_kind(outcomes),
              "memory": growth(memory.megabytes), "limit": GROWTH_LIMIT}  # fmt: skip
    show(result)
    return result


def soak(client: Client, seconds: float) -> list[Outcome]:
    """Send a request at each tick of the clock, and return what came of all of them."""
    client.send("film")  # so that there is one to ask about
    start = time.monotonic()
    with ThreadPoolExecutor(CLIENTS) as clients:
        sent = []
        for number in range(int(seconds / SECONDS_BETWEEN)):
            time.sleep(max(0.0, start + number * SECONDS_BETWEEN - time.monotonic()))
            sent.append(clients.submit(client.send, ROUND[number % len(ROUND)]))
        return [future.result() for future in sent]


@dataclass(slots=True)
class Memory:
    """Resident megabytes of a process and its children, sampled."""

    pid: int
    megabytes: list[float] = field(default_factory=list)

    def watch(self, done: threading.Event) -> None:
        """Sample until ``done``."""
        while not done.wait(SAMPLE_SECONDS):
            self.megabytes.append(self.now())

    def now(self) -> float:
        """Return the present sum; a child that has just ended counts as nothing."""
        parent, total = psutil.Process(self.pid), 0
        for process in (parent, *parent.children(recursive=True)):
            try:
                total += process.memory_info().rss
            except psutil.NoSuchProcess:
                continue
        return total / 2**20


def growth(megabytes: Sequence[float]) -> dict[str, Any]:
    """Return the medians of the first and the last quarter after the warm-up, and the share by which they differ."""
    after = megabytes[int(WARM_UP * len(megabytes)) :]
    quarter = max(1, len(after) // 4)
    first, last = float(np.median(after[:quarter])), float(np.median(after[-quarter:]))
    return {"samples": len(after), "first_quarter_mb": round(first), "last_quarter_mb": round(last),
            "growth": round(last / first - 1, 4), "most_mb": round(max(after))}  # fmt: skip


def wrong(outcome: Outcome) -> bool:
    """Whether a request got another status than it should: an error, a hang, or no place in the line."""
    return outcome.status != EXPECTED[outcome.kind]


def by_kind(outcomes: Sequence[Outcome]) -> dict[str, dict[str, Any]]:
    """Return count, times in milliseconds and wrong statuses of each kind."""
    table: dict[str, dict[str, Any]] = {}
    for kind in EXPECTED:
        own = [o for o in outcomes if o.kind == kind]
        if own:
            p50, p95 = np.percentile([1e3 * o.seconds for o in own], (50, 95))
            bad = sorted(o.status for o in own if wrong(o))
            table[kind] = {"n": len(own), "p50_ms": round(float(p50)), "p95_ms": round(float(p95)), "wrong": bad}
    return table


def film_of(settings: Settings) -> bytes:
    """Return a real film where the data folder is there, else the simulated one."""
    real = settings.data / "originals" / "nih_00009107_006.png"
    return real.read_bytes() if real.is_file() else phantom_png()


def show(result: dict[str, Any]) -> None:
    """Print the result as a table."""
    for kind, row in result["kinds"].items():
        print(f"{kind:<10} n={row['n']:<6} p50 {row['p50_ms']:>6} ms  p95 {row['p95_ms']:>6} ms  wrong {row['wrong']}")
    m = result["memory"]
    print(f"{result['requests']} requests in {result['minutes']:g} min, {result['errors']} errors")
    print(f"memory {m['first_quarter_mb']} → {m['last_quarter_mb']} MB ({m['growth']:+.1%}, {m['samples']} samples)")
