"""The labels and their words: read from ``knowledge/vocabulary.yaml``, used by findings, planning and checking.

It knows how a label is spelt, said and recognised. It doesn't know what any film shows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import yaml

from chatcad.config import ROOT
from chatcad.types import Urgency

Meaning = Literal["named", "denied", "affirmed"]


@dataclass(frozen=True, slots=True)
class Term:
    """One label: ``name`` for the clinician, ``plain`` for the patient, ``search`` for the index, how it is heard."""

    label: str
    name: str
    plain: str
    search: tuple[str, ...]
    patterns: tuple[tuple[Meaning, re.Pattern[str]], ...]
    urgency: Urgency
    sided: bool
    plural: bool = False


@dataclass(frozen=True, slots=True)
class Mention:
    """Where a text mentions a label, and whether the phrase by itself denies or affirms it."""

    label: str
    start: int
    end: int
    meaning: Meaning = "named"


def _pattern(alternatives: list[str]) -> re.Pattern[str]:
    # Longest alternative first, so that "pleural effusion" is one mention and not "effusion" inside it. A phrase may
    # end in a bracket, after which there is no word boundary.
    ordered = sorted(alternatives, key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(ordered)})(?!\w)", re.IGNORECASE)


@lru_cache(maxsize=1)
def terms() -> dict[str, Term]:
    """Return every label's term, in the order of the ids (F1, F2, …)."""
    entries = yaml.safe_load((ROOT / "knowledge" / "vocabulary.yaml").read_text(encoding="utf-8"))
    return {
        e["label"]: Term(
            label=e["label"],
            name=e["name"],
            plain=e["plain"],
            search=tuple(e["search"]),
            patterns=tuple(_patterns(e)),
            urgency=e["urgency"],
            sided=e["sided"],
            plural=e.get("plural", False),
        )
        for e in entries
    }


def _patterns(entry: dict[str, Any]) -> Iterator[tuple[Meaning, re.Pattern[str]]]:
    own_words = [re.escape(entry["name"]), re.escape(entry["plain"])]
    yield "named", _pattern([*entry["mentions"], *own_words])
    if "denied" in entry:
        yield "denied", _pattern(entry["denied"])
    if "affirmed" in entry:
        yield "affirmed", _pattern(entry["affirmed"])


def _all_mentions(text: str) -> Iterator[Mention]:
    for term in terms().values():
        for meaning, pattern in term.patterns:
            yield from (Mention(term.label, *m.span(), meaning) for m in pattern.finditer(text))


def find_mentions(text: str) -> tuple[Mention, ...]:
    """Find the labels that a text mentions, in order; where two overlap, the longer phrase wins.

    Parameters
    ----------
    text
        One sentence or question.

    Returns
    -------
    tuple of Mention
        Non-overlapping, sorted by position.
    """
    kept: list[Mention] = []
    for mention in sorted(_all_mentions(text), key=lambda m: (m.start - m.end, m.meaning == "named", m.start)):
        if all(mention.end <= k.start or mention.start >= k.end for k in kept):
            kept.append(mention)
    return tuple(sorted(kept, key=lambda m: m.start))


def labels_in(text: str) -> tuple[str, ...]:
    """Return the labels that a text mentions, each once, in the order of their first mention."""
    return tuple(dict.fromkeys(m.label for m in find_mentions(text)))
