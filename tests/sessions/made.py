"""Talks made for tests, and whether two of them are the same to the last bit."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from chatcad.config import Settings
from chatcad.sessions import Talk, new_id
from chatcad.sessions.database import sqlite_path
from chatcad.types import Study, Turn
from tests.ui.fake import FakeSystem, study


def turn(question: str = "How large is the heart?") -> Turn:
    *_, answered = FakeSystem().stream(question, SimpleNamespace(mode="patient"))
    return replace(answered, machine={"device": "cpu", "threads": 2}, language="de")


def talk(*questions: str, of: Study | None = None) -> Talk:
    return Talk(new_id(), "Cardiomegaly likely, 3 Dec 2026", of or study(), tuple(map(turn, questions)))


def same(a: object, b: object) -> bool:
    """Tell whether two values are equal; ``==`` of dataclasses that hold arrays is no answer."""
    if isinstance(a, np.ndarray):
        return isinstance(b, np.ndarray) and a.dtype == b.dtype and np.array_equal(a, b)
    if is_dataclass(a):
        return type(a) is type(b) and all(same(getattr(a, f.name), getattr(b, f.name)) for f in fields(a))
    if isinstance(a, tuple):
        return isinstance(b, tuple) and len(a) == len(b) and all(map(same, a, b))
    return a == b


def without_pixels(of: Study) -> Study:
    return replace(of, radiograph=replace(of.radiograph, pixels=np.zeros((1, 1), np.float32), grid=None))


def tamper(settings: Settings, statement: str, *values: object) -> None:
    """Change the database behind the program's back."""
    with closing(sqlite3.connect(sqlite_path(settings))) as connection, connection:
        connection.execute(statement, values)


def on_disk(settings: Settings) -> bytes:
    """Return every byte of the database and its side files."""
    folder = sqlite_path(settings).parent
    return b"".join(path.read_bytes() for path in sorted(Path(folder).iterdir()))
