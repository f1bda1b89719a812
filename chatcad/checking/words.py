"""A closed vocabulary: a rewording may use the words of its statement, of what it cites, and words that claim nothing.

Content words that a rewording adds are inventions, and those that it drops are omissions. Certainty, negations,
numbers, sides and directions are compared elsewhere (``sense``, ``quantities``).
"""

from __future__ import annotations

import re
from functools import lru_cache

from chatcad.checking.claims import expand, stances_of
from chatcad.checking.cues import AMOUNTS, CUES, MEASURES, NEGATION, RATIO_DIRECTION, RULED_OUT, SIDES
from chatcad.checking.quantities import in_digits
from chatcad.config import ROOT
from chatcad.vocabulary import find_mentions, terms

COVERAGE, QUOTED = 0.6, 0.9
"""Share of the statement's own words that its rewording must keep; of a quotation, all but one in ten."""

OPENING = re.compile(
    r"^(?:in short|in brief|in summary|in other words|to sum up|to summari[sz]e|overall),?\s+", re.IGNORECASE
)
LUNG = "lung"
"""Where a finding with a side lies: "on the left side" may be said as "in the left lung"."""
PROBABILITY = "probability"
"""The word may go where its number stays: "(82%)"."""

_DOUBLED = re.compile(r"([bdfgmnprt])\1$")


def no_new_words(draft: str, allowed_text: str) -> str | None:
    """Refuse a word that carries content and stands neither in the allowed text nor among the plain words."""
    draft, allowed_text = _normal(draft), _normal(allowed_text)
    allowed = plain_words() | {stem(w) for w in words_of(allowed_text)}
    if any(terms()[m.label].sided for m in find_mentions(allowed_text)):
        allowed |= {LUNG}
    new = [w for w in words_of(_without_known_phrases(draft, allowed_text)) if stem(w) not in allowed]
    return f"adds '{new[0]}', which no fact or passage says" if new else None


def covers(draft: str, statement: str, share: float = COVERAGE) -> str | None:
    """Refuse a rewording that leaves out too much of its statement: it must keep ``share`` of the words of its own."""
    draft, statement = _normal(draft), _normal(statement)
    own = {stem(w) for w in words_of(_without_known_phrases(statement, statement))}
    meant = own - plain_words() - {stem(PROBABILITY)}
    kept = meant & {stem(w) for w in words_of(draft)}
    return "leaves out part of the statement" if len(kept) < share * len(meant) else None


@lru_cache(maxsize=1)
def plain_words() -> frozenset[str]:
    """Return the stems of the words that carry no claim."""
    text = (ROOT / "knowledge" / "plain_words.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return frozenset(stem(w) for w in words_of(" ".join(lines)))


def words_of(text: str) -> list[str]:
    """Return the words of a text in lower case, without numbers; a hyphen joins."""
    return re.findall(r"[a-z][a-z'-]*", text.lower())


@lru_cache(maxsize=4096)
def stem(word: str) -> str:
    """Return a word without its inflection: plural, "-ed", "-ing", "'s"; derived words ("health") stay apart."""
    word = word.removesuffix("'s").strip("'-")
    if word.endswith("ies") and len(word) > 5:
        word = word.removesuffix("ies") + "y"
    elif word.endswith("s") and not word.endswith("ss") and len(word) > 3:
        word = word.removesuffix("s")
    for ending in ("ing", "ed"):
        if word.endswith(ending) and len(word) > len(ending) + 3:
            word = _DOUBLED.sub(r"\1", word.removesuffix(ending))
            break
    return word.removesuffix("e") if len(word) > 4 else word


def _normal(text: str) -> str:
    return OPENING.sub("", in_digits(expand(text)))


def _without_known_phrases(draft: str, allowed_text: str) -> str:
    """Blank what is compared elsewhere: synonyms of labels and measurements, cues of the same certainty, senses."""
    named = {m.label for m in find_mentions(allowed_text)}
    for mention in reversed(find_mentions(draft)):
        if mention.label in named:
            draft = f"{draft[: mention.start]} {draft[mention.end :]}"
    stances = stances_of(allowed_text)[0]
    if "neutral" in stances:
        draft = RULED_OUT.sub(" ", draft)
    for pattern in (*(p for _, p in MEASURES), *AMOUNTS.values()):
        if pattern.search(allowed_text):
            draft = pattern.sub(" ", draft)
    for stance, pattern in CUES:
        if stance in stances and stance != "negated":
            draft = pattern.sub(" ", draft)
    for pattern in (NEGATION, SIDES, RATIO_DIRECTION):
        draft = pattern.sub(" ", draft)
    return draft
