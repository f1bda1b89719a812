"""A report without its patient: history and header lines, names, dates, numbers of identity and unknown words go.

It knows the headings of a radiology report. What could name a person is `chatcad.context.private`'s knowledge; beyond
that, a word stays only if one of the project's lists has it, so that a name of any shape is left out.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from chatcad.checking.claims import parse_claims
from chatcad.checking.draft import split_sentences
from chatcad.config import ROOT
from chatcad.context.private import TITLED, abbreviations, known_words, without_identity
from chatcad.prompting.neutral import neutral

GAP = "…"
"""Stands where a word was left out."""

MOST_GAPS = 1 / 3
"""Share of a sentence's words that may be gaps before the whole sentence goes; without a claim, one is too many."""

_KEPT = r"findings?|impressions?|conclusions?|report|opinion|interpretation|summary"
_LEFT_OUT = (
    r"indications?|(?:clinical |medical |past )?(?:history|information|details|question|indication)|"
    r"reason for (?:exam(?:ination)?|study)|comparisons?|techniques?|procedure|exam(?:ination)?(?: type)?|study|views?|"
    r"recommendations?|addendum|notification|wet read|final report|provisional findings.*?"
)
_HEADER = (
    r"patients?(?: name| id)?|name|(?:sur|first|last)name|mrn|medical record.*?|accession.*?|dob|date.*?|birth.*?|age|"
    r"sex|gender|address|phone|tel|ward|room|bed|location|hospital|institution|department|physician|doctor|referr.*?|"
    r"radiologist|reader|reported by|dictat.*?|transcri.*?|(?:electronically )?signed.*?|verified.*?|approved.*?|"
    r"ordering.*?|attending.*?|requested.*?|nhs.*?|ssn|insurance|visit.*?|account.*?|cc"
)
_HEADING = re.compile(rf"\s*(?:(?P<kept>{_KEPT})|(?P<left>{_LEFT_OUT})|(?P<header>{_HEADER}))\s*[:#=]\s*", re.I)
_INLINE = re.compile(
    rf"(?<=[.!?])\s+(?=(?:{_KEPT}|{_LEFT_OUT})\s*:)|"
    r"\s+(?=(?-i:FINDINGS|IMPRESSION|CONCLUSION|INDICATION|COMPARISON|TECHNIQUE)\s*:)",
    re.I,
)
_SIGNED = re.compile(
    r"\s*(?:dictated|electronically|signed|transcribed|verified|reported) by\b|\s*(?:dr|prof)\b\.?", re.I
)
_AGE_OR_HOUR = re.compile(r"\b\d{1,3}[- ]?(?:years?|yrs?|y/?o|months?|days?)(?:[- ]?old)?\b|\b\d{1,2}:\d{2}\b", re.I)
_BLANKED = re.compile(r"_{2,}|\[\*\*.*?\*\*\]|\bX{4,}\b")
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*|\d[\w.,/]*")
_SHORT_NUMBER = re.compile(r"\d{1,3}(?:[.,]\d{1,2})?(?:mm|cm)?[.,]?")


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A report that may be stored, and how much of what kind was left out; never the words themselves."""

    text: str
    dropped: Mapping[str, int] = field(default_factory=dict)


def clean(raw: str) -> Cleaned:
    """Return what may be kept of a report.

    Parameters
    ----------
    raw
        As it lies in the user's archive: plain text, with or without headings.
    """
    dropped: Counter[str] = Counter()
    # First of all: the full stop of "Dr." ends a sentence for `split_sentences`, and would part a title from its name.
    body, titled = TITLED.subn(GAP, " ".join(_body(raw, dropped)))
    dropped["names, dates or identifiers"] += titled
    kept = (_sentence(s, dropped) for s in split_sentences(body))
    return Cleaned(" ".join(s for s in kept if s), dict(dropped))


def _body(raw: str, dropped: Counter[str]) -> list[str]:
    """Return the lines that tell what the film shows; a history names findings that this film needn't have."""
    lines, wanted = [], True
    for line in _INLINE.sub("\n", raw).splitlines():
        heading = _HEADING.match(line)
        if (heading and heading["header"]) or _SIGNED.match(line):
            dropped["header lines"] += 1
            continue
        if heading:
            wanted = heading["kept"] is not None
        if not wanted:
            dropped["lines of history or technique"] += bool(line.strip())
        elif rest := line[heading.end() if heading else 0 :].strip():
            lines.append(rest)
    return lines


def _sentence(sentence: str, dropped: Counter[str]) -> str:
    if sentence.isupper():
        sentence = sentence.capitalize()
    plain = neutral(_BLANKED.sub(" ", sentence))
    text = without_identity(_AGE_OR_HOUR.sub(" ", plain))
    dropped["names, dates or identifiers"] += text != plain
    words = _WORD.findall(text)
    gaps = [w for i, w in enumerate(words) if not _may_stay(w, first=i == 0)]
    dropped["unknown words"] += len(gaps)
    if not words or len(gaps) > MOST_GAPS * len(words) or (gaps and not parse_claims(text)):
        dropped["sentences of unknown words"] += bool(words)
        return ""
    seen = iter(range(len(words)))
    text = _WORD.sub(lambda m: m[0] if _may_stay(m[0], first=next(seen) == 0) else GAP, text)
    return re.sub(rf"{GAP}(?:[\s,]*{GAP})+", GAP, text)


def _may_stay(word: str, *, first: bool) -> bool:
    if word[0].isdigit():
        return _SHORT_NUMBER.fullmatch(word) is not None
    if word in abbreviations():
        return True
    # A capital within a sentence is a name's, even where the word is also a common one.
    capital = word[0].isupper() and not first
    parts = [p for p in re.split(r"['’-]s?\b|-", word.lower()) if p]
    return not capital and all(p in report_words() for p in parts)


@lru_cache(maxsize=1)
def report_words() -> frozenset[str]:
    """Return every word that a stored report may keep, in small letters."""
    listed = (ROOT / "knowledge" / "report_words.txt").read_text(encoding="utf-8")
    lines = " ".join(line for line in listed.splitlines() if not line.startswith("#"))
    return known_words() | frozenset(re.findall(r"[a-z]+", lines)) | frozenset("abcdefghijklmnopqrstuvwxyz")
