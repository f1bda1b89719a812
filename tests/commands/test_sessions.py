"""`sessions`: list, show, export, erase, key."""

from __future__ import annotations

import json
import sqlite3
import stat
from pathlib import Path

import pytest

from chatcad import DISCLAIMER
from chatcad.cli import main
from chatcad.config import Settings
from chatcad.sessions import SessionStore, Talk
from tests.sessions.made import talk

OWNER = "a" * 64


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Talk:
    monkeypatch.setenv("CHATCAD_CACHE", str(tmp_path))
    made = talk("How large is the heart?")
    SessionStore.open(Settings(cache=tmp_path)).save(OWNER, made)
    return made


def run(*words: str) -> int:
    return main(["sessions", *words])


def test_list_show_and_export_tell_what_is_kept(kept: Talk, tmp_path: Path, capsys) -> None:
    assert run("list") == 0
    assert f"{kept.id}  aaaaaaaa" in (listed := capsys.readouterr().out)
    assert "1 conversations, 1 films" in listed
    assert run("show", kept.id) == 0
    assert DISCLAIMER in (shown := capsys.readouterr().out)
    assert "> How large is the heart?" in shown
    out = tmp_path / "talk.json"
    assert run("export", kept.id, "--out", str(out)) == 0
    told = json.loads(out.read_text(encoding="utf-8"))
    assert told["turns"][0]["question"] == "How large is the heart?"
    assert told["study"]["findings"][0]["label"] == "Cardiomegaly"
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    capsys.readouterr()
    assert run("export", kept.id) == 0
    assert json.loads(capsys.readouterr().out) == told


def test_looking_at_what_is_kept_erases_nothing_of_it(kept: Talk, tmp_path: Path, capsys) -> None:
    database = sqlite3.connect(tmp_path / "sessions" / "chatcad.db")
    with database:
        database.execute("UPDATE conversation SET updated = 0")
    database.close()
    assert run("list") == 0  # in a shell that doesn't have the server's CHATCAD_RETENTION_DAYS
    assert kept.id in capsys.readouterr().out


def test_what_a_visitor_typed_steers_no_terminal(kept: Talk, tmp_path: Path, capsys) -> None:
    store = SessionStore.open(Settings(cache=tmp_path))
    store.rename(OWNER, kept.id, "\x1b[2JMine")
    store.save(OWNER, asked := talk("Sure\x1b]0;x\x07?"))
    assert run("list") + run("show", kept.id) + run("show", asked.id) == 0
    shown = capsys.readouterr().out
    assert "\x1b" not in shown
    assert "[2JMine" in shown


def test_erase_takes_one_old_ones_or_all(kept: Talk, capsys) -> None:
    assert run("erase", "nobody") == 2
    assert "no such conversation" in capsys.readouterr().err
    assert run("erase", "--older-than", "1") == 0
    assert capsys.readouterr().out == "erased: 0\n"
    assert run("erase", kept.id) == 0
    assert run("show", kept.id) == 2
    assert run("erase", "--all") == 0
    assert capsys.readouterr().out == "erased: 1\nerased: 0\n"
    with pytest.raises(SystemExit):
        run("erase")


def test_a_key_encrypts_from_a_new_beginning(kept: Talk, tmp_path: Path, monkeypatch, capsys) -> None:
    assert run("key", str(tmp_path / "key")) == 0
    assert "keep a copy" in capsys.readouterr().out
    monkeypatch.setenv("CHATCAD_KEY_FILE", str(tmp_path / "key"))
    assert run("list") == 4
    assert "sessions erase --all" in capsys.readouterr().err
    assert run("erase", "--all") == 0
    assert run("list") == 0
