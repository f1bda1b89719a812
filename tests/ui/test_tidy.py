"""What is past its time goes while the server runs."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from chatcad.config import Settings
from chatcad.sessions.rows import TalkRow
from chatcad.ui.shelf import NOTHING_KEPT, Shelf
from chatcad.ui.tidy import keep_tidy, tidy
from chatcad.ui.visit import Visit

from .fake import study

DAY = 86_400


def test_talks_past_their_days_are_erased_and_others_stay(tmp_path: Path) -> None:
    shelf = Shelf.open(Settings(cache=tmp_path, retention_days=30))
    old, new = (Visit(owner="ann").about(study()) for _ in range(2))
    for visit in (old, new):
        shelf.keep(visit)
    with shelf.store.engine.begin() as connection:
        change = TalkRow.__table__.update().where(TalkRow.id == old.talk)
        connection.execute(change.values(updated=time.time() - 31 * DAY))
    tidy(shelf, tmp_path / "uploads", 300)
    assert [e.id for e in shelf.entries("ann")] == [new.talk]


def test_an_upload_that_a_killed_server_left_goes_and_a_new_one_stays(tmp_path: Path) -> None:
    for name, age in (("old", 400), ("new", 0)):
        film = tmp_path / name / "DOE^JANE.dcm"
        film.parent.mkdir()
        film.write_bytes(b"film")
        for path in (film, film.parent):
            os.utime(path, (time.time() - age,) * 2)
    tidy(NOTHING_KEPT, tmp_path, 300)
    assert [p.name for p in tmp_path.rglob("*.dcm")] == ["DOE^JANE.dcm"]
    assert (tmp_path / "new").is_dir()
    os.utime(tmp_path / "old", (time.time() - 400,) * 2)
    tidy(NOTHING_KEPT, tmp_path, 300)
    assert not (tmp_path / "old").exists(), "its folder goes with the next round"


def test_it_begins_at_once_and_goes_on_after_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog) -> None:
    shelf, seen = Shelf.open(Settings(cache=tmp_path)), []

    def fail(_: object, days: float) -> None:
        seen.append(days)
        raise OSError("no space left")

    monkeypatch.setattr("chatcad.sessions.SessionStore.erase_older", fail)
    monkeypatch.setattr("chatcad.ui.tidy.EVERY_SECONDS", 0.01)
    keep_tidy(shelf, tmp_path / "uploads", 300)
    end = time.monotonic() + 10
    while len(seen) < 2 and time.monotonic() < end:
        time.sleep(0.01)
    monkeypatch.setattr("chatcad.ui.tidy.EVERY_SECONDS", 3600)
    assert seen[:2] == [30, 30]
    assert "could not be erased" in caplog.text
