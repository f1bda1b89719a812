"""The queue: what was taken survives a crash, a duplicate is not taken twice, room is bounded, tries wait longer."""

from __future__ import annotations

import logging

import pytest

from chatcad.network import queue as queues
from chatcad.network.queue import Queue

ROOM = 1000


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr(queues, "FIRST_WAIT", 0.0)


def names(folder) -> set[str]:
    return {p.suffix for p in folder.iterdir() if "sqlite" not in p.name}


def test_a_film_goes_through_and_leaves_nothing(tmp_path):
    queue = Queue(tmp_path / "q", ROOM)
    assert queue.offer(b"film", "1.2.3", b"pixels") == "queued"
    film = queue.next("received")
    assert film is not None
    assert (film.film.read_bytes(), film.results) == (b"film", ())
    queue.keep_results(film.key, {"sr": b"a", "seg": b"b"})
    assert queue.next("received") is None
    read = queue.next("read")
    assert read is not None
    assert sorted(p.read_bytes() for p in read.results) == [b"a", b"b"]
    queue.done(read.key)
    assert names(tmp_path / "q") == set()
    assert (queue.next("read"), queue.knows("1.2.3"), queue.knows("1.2.4")) == (None, True, False)


def test_after_a_crash_all_goes_on_and_half_written_files_are_gone(tmp_path):
    first = Queue(tmp_path, ROOM)
    first.offer(b"one", "1", b"p")
    first.offer(b"two", "2", b"p")
    film = first.next("received")
    first.keep_results(film.key, {"sr": b"a"})
    (tmp_path / "x.part").write_bytes(b"half")
    (tmp_path / "unknown.film").write_bytes(b"no row")
    second = Queue(tmp_path, ROOM)  # the first was never closed
    assert second.next("read").key == film.key
    assert second.next("received").film.read_bytes() == b"two"
    assert names(tmp_path) == {".film", ".result"}


def test_the_same_object_is_taken_once_also_after_delivery_and_a_restart(tmp_path):
    queue = Queue(tmp_path, ROOM)
    assert queue.offer(b"film", "1", b"p") == "queued"
    assert queue.offer(b"film again", "1", b"p") == "duplicate"
    assert queue.offer(b"other pixels", "1", b"q") == "queued"
    queue.done(queue.next("received").key)
    queue.close()
    assert Queue(tmp_path, ROOM).offer(b"film", "1", b"p") == "duplicate"


def test_a_full_queue_takes_nothing_until_something_left(tmp_path):
    queue = Queue(tmp_path, 10)
    assert queue.offer(b"12345678", "1", b"p") == "queued"
    assert queue.offer(b"123", "2", b"p") == "full"
    queue.done(queue.next("received").key)
    assert queue.offer(b"123", "2", b"p") == "queued"


def test_later_tries_wait_longer_and_others_go_first(tmp_path, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(queues, "FIRST_WAIT", 2.0)
    monkeypatch.setattr(queues.time, "time", lambda: now[0])
    queue = Queue(tmp_path, ROOM)
    queue.offer(b"a", "1", b"p")
    first = queue.next("received")
    queue.keep_results(first.key, {"sr": b"a"})
    waits = []
    for _ in range(10):
        assert queue.next("read") is not None
        start = now[0]
        while queue.next("read") is None:
            now[0] += 1
        waits.append(now[0] - start)
        now[0] += 1000
    assert waits[:3] == [2.0, 8.0, 32.0]  # every second try is counted here
    assert max(waits) == queues.LONGEST_WAIT


def test_a_film_that_ends_the_process_waits_for_the_next_start(tmp_path, caplog):
    queue = Queue(tmp_path, ROOM)
    queue.offer(b"poison", "1.2.840.4711", b"p")
    for _ in range(queues.MOST_READS):
        assert queue.next("received") is not None
    with caplog.at_level(logging.ERROR):
        assert queue.next("received") is None
    assert "4711" not in caplog.text
    assert queue.count("failed") == 1
    queue.close()
    assert Queue(tmp_path, ROOM).next("received") is not None


def test_names_on_disk_are_hashes_and_the_folder_is_private(tmp_path):
    queue = Queue(tmp_path / "q", ROOM)
    queue.offer(b"x", "1.2.840.4711", b"p")
    assert (tmp_path / "q").stat().st_mode & 0o077 == 0
    assert not any("4711" in p.name for p in (tmp_path / "q").iterdir())
    assert b"4711" not in (tmp_path / "q" / "queue.sqlite").read_bytes()
