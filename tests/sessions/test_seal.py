"""Encryption at rest: nothing readable on the disk, nothing without the key, nothing moved from its place."""

from __future__ import annotations

import stat
from dataclasses import replace
from pathlib import Path

import pytest

from chatcad.config import Settings
from chatcad.errors import StoreUnusable, TalkDamaged, UsageError
from chatcad.sessions import SessionStore
from chatcad.sessions.codec import Unreadable
from chatcad.sessions.seal import Seal, seal_of, write_key
from chatcad.sessions.store import erase_all

from .made import on_disk, talk, tamper

OWNER = "a" * 64


@pytest.fixture
def key(tmp_path: Path) -> str:
    write_key(tmp_path / "key")
    return str(tmp_path / "key")


@pytest.fixture
def other_key(tmp_path: Path) -> str:
    write_key(tmp_path / "other")
    return str(tmp_path / "other")


def test_a_key_is_its_owners_only_and_never_overwritten(key: str) -> None:
    assert stat.S_IMODE(Path(key).stat().st_mode) == 0o600
    before = Path(key).read_bytes()
    with pytest.raises(UsageError, match="File exists"):
        write_key(Path(key))
    assert Path(key).read_bytes() == before


@pytest.mark.parametrize("content", [None, b"", b"hello", b"\xff\xfe", b"aGVsbG8="])
def test_what_is_no_key_is_refused_with_the_remedy(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "key"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(StoreUnusable, match=r"sessions key PATH|CHATCAD_KEY_FILE"):
        seal_of(str(path))


def test_with_a_key_nothing_can_be_read_from_the_disk(tmp_path: Path, key: str) -> None:
    settings = Settings(cache=tmp_path / "cache", key_file=key)
    kept = talk("Is the canary dead?")
    store = SessionStore.open(settings)
    store.save(OWNER, kept)
    stored = on_disk(settings)
    for word in (b"canary", b"Cardiomegaly", b"IHDR", b"heart", kept.study.radiograph.sha256.encode()):
        assert word not in stored
    assert SessionStore.open(settings).load(OWNER, kept.id).turns == kept.turns


def test_a_wrong_a_missing_and_a_needless_key_are_told_apart(tmp_path: Path, key: str, other_key: str) -> None:
    sealed = Settings(cache=tmp_path / "sealed", key_file=key)
    SessionStore.open(sealed).save(OWNER, talk("One?"))
    plain = Settings(cache=tmp_path / "plain")
    SessionStore.open(plain).save(OWNER, talk("One?"))
    for settings, said in (
        (replace(sealed, key_file=other_key), "another key"),
        (replace(sealed, key_file=""), "they are encrypted"),
        (replace(plain, key_file=key), "not encrypted"),
    ):
        with pytest.raises(StoreUnusable, match=said):
            SessionStore.open(settings)
    assert len(SessionStore.open(sealed).entries(OWNER)) == 1, "a failed attempt changes nothing"


def test_a_lost_key_locks_nobody_out_of_a_new_beginning(tmp_path: Path, key: str, other_key: str) -> None:
    settings = Settings(cache=tmp_path / "cache", key_file=key)
    SessionStore.open(settings).save(OWNER, talk("One?"))
    settings = replace(settings, key_file=other_key)
    assert erase_all(settings) == 1
    assert SessionStore.open(settings).entries(OWNER) == ()


@pytest.mark.parametrize("keyed", [True, False])
def test_bytes_that_were_changed_or_moved_do_not_open(keyed: bool, key: str) -> None:
    seal = seal_of(key) if keyed else Seal()
    stored = seal.close(b"said", "turn/a/1")
    assert seal.open(stored, "turn/a/1") == b"said"
    for data, place in (
        (stored, "turn/a/2"),
        (stored[:-1], "turn/a/1"),
        (b"", "turn/a/1"),
        (b"x" + stored, "turn/a/1"),
    ):
        with pytest.raises(Unreadable):
            seal.open(data, place)


def test_answers_that_were_swapped_in_the_database_are_not_shown(tmp_path: Path, key: str) -> None:
    settings = Settings(cache=tmp_path / "cache", key_file=key)
    store = SessionStore.open(settings)
    first, second = talk("One?"), talk("Two?")
    store.save(OWNER, first)
    store.save(OWNER, second)
    tamper(settings, "UPDATE turn SET body = (SELECT body FROM turn WHERE talk_id = ?)", first.id)
    assert store.load(OWNER, first.id).turns == first.turns
    with pytest.raises(TalkDamaged, match="key"):
        store.load(OWNER, second.id)
