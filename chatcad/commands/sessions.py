"""``sessions list | show | export | erase | key``: the conversations that are kept on this machine."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

from chatcad import DISCLAIMER
from chatcad.config import Settings
from chatcad.errors import UsageError
from chatcad.serialise import study_to_json, turn_to_json
from chatcad.sessions import SessionStore, Talk
from chatcad.sessions.seal import write_key
from chatcad.sessions.store import day_of, erase_all


def run(arguments: argparse.Namespace, settings: Settings) -> None:
    """Run one of the actions."""
    if arguments.action == "key":
        write_key(arguments.path)
        print(f"{arguments.path}: set CHATCAD_KEY_FILE to it, and keep a copy: without it nothing can be opened")
        return
    if arguments.action == "erase" and arguments.all:
        print(f"erased: {erase_all(settings)}")
        return
    store = SessionStore.open(settings)
    if store.notice:
        print(store.notice)
    if arguments.action == "list":
        _list(store)
    elif arguments.action == "show":
        _show(store.load(None, arguments.id))
    elif arguments.action == "export":
        _export(store.load(None, arguments.id), arguments.out)
    else:
        print(f"erased: {_erase(store, arguments.id, arguments.older_than)}")


def _list(store: SessionStore) -> None:
    entries = store.entries(None)
    for e in entries:
        print(f"{e.id}  {e.owner[:8]}  {day_of(e.updated):>11}  {e.turns:3d} questions  {_shown(e.title)}")
    print(f"{len(entries)} conversations, {len({e.film for e in entries})} films")


def _show(talk: Talk) -> None:
    print(f"{_shown(talk.title)}\n{DISCLAIMER}\n\n{talk.study.draft_report}")
    for turn in talk.turns:
        print(f"\n> {_shown(turn.question)}\n{turn.answer}")


def _shown(typed: str) -> str:
    """Return what a visitor typed without signs that would steer the terminal of whoever reads it here."""
    return "".join(sign if sign.isprintable() else "�" for sign in typed)


def _export(talk: Talk, out: Path | None) -> None:
    told = {
        "disclaimer": DISCLAIMER,
        "id": talk.id,
        "title": talk.title,
        "study": study_to_json(talk.study),
        "prior": None if talk.prior is None else study_to_json(talk.prior),
        "turns": [turn_to_json(turn) for turn in talk.turns],
    }
    text = json.dumps(told, ensure_ascii=False, indent=2)
    if out is None:
        print(text)
        return
    try:
        # It holds what was said of a patient's film: nobody else on this machine has to read it.
        with os.fdopen(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(text + "\n")
    except OSError as error:
        raise UsageError(f"{out} can't be written: {error.strerror}") from error
    print(f"{out}: {len(talk.turns)} questions")


def _erase(store: SessionStore, talk_id: str | None, days: float) -> int:
    if talk_id is None:
        return store.erase_older(days)
    store.erase(None, talk_id)
    return 1
