"""Many API clients at once against one real server, each with a key, a film and a secret of its own.

A client's answers must be those that it gets alone, its study must be of its film, and no other's secret may turn up in
anything that it is sent; another's study must not be found. Times include the wait in the line, and the second tries
after "the machine is busy".
"""

from __future__ import annotations

import io
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from PIL import Image

from chatcad.access.keys import Keys
from chatcad.config import Settings, load_settings
from chatcad.ui.phantom import phantom_film
from evaluation.abuse.outcome import Outcome, outcome
from evaluation.server import APP, Server, serve

TURNS = 10
QUESTIONS = ("Is the heart enlarged?", "How sure are you?", "Is there fluid?", "What next?", "Is there a pneumothorax?")
PATIENCE = 120.0
BUSY = 503


@dataclass(slots=True)
class Client:
    """One visitor; ``sent`` is all that the server sent it, ``seconds`` each answer's time."""

    http: httpx.Client
    film: bytes
    secret: str
    study: dict[str, Any] = field(default_factory=dict)
    answers: list[str] = field(default_factory=list)
    sent: str = ""
    seconds: list[float] = field(default_factory=list)

    def talk(self) -> None:
        """Send the film and ask the questions, one after the other."""
        self.study = self._post("/api/v1/studies", files={"film": ("film.png", self.film)})
        for number in range(TURNS):
            start = time.monotonic()
            asked = {"question": f"{QUESTIONS[number % len(QUESTIONS)]} ({self.secret})"}
            turn = self._post(f"/api/v1/studies/{self.study['id']}/ask", json=asked)
            self.answers.append(turn.get("answer", ""))
            self.seconds.append(time.monotonic() - start)

    def _post(self, where: str, **what: Any) -> dict[str, Any]:
        while (answer := self.http.post(where, headers={"Accept": "application/json"}, **what)).status_code == BUSY:
            time.sleep(0.5)
        self.sent += answer.text
        body: dict[str, Any] = answer.raise_for_status().json()
        return body


def run(count: int, seed: int) -> Outcome:
    """Let ``count`` clients talk at the same time, then each alone, and compare."""
    rng = np.random.default_rng(seed)
    films = [_film(rng) for _ in range(count)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        keys = Keys.of(Settings(cache=folder / "cache"))
        given = [keys.add(f"client{number}") for number in range(count)]
        templates = {"CHATCAD_BACKEND": "scripted", "CHATCAD_MODEL": "", "CHATCAD_AUDIT": "off"}
        with serve(APP, folder, load_settings().cache, **templates) as server:
            crowd, alone = (
                [_client(server, key, film, rng) for key, film in zip(given, films, strict=True)] for _ in range(2)
            )
            server.wait_for_models()
            with ThreadPoolExecutor(count) as threads:
                list(threads.map(Client.talk, crowd))
            for client, other in zip(alone, crowd, strict=True):
                client.secret = other.secret
                client.talk()
            faults = [fault for pair in zip(crowd, alone, strict=True) if (fault := _fault(*pair, crowd))]
    p95 = float(np.percentile([s for client in crowd for s in client.seconds], 95))
    return outcome(
        "clients at once", faults, count, figure=f"{count * TURNS} answers, p95 {p95:.1f} s",
        aim="own film, own answers, no one else's secret",
    )  # fmt: skip


def _fault(client: Client, alone: Client, crowd: Sequence[Client]) -> str:
    others = [other for other in crowd if other is not client]
    if any(other.secret in client.sent for other in others):
        return f"{client.secret}: was sent another's secret"
    if client.study["image"]["sha256"] != alone.study["image"]["sha256"] or client.answers != alone.answers:
        return f"{client.secret}: other answers than alone"
    if client.sent.count(client.secret) < TURNS:
        return f"{client.secret}: lost a turn"
    found = [o for o in others if client.http.get(f"/api/v1/studies/{o.study['id']}").is_success]
    return f"{client.secret}: saw another's study" if found else ""


def _film(rng: np.random.Generator) -> bytes:
    """Return the simulated film, stretched and in noise of its own, so that no two have the same facts."""
    picture = Image.fromarray((255 * phantom_film()).clip(0, 255).astype(np.uint8))
    wide = picture.resize((int(picture.width * rng.uniform(0.9, 1.1)), picture.height))
    noisy = np.asarray(wide, dtype=np.float32) + rng.normal(0, rng.uniform(1, 4), (wide.height, wide.width))
    file = io.BytesIO()
    Image.fromarray(noisy.clip(0, 255).astype(np.uint8)).save(file, "PNG")
    return file.getvalue()


def _client(server: Server, key: str, film: bytes, rng: np.random.Generator) -> Client:
    http = httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {key}"}, timeout=PATIENCE)
    return Client(http, film, f"Z{rng.integers(10**8, 10**9)}")
