"""The client of a deployment: refusals stay refusals, faults are typed, a restart costs a pause."""

from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import numpy as np
import pytest

from chatcad import scale
from chatcad.config import Settings
from chatcad.errors import BackendFailed, ImageRefused, ModelMissing, UsageError
from chatcad.imaging.limits import Limits
from chatcad.scale import remote
from chatcad.scale.wire import pack_reading, unpack_film
from tests.factories import make_film
from tests.scale.test_wire import READING, same_reading


class Server(ThreadingHTTPServer):
    """Answers each film with the next of its planned statuses, and with a reading once these are used up."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.statuses, self.asked = [], 0
        Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer(200 if self.path == "/" else 404, b"here")

    def do_POST(self):
        film = unpack_film(self.rfile.read(int(self.headers["Content-Length"])), Limits())
        self.server.asked += 1
        if self.server.statuses:
            self.answer(self.server.statuses.pop(0), b"not read: it looks like a hand")
        elif film.pixels.max() == 0:
            self.answer(422, b"not read: blank")
        else:
            self.answer(200, pack_reading(replace(READING, draft=f"{film.pixels[0, 0]:.2f}")))

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr(remote.RemoteNetworks._post.retry, "sleep", lambda _: None)
    server = Server()
    yield server
    server.shutdown()
    server.server_close()


def test_the_switch_opens_a_client_that_reads_as_the_networks_do(server):
    networks = scale.open_networks(Settings(cad=server.url))
    same_reading(replace(networks.read(make_film()), draft=READING.draft), READING)


def test_a_refusal_travels_as_a_refusal(server):
    server.statuses = [422]
    with pytest.raises(ImageRefused, match="looks like a hand"):
        scale.open_networks(Settings(cad=server.url)).read(make_film())
    assert server.asked == 1


def test_films_keep_their_order_and_one_refusal_stops_no_other(server):
    films = [replace(make_film(), pixels=np.full((64, 64), i / 64, np.float32)) for i in range(40)]
    outcomes = list(scale.open_networks(Settings(cad=server.url)).read_many(films))
    assert isinstance(outcomes[0], ImageRefused)
    assert [o.draft for o in outcomes[1:]] == [f"{np.float32(i / 64):.2f}" for i in range(1, 40)]


def test_a_replica_that_restarts_costs_a_pause(server):
    server.statuses = [503, 500]
    assert scale.open_networks(Settings(cad=server.url)).read(make_film()).view == "AP"


@pytest.mark.parametrize(("statuses", "asked"), [([503] * 9, remote.TRIES), ([400], 1)])
def test_a_failure_is_typed_and_says_where(server, statuses, asked):
    server.statuses = statuses
    with pytest.raises(BackendFailed, match=r"networks at http://127\.0\.0\.1"):
        scale.open_networks(Settings(cad=server.url)).read(make_film())
    assert server.asked == asked


def test_nobody_there_is_told_at_the_start():
    with pytest.raises(ModelMissing, match="CHATCAD_CAD"):
        scale.open_networks(Settings(cad="http://127.0.0.1:9/"))


def test_another_server_there_is_told_in_one_line(server):
    with pytest.raises(ModelMissing, match="status 404") as told:
        scale.open_networks(Settings(cad=server.url + "elsewhere"))
    assert "\n" not in str(told.value)


def test_films_do_not_leave_the_premises():
    with pytest.raises(UsageError, match="films would leave"):
        scale.open_networks(Settings(cad="https://cad.example.com/"))
