"""Openly licensed example films: which there are (``films.yaml``), fetched once and checked, read by the page.

It knows addresses, licences, checksums and ``CACHE/examples``. It decodes no film.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

import yaml

from chatcad.errors import ExampleFailed

LIST = Path(__file__).with_name("films.yaml")
RECORD = "fetched.json"

Trust = Literal["pinned", "first use"]


@dataclass(frozen=True, slots=True)
class Example:
    """One film of the list; ``sha256`` is ``""`` where nobody has recorded it yet."""

    key: str
    file: str
    url: str
    licence: str
    attribution: str
    page: str
    what: str
    sha256: str = ""


@lru_cache(maxsize=4)
def listed(path: Path = LIST) -> tuple[Example, ...]:
    """Return the films of the list, in its order."""
    entries = yaml.safe_load(path.read_text(encoding="utf-8"))
    return tuple(Example(key, **entry) for key, entry in entries.items())


def folder(cache: Path) -> Path:
    """Return where example films lie."""
    return cache / "examples"


def fetched(cache: Path, films: tuple[Example, ...] | None = None) -> tuple[Example, ...]:
    """Return the films that are there and were checked when they came."""
    record = read_record(cache)
    known = listed() if films is None else films
    return tuple(e for e in known if e.key in record and (folder(cache) / e.file).is_file())


def film_bytes(cache: Path, key: str) -> bytes:
    """Return a fetched film's file, checked once more.

    Raises
    ------
    ExampleFailed
        It isn't there any more, or was changed since.
    """
    from hashlib import sha256

    example = next((e for e in fetched(cache) if e.key == key), None)
    if example is None:
        raise ExampleFailed(f"the example film {key!r} is not on this machine: run `make examples`")
    data = (folder(cache) / example.file).read_bytes()
    if sha256(data).hexdigest() != read_record(cache)[key]:
        raise ExampleFailed(
            f"the example film {key!r} was changed since it was fetched: delete it, run `make examples`"
        )
    return data


def read_record(cache: Path) -> Mapping[str, str]:
    """Return the sha256 of each film as it was fetched here."""
    path = folder(cache) / RECORD
    if not path.is_file():
        return {}
    record: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return record
