"""A database of every earlier schema opens with the same bytes; one of a newer program is left alone."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

import chatcad.sessions
from chatcad.config import Settings
from chatcad.errors import StoreUnusable
from chatcad.sessions import SessionStore
from chatcad.sessions.codec import encode_facts, encode_turn
from chatcad.sessions.database import sqlite_path
from chatcad.sessions.rows import Base

from .made import talk, tamper

OWNER = "a" * 64
PAST = Path(__file__).with_name("past")
"""``NNNN.sql`` is what ``sqlite3 chatcad.db .dump`` printed when NNNN was the newest schema."""


def revisions() -> list[str]:
    config = Config()
    config.set_main_option("script_location", str(Path(chatcad.sessions.__file__).parent / "migrations"))
    return [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]


def restored(dump: str, settings: Settings) -> dict[str, list[tuple[object, ...]]]:
    """Make a database from a dump and return its rows."""
    path = sqlite_path(settings)
    path.parent.mkdir(parents=True)
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(dump)
        tables = ("study", "conversation", "turn")
        return {t: connection.execute(f"SELECT * FROM {t} ORDER BY 1, 2").fetchall() for t in tables}  # noqa: S608


def said_again(stored: bytes, now: bytes) -> bool:
    """Return whether all that was stored is still said; what came later has no value in it."""
    old, new = json.loads(stored[:-16]), json.loads(now)
    return {k: new[k] for k in old} == old and not any(new[k] for k in new.keys() - old.keys())


def test_each_schema_has_a_database_of_its_time() -> None:
    assert sorted(p.stem for p in PAST.glob("*.sql")) == sorted(revisions())


@pytest.mark.parametrize("revision", sorted(p.stem for p in PAST.glob("*.sql")))
def test_a_past_database_opens_with_the_same_bytes(tmp_path: Path, revision: str) -> None:
    settings = Settings(cache=tmp_path, retention_days=0)
    before = restored((PAST / f"{revision}.sql").read_text(encoding="utf-8"), settings)
    store = SessionStore.open(settings)
    (entry,) = store.entries(OWNER)
    back = store.load(OWNER, entry.id)
    for turn, (_, _, body) in zip(back.turns, before["turn"], strict=True):
        assert said_again(body, encode_turn(turn))
    facts = [encode_facts(s) for s in (back.study, back.prior) if s is not None]
    assert all(any(said_again(row[3], now) for now in facts) for row in before["study"])
    assert [t.question for t in back.turns] == ["How large is the heart?", "Is it dangerous?"]
    with closing(sqlite3.connect(sqlite_path(settings))) as connection:
        after = {t: connection.execute(f"SELECT * FROM {t} ORDER BY 1, 2").fetchall() for t in before}  # noqa: S608
    assert {t: [row[: len(before[t][0])] for row in rows] for t, rows in after.items()} == before


def test_the_migrations_end_where_the_program_is(tmp_path: Path) -> None:
    SessionStore.open(Settings(cache=tmp_path))
    with closing(sqlite3.connect(sqlite_path(Settings(cache=tmp_path)))) as connection:
        for table in Base.metadata.tables.values():
            columns = connection.execute(f"PRAGMA table_info({table.name})")
            found = {(name, bool(needed)) for _, name, _, needed, *_ in columns}
            assert found == {(c.name, not c.nullable) for c in table.columns}


def test_a_newer_schema_is_refused_and_left_alone(tmp_path: Path) -> None:
    settings = Settings(cache=tmp_path)
    kept = talk("One?")
    SessionStore.open(settings).save(OWNER, kept)
    tamper(settings, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreUnusable, match="schema 9999, of a newer ChatCAD"):
        SessionStore.open(settings)
    tamper(settings, "UPDATE alembic_version SET version_num = ?", max(revisions()))
    assert SessionStore.open(settings).load(OWNER, kept.id).turns == kept.turns


def test_a_migration_that_fails_leaves_the_old_schema(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(cache=tmp_path, retention_days=0)
    before = restored((PAST / "0001.sql").read_text(encoding="utf-8"), settings)
    with monkeypatch.context() as patch:
        patch.setattr("alembic.op.add_column", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            SessionStore.open(settings)
    store = SessionStore.open(settings)
    assert len(store.entries(OWNER)) == len(before["conversation"]) == 1
