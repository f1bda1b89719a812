"""Conversations kept, listed, opened, renamed and erased, by their owners only."""

from __future__ import annotations

import json
import sqlite3
import stat
import threading
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from chatcad.config import Settings
from chatcad.errors import TalkChanged, TalkMissing
from chatcad.sessions import SessionStore, new_id
from chatcad.sessions.database import sqlite_path
from chatcad.sessions.owner import is_token, new_token, owner_id
from chatcad.sessions.store import DAY, erase_all
from tests.ui.fake import study

from .made import on_disk, same, talk, tamper, turn, without_pixels

ANN, BOB = owner_id(None, "a" * 32), owner_id("bob", "a" * 32)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(cache=tmp_path)


@pytest.fixture
def store(settings: Settings) -> SessionStore:
    return SessionStore.open(settings)


def test_a_talk_outlives_the_program(store: SessionStore, settings: Settings) -> None:
    kept = replace(talk("One?", "Two?"), prior=replace(study(), view="PA"), mode="patient", language="es")
    store.save(ANN, kept)
    store.engine.dispose()
    back = SessionStore.open(settings).load(ANN, kept.id)
    assert back.turns == kept.turns
    assert same(without_pixels(back.study), without_pixels(kept.study))
    assert same(without_pixels(back.prior), without_pixels(kept.prior))
    assert (back.title, back.mode, back.language) == (kept.title, "patient", "es")


def test_the_next_turn_is_added_and_turns_taken_back_are_gone(store: SessionStore) -> None:
    kept = talk("One?", "Two?", "Three?")
    before = ()
    for questions in ((), ("One?",), ("One?", "Two?"), ("One?", "2?", "3?"), ("Other?", "2?"), ("Other?",), ()):
        now = tuple(map(turn, questions))
        store.save(ANN, replace(kept, turns=now), before)
        assert store.load(ANN, kept.id).turns == now
        before = now


def test_a_talk_that_went_on_elsewhere_is_not_overwritten(store: SessionStore) -> None:
    kept = talk("One?")
    store.save(ANN, kept)
    here, there = ((*kept.turns, turn(question)) for question in ("Here?", "There?"))
    store.save(ANN, replace(kept, turns=there), kept.turns)
    with pytest.raises(TalkChanged):
        store.save(ANN, replace(kept, turns=here), kept.turns)
    assert store.load(ANN, kept.id).turns == there
    store.erase(ANN, kept.id)
    with pytest.raises(TalkChanged):
        store.save(ANN, replace(kept, turns=here), there)
    assert store.entries(ANN) == ()


def test_talks_about_one_reading_share_its_film_and_the_last_one_takes_it_along(store: SessionStore) -> None:
    film = study()
    first, second = talk("One?", of=film), talk("Two?", of=film)
    other = talk("Three?", of=replace(film, draft_report="another reading"))
    for kept in (first, second, other):
        store.save(ANN, kept)
    assert len({e.film for e in store.entries(ANN)}) == 2
    store.erase(ANN, first.id)
    assert same(without_pixels(store.load(ANN, second.id).study), without_pixels(film))
    store.erase(ANN, second.id)
    assert [e.id for e in store.entries(ANN)] == [other.id]


def test_the_last_used_talk_comes_first_and_keeps_its_new_title(store: SessionStore) -> None:
    first, second = talk("One?"), talk("Two?")
    store.save(ANN, first)
    store.save(ANN, second)
    store.rename(ANN, first.id, "  Before   the operation ")
    store.rename(ANN, second.id, " ")
    store.save(ANN, replace(first, turns=(*first.turns, turn("More?"))), first.turns)
    assert [(e.title, e.turns) for e in store.entries(ANN)] == [("Before the operation", 2), (second.title, 1)]
    store.save(ANN, second, second.turns)
    assert store.entries(ANN)[0].id == first.id, "nothing new was said"


def test_another_owner_finds_nothing_and_can_change_nothing(store: SessionStore) -> None:
    kept = talk("One?")
    store.save(ANN, kept)
    before = store.load(ANN, kept.id)
    for attempt in (
        lambda: store.load(BOB, kept.id),
        lambda: store.rename(BOB, kept.id, "Mine"),
        lambda: store.erase(BOB, kept.id),
        lambda: store.save(BOB, replace(kept, turns=())),
        lambda: store.load(ANN, new_id()),
        lambda: store.load(ANN, "' OR 1=1 --"),
    ):
        with pytest.raises(TalkMissing, match="no such conversation"):
            attempt()
    assert store.entries(BOB) == ()
    assert store.load(ANN, kept.id).turns == before.turns
    assert store.load(ANN, kept.id).title == before.title


def test_a_token_is_random_and_never_stands_for_a_login() -> None:
    assert is_token(new_token())
    assert new_token() != new_token()
    assert not any(map(is_token, (None, "", "a" * 31, "A" * 32, "a" * 33, "login:bob", {"a": 1})))
    assert owner_id("bob", "a" * 32) == owner_id("bob", "b" * 32) != owner_id(None, "bob")
    assert len({owner_id(None, "a" * 32), owner_id("a" * 32, ""), owner_id("", "b" * 32)}) == 3


def test_what_is_erased_leaves_nothing_on_the_disk(store: SessionStore, settings: Settings) -> None:
    gone, stays = talk("Is the canary dead?"), talk("Is the budgie fine?", of=replace(study(), draft_report="b"))
    store.save(ANN, gone)
    store.save(ANN, stays)
    assert b"the canary" in on_disk(settings)
    store.erase(ANN, gone.id)
    assert b"the canary" not in on_disk(settings)
    assert b"the budgie" in on_disk(settings)
    assert erase_all(settings) == 1
    assert b"the budgie" not in on_disk(settings)


def test_talks_past_their_days_are_erased_when_it_is_asked_for(store: SessionStore, settings: Settings) -> None:
    old, new = talk("Old?"), talk("New?", of=replace(study(), draft_report="another"))
    store.save(ANN, old)
    store.save(ANN, new)
    tamper(settings, "UPDATE conversation SET updated = ? WHERE id = ?", time.time() - 29 * DAY, old.id)
    assert store.erase_older(30) == 0
    tamper(settings, "UPDATE conversation SET updated = ? WHERE id = ?", time.time() - 31 * DAY, old.id)
    assert store.erase_older(30) == 1
    assert [e.id for e in store.entries(ANN)] == [new.id]
    assert b"Old?" not in on_disk(settings)


def test_only_the_owner_of_the_process_may_read_the_files(store: SessionStore, settings: Settings) -> None:
    store.save(ANN, talk("One?"))
    path = sqlite_path(settings)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()} == {0o600}


def test_a_database_of_another_name_is_private_too(tmp_path: Path) -> None:
    SessionStore.open(Settings(cache=tmp_path, database=f"sqlite:///{tmp_path}/other.db")).save(ANN, talk("One?"))
    assert {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()} == {0o600}


def test_no_file_name_and_no_free_text_about_the_patient_is_kept(store: SessionStore, settings: Settings) -> None:
    store.save(ANN, talk("One?"))
    assert b"DOE" not in on_disk(settings)
    assert set(vars_of_study(settings)) <= {
        "radiograph", "gate", "view", "findings", "measurements", "masks", "draft_report", "run", "pixels", "sha256",
        "sex", "age_band", "modality", "spacing_mm", "warnings", "grid", "missing",
    }  # fmt: skip


def vars_of_study(settings: Settings) -> list[str]:
    with closing(sqlite3.connect(sqlite_path(settings))) as connection:
        (facts,) = connection.execute("SELECT facts FROM study").fetchone()
    stored = json.loads(facts[:-16])
    return [*stored, *stored["radiograph"]]


def test_many_writers_at_once_lose_nothing(store: SessionStore) -> None:
    films = [replace(study(), draft_report=str(i)) for i in range(8)]
    talks = [talk(*(f"Question {n}?" for n in range(5)), of=film) for film in films]

    def write(kept):
        for number in range(1, 6):
            owner, before = f"{kept.study.draft_report:0>64}", kept.turns[: number - 1]
            store.save(owner, replace(kept, turns=kept.turns[:number]), before)

    threads = [threading.Thread(target=write, args=(kept,)) for kept in talks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for kept in talks:
        (entry,) = store.entries(f"{kept.study.draft_report:0>64}")
        assert store.load(entry.owner, entry.id).turns == kept.turns
