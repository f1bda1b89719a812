"""The server without the page: routes and middleware over the made-up system, asked in this process."""

from __future__ import annotations

from pathlib import Path

from starlette.applications import Starlette
from starlette.testclient import TestClient

from chatcad.api.mount import server_options
from chatcad.config import Settings
from chatcad.loading import Loading
from chatcad.pace import Pace

from ..ui.fake import FakeSystem


def loaded(system: FakeSystem | None = None, pace: int = 1000) -> Loading:
    loading, system = Loading(pace=Pace(pace)), system or FakeSystem()
    loading.films.set_result(system.read)
    loading.system.set_result(system)
    return loading


def app_of(loading: Loading, settings: Settings) -> Starlette:
    options = server_options(loading, settings)["app_kwargs"]
    return Starlette(routes=options["routes"], middleware=options["middleware"])


def client_of(
    folder: Path, loading: Loading | None = None, address: str = "127.0.0.1", host: str = "127.0.0.1", **changes: object
) -> TestClient:
    app = app_of(loading or loaded(), Settings(cache=folder, **changes))
    return TestClient(app, base_url=f"http://{host}", client=(address, 50000))


def send_film(client: TestClient, data: bytes = b"film", **more: object):
    return client.post("/api/v1/studies", files={"film": ("DOE^JANE.dcm", data)}, **more)
