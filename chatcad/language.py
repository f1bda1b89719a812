"""The language that answers are made in: its files of words, its way to write numbers, and how it is recognised.

A language is a folder of ``prompts/`` with the same keys as the English files. What a sentence says is decided
elsewhere, from facts; this module only hands out the words. Which language is spoken is set around one call that makes
sentences (`speaking`), so that no function on the way needs to pass it on.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, get_args

import yaml

from chatcad.config import ROOT
from chatcad.errors import LanguageRefused
from chatcad.types import Language, Mode

LANGUAGES: tuple[Language, ...] = get_args(Language)
OWN_NAMES: Mapping[Language, str] = {"en": "English", "de": "Deutsch", "es": "Español"}
ENGLISH_NAMES: Mapping[Language, str] = {"en": "English", "de": "German", "es": "Spanish"}
FEWEST_WORDS = 2
"""Words of a language that a question needs before it counts as written in it."""

_PLAIN = str.maketrans("áéíóúüñäö", "aeiouunao")
_spoken: ContextVar[Language] = ContextVar("spoken", default="en")


@dataclass(frozen=True, slots=True)
class Words:
    """How a language calls one label: in a clinician's sentence, in a list, and in plain words."""

    name: str
    short: str
    plain: str


def supported(code: str) -> Language:
    """Return the language of a code such as ``"de"`` or ``"de-AT"``.

    Raises
    ------
    LanguageRefused
        No files are there for it; the message names those that there are.
    """
    short = re.split(r"[-_]", code.strip().lower())[0]
    for language in LANGUAGES:
        if language == short:
            return language
    names = ", ".join(f"{language} ({ENGLISH_NAMES[language]})" for language in LANGUAGES)
    raise LanguageRefused(f"{code!r} is no language that ChatCAD has checked sentences for: choose from {names}")


@contextmanager
def speaking(language: Language) -> Iterator[None]:
    """Make sentences in a language. Never around a ``yield``: the caller would speak it too."""
    before = _spoken.set(language)
    try:
        yield
    finally:
        _spoken.reset(before)


def spoken() -> Language:
    """Return the language that sentences are made in now."""
    return _spoken.get()


def table(name: str, language: Language | None = None) -> dict[str, Any]:
    """Return one file of words: ``prompts/NAME.yaml``, or that of another language's folder."""
    return _read(name, language or spoken())


@lru_cache(maxsize=32)
def _read(name: str, language: Language) -> dict[str, Any]:
    folder = ROOT / "prompts" if language == "en" else ROOT / "prompts" / language
    loaded: dict[str, Any] = yaml.safe_load((folder / f"{name}.yaml").read_text(encoding="utf-8"))
    return loaded


def words_for(label: str) -> Words:
    """Return what a label is called in the language spoken."""
    from chatcad.vocabulary import terms

    if spoken() == "en":
        return Words(terms()[label].name, terms()[label].name, terms()[label].plain)
    entry = table("vocabulary")[label]
    return Words(entry["name"], entry["short"], entry["plain"])


def said(text: str) -> str:
    """Return a fixed English phrase ("a heart ultrasound") in the language spoken; each one has its entry."""
    return text if spoken() == "en" else str(table("graph")[text])


def decimal(text: str) -> str:
    """Write the numbers of a text as the language spoken writes them: ``0.57`` or ``0,57``."""
    return text if spoken() == "en" else re.sub(r"(?<=\d)\.(?=\d)", ",", text)


def plain_letters(text: str) -> str:
    """Return a text without accents: many people type without them."""
    apart = unicodedata.normalize("NFKD", text.replace("ß", "ss"))
    return "".join(c for c in apart if not unicodedata.combining(c))


def language_of(text: str, otherwise: Language) -> Language:
    """Return the language that a question is written in, by its most frequent small words.

    Parameters
    ----------
    text
        A question.
    otherwise
        The answer for a text with too few of them, or as many of two languages.
    """
    words = re.findall(r"[^\W\d_]+", text.lower())
    counts = {language: sum(w in _small_words(language) for w in words) for language in LANGUAGES}
    if re.search("[¿¡]", text):
        counts["es"] += FEWEST_WORDS
    best = max(counts.values())
    most = [language for language, count in counts.items() if count == best]
    needed = min(FEWEST_WORDS, len(words))
    return otherwise if best < needed or otherwise in most else most[0]


@lru_cache(maxsize=8)
def _small_words(language: Language) -> frozenset[str]:
    words = table("small_words", "en")[language]
    return frozenset([*words, *(w.translate(_PLAIN) for w in words)])


def reminders() -> tuple[str, ...]:
    """Return the closing research-only line of every language and reader."""
    modes: tuple[Mode, ...] = get_args(Mode)
    return tuple(table("replies", language)["disclaimer"][mode] for language in LANGUAGES for mode in modes)
