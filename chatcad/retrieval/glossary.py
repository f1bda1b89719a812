"""The glossary: words of a report and their plain words (``knowledge/glossary.yaml``).

It finds terms in a text, so that patient mode can link or explain them. It rewrites nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass as frozen
from functools import cached_property, lru_cache
from pathlib import Path

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from chatcad.config import ROOT
from chatcad.errors import KnowledgeInvalid
from chatcad.retrieval.typed_yaml import read_typed
from chatcad.types import Turn


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class GlossaryEntry:
    """One term, its other forms, its plain words, and the id of a passage that says more (or ``None``)."""

    term: str
    plain: str
    variants: tuple[str, ...] = ()
    see: str | None = None

    @property
    def forms(self) -> tuple[str, ...]:
        """Every way in which the term is written."""
        return (self.term, *self.variants)


@frozen(frozen=True, slots=True)
class Explained:
    """Where a text holds a term: ``text[start:end]``, and the term's entry."""

    start: int
    end: int
    entry: GlossaryEntry


@frozen(frozen=True)
class Glossary:
    """All entries. Read it with :func:`load_glossary`."""

    entries: tuple[GlossaryEntry, ...]

    def find(self, text: str) -> tuple[Explained, ...]:
        """Return the terms of ``text`` in order, whole words only; the longest of overlapping terms is taken."""
        found = self._pattern.finditer(text)
        return tuple(Explained(m.start(), m.end(), self._by_form[m.group().lower()]) for m in found)

    def explain(self, term: str) -> GlossaryEntry | None:
        """Return the entry of one term or variant, or ``None``."""
        return self._by_form.get(term.lower())

    @cached_property
    def _by_form(self) -> dict[str, GlossaryEntry]:
        return {form.lower(): entry for entry in self.entries for form in entry.forms}

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        longest_first = sorted((f for e in self.entries for f in e.forms), key=len, reverse=True)
        words = "|".join(re.escape(f) for f in longest_first if not f.isupper())
        # Abbreviations are terms in capitals only: "pe" and "ct" in small letters are bits of other words.
        capitals = "|".join(re.escape(f) for f in longest_first if f.isupper()) or "(?!)"
        return re.compile(rf"(?<![\w-])(?:(?i:{words})|{capitals})(?![\w-])")


def load_glossary(path: Path = ROOT / "knowledge" / "glossary.yaml") -> Glossary:
    """Read and validate a glossary.

    Raises
    ------
    KnowledgeInvalid
        The file is no YAML, misses a field, or gives one spelling to two terms.
    """
    entries = read_typed(path, tuple[GlossaryEntry, ...])
    spellings = Counter(form.lower() for entry in entries for form in entry.forms)
    twice = [form for form, count in spellings.items() if count > 1]
    if twice:
        raise KnowledgeInvalid(f"{path.name}: {', '.join(twice)} stands twice: keep one")
    return Glossary(entries)


@lru_cache(maxsize=1)
def glossary() -> Glossary:
    """Return the glossary that ships with the program."""
    return load_glossary()


def words_of(turn: Turn) -> dict[str, str]:
    """Return the terms in an answer to a patient with their plain words; none for clinicians and other languages."""
    if turn.mode != "patient" or turn.language != "en":
        return {}
    return {found.entry.term: found.entry.plain for found in glossary().find(turn.answer)}
