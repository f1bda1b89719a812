"""A client that goes away frees the models; a full line is told; waiting is told."""

from __future__ import annotations

import asyncio
import json
import threading
import time

from starlette.testclient import TestClient

from chatcad.config import Settings
from chatcad.desk import Desk
from chatcad.pipeline import Conversation
from chatcad.ui.handlers import Handlers
from chatcad.ui.visit import Visit

from ..ui.fake import FakeSystem, study
from .server import app_of, client_of, loaded, send_film
from .test_studies import QUESTION, events

PAUSE = 0.3


class Slow(FakeSystem):
    """Says when its generator was closed, and after how many sentences."""

    def __init__(self) -> None:
        super().__init__(pause=PAUSE)
        self.said, self.closed = 0, threading.Event()

    def stream(self, question, talk):
        try:
            for said in super().stream(question, talk):
                self.said += 1
                yield said
        finally:
            self.closed.set()


async def leave_after_first_sentence(app, url: str) -> list[bytes]:
    """Ask, hear one sentence, hang up."""
    heard, gone = [], asyncio.Event()
    body = [{"type": "http.request", "body": json.dumps(QUESTION).encode(), "more_body": False}]

    async def receive():
        if body:
            return body.pop()
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message):
        if b"event: sentence" in message.get("body", b""):
            heard.append(message["body"])
            gone.set()

    headers = [(b"host", b"127.0.0.1"), (b"content-type", b"application/json")]
    scope = {"type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "method": "POST",
             "path": f"{url}/ask", "raw_path": f"{url}/ask".encode(), "root_path": "", "query_string": b"",
             "headers": headers, "client": ("127.0.0.1", 5), "server": ("127.0.0.1", 80), "scheme": "http"}  # fmt: skip
    await app(scope, receive, send)
    return heard


def test_a_client_that_hangs_up_frees_the_models(tmp_path) -> None:
    system = Slow()
    loading = loaded(system)
    app = app_of(loading, Settings(cache=tmp_path))
    url = send_film(TestClient(app, base_url="http://127.0.0.1")).headers["location"]
    assert len(asyncio.run(leave_after_first_sentence(app, url))) == 1
    assert system.closed.wait(2), "the model went on for nobody"
    assert system.said < 4
    until = time.monotonic() + 2
    while len(loading.line) and time.monotonic() < until:
        time.sleep(0.01)
    assert len(loading.line) == 0


def test_page_and_api_wait_in_one_line_and_are_told_how_many_are_before(tmp_path) -> None:
    loading = loaded()
    client = client_of(tmp_path, loading)
    url = send_film(client).headers["location"]
    with loading.line.turn("page"):
        answers: list[str] = []
        asking = threading.Thread(target=lambda: answers.append(client.post(f"{url}/ask", json=QUESTION).text))
        asking.start()
        until = time.monotonic() + 3
        while client.get("/healthz").json()["waiting"] < 2:
            assert time.monotonic() < until
    asking.join(5)
    told = events(answers[0])
    assert told[0] == ("waiting", {"before": 1, "detail": "the machine is busy: 1 before you"})
    assert told[-1][0] == "turn"


def test_a_full_line_is_told(tmp_path) -> None:
    loading = loaded()
    loading.line.places = 0
    refused = send_film(client_of(tmp_path, loading))
    assert (refused.status_code, refused.json()["title"]) == (503, "Busy")
    assert "the machine is busy: 0 before you" in refused.json()["detail"]


def test_an_answer_that_nobody_takes_does_not_hold_the_models() -> None:
    loading = loaded()
    desk = Desk(loading)
    forgotten = desk.answer("Sure?", Conversation(study()), "somebody").__enter__()
    until = time.monotonic() + 2
    while len(loading.line) and time.monotonic() < until:
        time.sleep(0.01)
    assert len(loading.line) == 0
    assert forgotten.next() is not None


def test_a_question_stopped_in_the_line_leaves_it() -> None:
    loading = loaded()
    asked = Visit(study=study()).ask("Sure?")
    answers: list[Visit] = []
    with loading.line.turn("another"):
        work = threading.Thread(target=lambda: answers.extend(Handlers(loading).answer(asked, "clinician", "")))
        work.start()
        until = time.monotonic() + 3
        while len(loading.line) < 2:
            assert time.monotonic() < until
        asked.close("Stopped.")
        work.join(3)
        assert not work.is_alive()
        while len(loading.line) > 1:
            assert time.monotonic() < until
    assert answers == []
