"""What a chest film can show and no network in use looks for by name: how questions speak of it, and what is said.

It knows words only (``knowledge/unassessed.yaml``). It doesn't know the film.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import yaml

from chatcad.config import ROOT
from chatcad.language import spoken, table
from chatcad.planning.statements import replies
from chatcad.types import Intent, Mode, Statement

UNREAD_FILE = ROOT / "knowledge" / "unassessed.yaml"
ASKS_AFTER: frozenset[Intent] = frozenset(
    {"finding", "location", "measurement", "summary", "out_of_scope", "comparison", "certainty"}
)
"""Kinds of question that ask whether a thing is there; what it means or what comes next is answered otherwise."""


@dataclass(frozen=True, slots=True)
class Unread:
    """One thing that nobody looks for, as a clinician and as a patient reads it."""

    name: str
    plain: str
    mentions: re.Pattern[str]
    plural: bool = False


@lru_cache(maxsize=1)
def unread_things() -> tuple[Unread, ...]:
    """Return everything that is known to be unread, the narrower before the wider."""
    rows = yaml.safe_load(UNREAD_FILE.read_text(encoding="utf-8"))
    compiled = [re.compile(rf"\b(?:{row['mentions']})\b", re.IGNORECASE) for row in rows]
    return tuple(
        Unread(row["name"], row["plain"], pattern, row.get("plural", False))
        for row, pattern in zip(rows, compiled, strict=True)
    )


def unread_in(question: str) -> tuple[Unread, ...]:
    """Return the unread things that a question asks after; words that one has taken are not another's."""
    return _taken(question)[0]


def without_unread(question: str) -> str:
    """Return a question without its unread things, so that no label is heard in them ("surgical emphysema")."""
    return _taken(question)[1]


def _taken(question: str) -> tuple[tuple[Unread, ...], str]:
    found = []
    for thing in unread_things():
        rest = thing.mentions.sub(" ", question)
        if rest != question:
            found.append(thing)
        question = rest
    return tuple(found), question


def say_unread(things: Sequence[Unread], mode: Mode) -> list[Statement]:
    """Return that nobody looked for what was asked after; in another language than English without its name."""
    if spoken() != "en":
        return replies("unnamed", mode) if things else []
    words: dict[str, str] = table("wording")[mode]
    said = []
    for thing in things:
        template = words["not_assessed_plural" if thing.plural else "not_assessed"]
        text = template.format(Name=thing.name[:1].upper() + thing.name[1:], plain=thing.plain)
        said.append(Statement(text, (), "general", reword=False))
    return said
