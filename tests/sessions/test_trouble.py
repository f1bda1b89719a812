"""A full disk, a read-only or damaged database, a damaged conversation: said plainly, and nothing else is lost."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import event

from chatcad.config import Settings
from chatcad.errors import StoreUnusable, TalkDamaged
from chatcad.sessions import SessionStore
from chatcad.sessions.database import open_engine, sqlite_path
from tests.ui.fake import study

from .made import on_disk, talk, tamper, turn

OWNER = "a" * 64


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(cache=tmp_path)


def limited(settings: Settings, pragma: str) -> SessionStore:
    """Return a store whose database obeys a pragma that stands for a full or a read-only disk."""
    store = SessionStore.open(settings)
    store.engine.dispose()
    event.listen(store.engine, "connect", lambda connection, _: connection.execute(f"PRAGMA {pragma}"))
    return store


@pytest.mark.parametrize(
    ("pragma", "said"), [("max_page_count=40", "the disk is full: make room"), ("query_only=ON", "read-only")]
)
def test_what_cannot_be_written_is_said_and_what_was_there_stays(settings: Settings, pragma: str, said: str) -> None:
    kept = talk("One?")
    SessionStore.open(settings).save(OWNER, kept)
    store = limited(settings, pragma)
    long = replace(kept, turns=(*kept.turns, *(turn(f"{n}?" * 5000) for n in range(40))))
    with pytest.raises(StoreUnusable, match=said) as error:
        store.save(OWNER, long, kept.turns)
    assert "?" not in str(error.value), "an error must not tell what was said"
    assert store.load(OWNER, kept.id).turns == kept.turns
    assert SessionStore.open(settings).load(OWNER, kept.id).turns == kept.turns


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "sessions").write_text("a file where the folder should be")
    with pytest.raises(StoreUnusable, match=r"can't be opened"):
        SessionStore.open(Settings(cache=tmp_path))


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("UPDATE turn SET body = x'7b7d' WHERE number = 1", "checksum"),
        ("UPDATE turn SET body = substr(body, 1, length(body) / 2) WHERE number = 2", "checksum"),
        ("DELETE FROM turn WHERE number = 1", "missing"),
        ("UPDATE study SET picture = zeroblob(length(picture))", "checksum"),
        ("DELETE FROM study", "its film is missing"),
        ("UPDATE study SET facts = arrays", "checksum"),
    ],
)
def test_a_damaged_talk_is_refused_with_its_reason_and_the_others_open(
    settings: Settings, damage: str, said: str
) -> None:
    store = SessionStore.open(settings)
    ill = talk("One?", "Two?")
    store.save(OWNER, ill)
    tamper(settings, damage)
    well = talk("Three?", of=replace(study(), draft_report="another"))
    store.save(OWNER, well)
    assert {e.id for e in store.entries(OWNER)} == {ill.id, well.id}
    with pytest.raises(TalkDamaged, match=f"{said}.*the others can"):
        store.load(OWNER, ill.id)
    assert store.load(OWNER, well.id).turns == well.turns
    store.erase(OWNER, ill.id)
    assert [e.id for e in store.entries(OWNER)] == [well.id]


@pytest.mark.parametrize("damage", [b"not a database" * 100, b"SQLite format 3\x00" + b"\xff" * 5000])
def test_a_damaged_file_is_moved_aside_and_a_new_store_begun(settings: Settings, damage: bytes) -> None:
    path = sqlite_path(settings)
    path.parent.mkdir(parents=True)
    path.write_bytes(damage)
    store = SessionStore.open(settings)
    assert "damaged" in store.notice
    (aside,) = path.parent.glob("chatcad.db.damaged-*")
    assert str(aside) in store.notice
    assert aside.read_bytes() == damage
    kept = talk("One?")
    store.save(OWNER, kept)
    assert SessionStore.open(settings).notice == ""
    assert b"One?" in on_disk(settings)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("nonsense", "CHATCAD_DATABASE can't be used"),
        ("postgresql+nodriver://a@localhost/b", "CHATCAD_DATABASE can't be used"),
        ("postgresql+psycopg://chatcad:geheim@127.0.0.1:9/none", "127.0.0.1"),
    ],
)
def test_a_database_that_is_not_there_is_said_without_its_password(settings: Settings, url: str, said: str) -> None:
    if "psycopg" in url:
        pytest.importorskip("psycopg", reason="PostgreSQL's driver is not installed (requirements/postgres.txt)")
    with pytest.raises(StoreUnusable, match=said) as error:
        open_engine(replace(settings, database=url))
    assert "geheim" not in str(error.value)
