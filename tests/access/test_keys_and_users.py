"""Keys and passwords: stored as hashes, shown once, gone when revoked."""

from __future__ import annotations

import io
import stat
import time

import pytest

from chatcad.access.guard import LoginEnds
from chatcad.access.keys import Keys
from chatcad.access.users import Users
from chatcad.cli import main
from chatcad.config import Settings
from chatcad.errors import UsageError

PASSWORD = "correct horse battery"  # noqa: S105


@pytest.fixture
def settings(tmp_path, monkeypatch) -> Settings:
    monkeypatch.setenv("CHATCAD_CACHE", str(tmp_path))
    return Settings(cache=tmp_path)


def test_a_key_is_shown_once_and_stored_as_its_hash(settings, capsys) -> None:
    assert main(["keys", "add", "pacs"]) == 0
    key = capsys.readouterr().out.strip()
    keys = Keys.of(settings)
    assert keys.holder(key) == "pacs"
    assert keys.holder(key[:-1]) is None
    assert key not in keys.names.path.read_text()
    assert stat.S_IMODE(keys.names.path.stat().st_mode) == 0o600
    main(["keys", "list"])
    assert capsys.readouterr().out.strip() == "pacs"


def test_a_name_is_taken_once_and_an_unknown_one_can_not_be_revoked(settings, capsys) -> None:
    main(["keys", "add", "pacs"])
    assert main(["keys", "add", "pacs"]) == 2
    assert main(["keys", "revoke", "ris"]) == 2
    assert main(["keys", "revoke", "pacs"]) == 0
    assert not Keys.of(settings)
    for name in ("", "a b", "../x", "x" * 65):
        with pytest.raises(UsageError, match="is no name"):
            Keys.of(settings).add(name)


def test_a_user_logs_in_with_the_password_only(settings, monkeypatch, capsys) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))
    assert main(["users", "add", "anna"]) == 0
    users = Users.of(settings)
    assert users.fits("anna", PASSWORD)
    assert not users.fits("anna", PASSWORD + "!")
    assert not users.fits("nobody", PASSWORD)
    assert not users.fits("nobody", "nobody's"), "the stand-in for unknown names lets somebody in"
    assert users.names.path.read_text().count("$argon2id$") == 1
    main(["users", "remove", "anna"])
    assert not users.fits("anna", PASSWORD)


def test_a_short_password_is_refused(settings) -> None:
    with pytest.raises(UsageError, match="12 characters"):
        Users.of(settings).add("anna", "short")


def test_a_damaged_file_lets_nobody_in(settings) -> None:
    keys = Keys.of(settings)
    keys.add("pacs")
    keys.names.path.write_text("{")
    with pytest.raises(UsageError, match="restore it"):
        keys.holder("anything")


def test_a_login_ends_after_its_time_whether_it_is_used_or_not(settings) -> None:
    users = Users.of(settings)
    users.add("anna", PASSWORD)
    logins, ends = {"first": "anna"}, LoginEnds(None, users, seconds=0.2)
    ends._end(logins)
    assert logins == {"first": "anna"}
    time.sleep(0.2)
    logins["second"] = "anna"
    ends._end(logins)
    assert logins == {"second": "anna"}
    ends._end({})
    assert ends._begun == {}, "nothing is kept of logins that are over"


@pytest.mark.parametrize("damage", ["{", "[1]", '["ab"]', '{"anna": 5}', "null"])
def test_a_damaged_file_of_names_is_said(settings, damage: str) -> None:
    names = Users.of(settings).names
    names.path.parent.mkdir()
    names.path.write_text(damage)
    with pytest.raises(UsageError, match="can't be read"):
        names.all()
