"""The same store in PostgreSQL: a server of our own in a temporary folder, on a socket, gone afterwards."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from chatcad.config import Settings
from chatcad.errors import TalkMissing
from chatcad.sessions import SessionStore
from chatcad.sessions.store import DAY, erase_all

from .made import same, talk, turn, without_pixels

OWNER, OTHER = "a" * 64, "b" * 64


def programs() -> Path | None:
    """Return the folder of PostgreSQL's programs; Debian keeps them off the path."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb")) or [shutil.which("initdb")]
    return None if found[-1] is None else Path(found[-1]).parent


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    pytest.importorskip("psycopg", reason="PostgreSQL's driver is not installed (requirements/postgres.txt)")
    binaries = programs()
    if binaries is None:
        pytest.skip("no PostgreSQL on this machine: apt-get install postgresql")
    # Not pytest's folder: the server refuses to run as root, and no other user may enter there.
    with tempfile.TemporaryDirectory(prefix="chatcad-pg-") as folder:
        who: dict[str, str] = {}
        if os.geteuid() == 0:
            who = {"user": "postgres"}
            shutil.chown(folder, "postgres")

        def run(program: str, *arguments: str) -> None:
            command = [binaries / program, "-D", f"{folder}/data", *arguments]
            subprocess.run(command, stdout=subprocess.DEVNULL, check=True, cwd=folder, timeout=60, **who)

        run("initdb", "-U", "chatcad", "--auth=trust", "-E", "UTF8")
        options = f"-c listen_addresses='' -k {folder} -c fsync=off"
        run("pg_ctl", "-w", "-o", options, "-l", f"{folder}/log", "start")
        try:
            yield f"postgresql+psycopg://chatcad@/postgres?host={folder}"
        finally:
            run("pg_ctl", "-w", "-m", "immediate", "stop")


def test_talks_are_kept_in_postgres(url: str, tmp_path: Path) -> None:
    settings = Settings(cache=tmp_path, database=url)
    store = SessionStore.open(settings)
    kept = talk("One?", "Zwei? „ä“ 🫁")
    store.save(OWNER, kept)
    store.save(OWNER, replace(kept, turns=(kept.turns[0], turn("Another?"))), kept.turns)
    store.engine.dispose()
    store = SessionStore.open(settings)
    back = store.load(OWNER, kept.id)
    assert back.turns == (kept.turns[0], turn("Another?"))
    assert same(without_pixels(back.study), without_pixels(kept.study))
    with pytest.raises(TalkMissing):
        store.load(OTHER, kept.id)
    store.rename(OWNER, kept.id, "Renamed")
    assert [(e.title, e.turns) for e in store.entries(OWNER)] == [("Renamed", 2)]
    assert store.erase_older(1 / DAY * 3600) == 0
    store.erase(OWNER, kept.id)
    store.save(OWNER, talk("Three?"))
    assert erase_all(settings) == 1
    assert SessionStore.open(settings).entries(None) == ()
    assert not (tmp_path / "sessions").exists()
