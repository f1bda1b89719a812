"""Example films against a server of our own: whole and checked, or not there."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from chatcad.commands import examples as command
from chatcad.config import Settings
from chatcad.errors import ExampleFailed
from chatcad.examples import Example, fetched, film_bytes, folder, listed
from chatcad.examples.fetch import MOST_BYTES, NoNetwork, Outcome, fetch, fetch_all

FILM = bytes(range(256)) * 400
ETAG = '"film-1"'


class Shelf(BaseHTTPRequestHandler):
    """Serves FILM; breaks off in the middle where ``server.breaks`` is set; goes on where a range is asked for."""

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.server.asked.append(dict(self.headers))
        if self.path == "/gone.png":
            self.send_error(404)
            return
        body, start = self.server.film, 0
        if (given := self.headers.get("Range")) and self.headers.get("If-Range") == self.server.etag:
            start = int(given.removeprefix("bytes=").rstrip("-"))
        self.send_response(206 if start else 200)
        self.send_header("ETag", self.server.etag)
        self.send_header("Content-Length", str(len(body) - start))
        self.end_headers()
        if self.server.breaks:
            self.server.breaks = False
            self.wfile.write(body[: len(body) // 2])
            return
        self.wfile.write(body[start:])


@pytest.fixture
def shelf() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Shelf)
    server.film, server.etag, server.breaks, server.asked = FILM, ETAG, False, []
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def example(server, key="one", path="one.png", digest=""):
    address = f"http://127.0.0.1:{server.server_address[1]}/{path}"
    return Example(key, f"{key}.png", address, "CC0 1.0", "somebody", "https://example.org", "a film", digest)


def lying(cache):
    return sorted(p.name for p in folder(cache).iterdir())


def test_a_film_whose_checksum_is_listed_is_fetched_once(shelf, tmp_path):
    film = example(shelf, digest=sha256(FILM).hexdigest())
    first, again = fetch(film, tmp_path), fetch(film, tmp_path)
    assert (first.trust, first.before, again.before) == ("pinned", False, True)
    assert film_bytes_of(film, tmp_path) == FILM
    assert lying(tmp_path) == ["fetched.json", "one.png"]
    assert len(shelf.asked) == 1
    assert "ChatCAD" in shelf.asked[0]["User-Agent"]


def film_bytes_of(film, cache):
    (there,) = fetched(cache, (film,))
    return (folder(cache) / there.file).read_bytes()


def test_another_file_under_the_address_is_refused_and_not_kept(shelf, tmp_path):
    with pytest.raises(ExampleFailed, match="changed or tampered with"):
        fetch(example(shelf, digest="0" * 64), tmp_path)
    assert lying(tmp_path) == []


def test_without_a_listed_checksum_the_first_file_is_trusted_and_another_refused(shelf, tmp_path):
    film = example(shelf)
    assert fetch(film, tmp_path).trust == "first use"
    (folder(tmp_path) / film.file).unlink()
    shelf.film, shelf.etag = FILM[::-1], '"film-2"'
    with pytest.raises(ExampleFailed, match="tampered"):
        fetch(film, tmp_path)
    assert fetched(tmp_path, (film,)) == ()


def test_a_download_that_broke_off_goes_on_and_is_never_half_there(shelf, tmp_path):
    film, shelf.breaks = example(shelf, digest=sha256(FILM).hexdigest()), True
    with pytest.raises(NoNetwork, match="run `make examples` again"):
        fetch(film, tmp_path)
    assert fetched(tmp_path, (film,)) == ()
    assert "one.png" not in lying(tmp_path)
    fetch(film, tmp_path)
    assert shelf.asked[1]["Range"] == f"bytes={len(FILM) // 2}-"
    assert film_bytes_of(film, tmp_path) == FILM


def test_two_halves_of_two_files_are_not_glued(shelf, tmp_path):
    film, shelf.breaks = example(shelf), True
    with pytest.raises(NoNetwork):
        fetch(film, tmp_path)
    shelf.film, shelf.etag = FILM[::-1], '"film-2"'
    fetch(film, tmp_path)
    assert film_bytes_of(film, tmp_path) == FILM[::-1]


def test_one_that_fails_leaves_the_others_and_no_network_ends_the_list(shelf, tmp_path):
    gone, good = example(shelf, "gone", "gone.png"), example(shelf)
    first, second = fetch_all((gone, good), tmp_path)
    assert "404" in str(first)
    assert isinstance(second, Outcome)
    nobody = Example("far", "far.png", "http://127.0.0.1:9/far.png", "CC0", "x", "https://example.org", "a film")
    (only,) = fetch_all((nobody, good), tmp_path)
    assert "\n" not in str(only)
    assert "127.0.0.1 could not be reached" in str(only)


def test_a_file_beyond_the_limit_is_not_kept(shelf, tmp_path):
    shelf.film = b"0" * (MOST_BYTES + 2**17)
    with pytest.raises(ExampleFailed, match="larger than 32 MB"):
        fetch(example(shelf), tmp_path)
    assert [n for n in lying(tmp_path) if "etag" not in n] == []


def test_the_command_says_licence_and_that_no_checksum_was_recorded(shelf, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("chatcad.examples.listed", lambda: (example(shelf), example(shelf, "gone", "gone.png")))
    with pytest.raises(ExampleFailed, match="gone"):
        command.run(None, Settings(cache=tmp_path))
    said = capsys.readouterr().out
    assert "CC0 1.0; somebody" in said
    assert f"checksum not yet recorded: trusted at first use, sha256 {sha256(FILM).hexdigest()}" in said
    (folder(tmp_path) / "one.png").write_bytes(b"other")
    with pytest.raises(ExampleFailed, match="was changed"):
        film_bytes(tmp_path, "one")


def test_each_listed_film_names_its_licence_page_and_a_file_of_its_own():
    films = listed()
    assert len({f.file for f in films}) == len({f.key for f in films}) == len(films) >= 1
    for film in films:
        assert film.url.startswith("https://")
        assert film.page.startswith("https://")
        assert film.licence
        assert film.attribution
        assert film.sha256 == "" or len(film.sha256) == 64
