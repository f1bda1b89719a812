"""The real page behind a login, with the API beside it: Gradio's own server, asked over a socket."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from chatcad.access.users import Users
from chatcad.api.mount import server_options
from chatcad.config import Settings
from chatcad.ui.page import build, launch_options

from ..ui.fake import FakeSystem
from .server import loaded

PASSWORD = "correct horse battery"  # noqa: S105
PAGE = (
    "/",
    "/config",
    "/gradio_api/info",
    "/gradio_api/queue/data",
    "/gradio_api/heartbeat/x",
)


@pytest.fixture
def serve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator:
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "")  # as app.py does
    pages = []

    def start(pause: float = 0, **changes: object) -> httpx.Client:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        settings = Settings(cache=tmp_path, port=port, max_bytes=1000, **changes)
        loading = loaded(FakeSystem(pause=pause))
        page = build(loading, settings)
        page.launch(**launch_options(settings), **server_options(loading, settings))
        pages.append(page)
        return httpx.Client(base_url=f"http://127.0.0.1:{port}")

    yield start
    for page in pages:
        page.close()


def test_with_basic_login_the_page_asks_for_it(serve, tmp_path: Path) -> None:
    Users.of(Settings(cache=tmp_path)).add("anna", PASSWORD)
    client = serve(auth="basic")
    assert client.get("/config").status_code == 401
    assert "Research tool" in client.get("/").text
    assert client.post("/login", data={"username": "anna", "password": "wrong"}).status_code == 400
    assert client.post("/login", data={"username": "anna", "password": PASSWORD}).status_code == 200
    assert "Log out" in client.get("/config").text
    assert client.get("/gradio_api/user").json() == "anna"
    client.get("/logout")
    assert client.get("/config").status_code == 401
    assert [client.post("/login", data={"username": "anna", "password": "x"}).status_code for _ in range(9)][-1] == 429


def test_a_login_ends_with_its_user(serve, tmp_path: Path) -> None:
    users = Users.of(Settings(cache=tmp_path))
    users.add("anna", PASSWORD)
    client = serve(auth="basic")

    def logged_in() -> bool:
        return client.get("/config").status_code == 200

    def log_in() -> None:
        client.post("/login", data={"username": "anna", "password": PASSWORD})
        assert logged_in()

    log_in()
    users.names.remove("anna")
    assert not logged_in()
    users.add("anna", PASSWORD)
    assert not logged_in(), "the old login doesn't come back with the name"


def test_behind_a_proxy_only_its_word_counts(serve) -> None:
    client = serve(auth="proxy", proxies="127.0.0.1")
    named = {"X-Forwarded-User": "anna", "X-Forwarded-For": "10.9.8.7"}
    assert {client.get(path).status_code for path in PAGE} == {401}
    assert client.get("/config", headers=named).status_code == 200
    assert client.get("/gradio_api/user", headers=named).json() == "anna"
    assert client.post("/api/v1/studies", headers=named).status_code == 401, "the API has keys of its own"
    assert client.get("/healthz").status_code == 200


def test_from_elsewhere_the_header_is_worth_nothing(serve) -> None:
    client = serve(auth="proxy", proxies="10.0.0.2")
    for more in ({}, {"X-Forwarded-For": "10.0.0.2"}):
        assert client.get("/config", headers={"X-Forwarded-User": "anna", **more}).status_code == 401


def test_the_page_keeps_its_limits_and_gets_the_headers(serve) -> None:
    client = serve()
    page = client.get("/")
    assert page.status_code == 200
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    film = {"files": ("a.dcm", b"x" * 5000)}
    assert client.post("/gradio_api/upload", files=film).status_code == 413
    assert client.post("/gradio_api/upload", files=film, headers={"sec-fetch-site": "cross-site"}).status_code == 403
    assert client.get("/", headers={"host": "evil.example"}).status_code == 400
    assert client.get("/openapi.json").status_code == 404
    assert client.post("/api/v1/studies", files={"film": ("a.dcm", b"film")}).status_code == 201


@pytest.mark.parametrize("coding", ["br", "gzip", "identity"])
def test_sentences_are_streamed_one_by_one(serve, coding: str) -> None:
    client = serve(pause=0.3)
    url = client.post("/api/v1/studies", files={"film": ("a.dcm", b"film")}).headers["location"]
    headers, arrived = {"accept-encoding": coding}, []
    with client.stream("POST", f"{url}/ask", json={"question": "Sure?"}, headers=headers) as answer:
        for line in answer.iter_lines():
            if line.startswith("event:"):
                arrived.append((line, time.monotonic()))
    assert [line for line, _ in arrived] == ["event: sentence"] * 3 + ["event: turn"]
    assert arrived[2][1] - arrived[0][1] > 0.4, "the answer came at once, at its end"
