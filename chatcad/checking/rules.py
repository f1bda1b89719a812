"""The rules that one worded sentence must pass, each a function that returns the reason of a failure or ``None``.

A worded sentence is compared with the planned statement it words: same claims, numbers, negations and direction,
and no word that the statement, its passages or the list of plain words (``knowledge/plain_words.txt``) doesn't carry.
"""

from __future__ import annotations

import re
from functools import lru_cache

from chatcad.checking.claims import expand, measures_in, parse_claims, parse_numbers
from chatcad.checking.cues import (
    ALL_CLEAR,
    CHANGE,
    CUES,
    DIAGNOSIS,
    DRUGS,
    MARKUP,
    NEGATION,
    RATIO_DIRECTION,
    SIDES,
    Stance,
)
from chatcad.config import ROOT
from chatcad.vocabulary import find_mentions

COVERAGE = 0.6
"""Share of the statement's own words that its rewording must keep: below it, something was left out."""

LONGER = 1.6
"""A rewording may be this much longer than its statement, plus a few words."""

POLICY: tuple[tuple[re.Pattern[str], str], ...] = (
    (DRUGS, "names a drug or a dose"),
    (DIAGNOSIS, "states a diagnosis"),
    (ALL_CLEAR, "calls the film or the person normal"),
    (CHANGE, "speaks of change over time"),
)


def shape(draft: str, statement: str) -> str | None:
    """Refuse what isn't one plain sentence of about the statement's length."""
    if not draft.strip():
        return "nothing was written"
    if MARKUP.search(draft):
        return "contains markup"
    if not re.search(r"[.!?]$", draft.strip()):
        return "the sentence is not finished"
    if draft.strip().endswith("?") and not statement.strip().endswith("?"):
        return "asks instead of saying"
    if len(draft) > LONGER * len(statement) + 40:
        return "much longer than the statement"
    return None


def policy(draft: str, statement: str = "") -> str | None:
    """Refuse drugs, diagnoses, all-clears and change over time that the statement itself doesn't carry."""
    for pattern, reason in POLICY:
        said = {m.lower() for m in pattern.findall(statement)}
        if any(m.lower() not in said for m in pattern.findall(draft)):
            return reason
    return None


def same_claims(draft: str, statement: str) -> str | None:
    """Refuse a rewording that adds, drops or alters a claim."""
    said, meant = set(parse_claims(draft)), set(parse_claims(statement))
    if extra := said - meant:
        claim = min(extra, key=lambda c: c.label)
        return f"says {claim.label} is {claim.stance.replace('_', ' ')}, which the statement doesn't"
    if missing := meant - said:
        return f"drops {min(c.label for c in missing)}"
    return None


def same_numbers(draft: str, statement: str) -> str | None:
    """Refuse numbers that are new, altered, dropped or in another order."""
    if parse_numbers(draft) != parse_numbers(statement):
        return "the numbers differ from the facts"
    return None


def same_measures(draft: str, statement: str) -> str | None:
    """Refuse a measurement that the statement doesn't name: its number would be told as another's."""
    extra = set(measures_in(draft)) - set(measures_in(statement))
    return f"speaks of the {min(extra).replace('_', ' ')}, which the statement doesn't" if extra else None


def same_sense(draft: str, statement: str) -> str | None:
    """Refuse another count of negations, another direction ("above" for "within"), another side."""
    draft, statement = expand(draft), expand(statement)
    for pattern, what in ((NEGATION, "negation"), (RATIO_DIRECTION, "direction"), (SIDES, "side")):
        if sorted(m.lower() for m in pattern.findall(draft)) != sorted(m.lower() for m in pattern.findall(statement)):
            return f"the {what} differs from the statement"
    return None


def same_direction(line: str, facts: str) -> str | None:
    """Refuse a comparison ("above", "within") that the facts don't make."""
    said = {m.lower() for m in RATIO_DIRECTION.findall(line)}
    return (
        "the direction differs from the facts" if said - {m.lower() for m in RATIO_DIRECTION.findall(facts)} else None
    )


def no_new_words(draft: str, allowed_text: str) -> str | None:
    """Refuse a word that carries content and stands neither in the allowed text nor among the plain words."""
    allowed = plain_words() | {_stem(w) for w in _words(allowed_text)}
    stances = _stances(allowed_text)
    new = [w for w in _words(_without_known_phrases(draft, allowed_text, stances)) if _stem(w) not in allowed]
    return f"adds '{new[0]}', which no fact or passage says" if new else None


def covers(draft: str, statement: str) -> str | None:
    """Refuse a rewording that leaves out too much of its statement."""
    stances = _stances(statement)
    meant = {_stem(w) for w in _words(_without_known_phrases(statement, statement, stances))} - plain_words()
    kept = meant & {_stem(w) for w in _words(draft)}
    return "leaves out part of the statement" if len(kept) < COVERAGE * len(meant) else None


@lru_cache(maxsize=1)
def plain_words() -> frozenset[str]:
    """Return the stems of the words that carry no claim."""
    text = (ROOT / "knowledge" / "plain_words.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return frozenset(_stem(w) for w in _words(" ".join(lines)))


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z][a-z'-]*", expand(text).lower())


def _stem(word: str) -> str:
    word = word.removesuffix("'s").strip("'-")
    for ending in ("ies", "es", "s"):
        if word.endswith(ending) and len(word) > len(ending) + 2:
            return word.removesuffix(ending) + ("y" if ending == "ies" else "")
    return word


def _stances(text: str) -> frozenset[Stance]:
    return frozenset(stance for stance, pattern in CUES if pattern.search(expand(text)))


def _without_known_phrases(draft: str, allowed_text: str, stances: frozenset[Stance]) -> str:
    """Blank the synonyms of labels that the allowed text names, and other cue words for a stance that it takes."""
    named = {m.label for m in find_mentions(allowed_text)}
    draft = expand(draft)
    for mention in find_mentions(draft):
        if mention.label in named:
            draft = draft[: mention.start] + " " * (mention.end - mention.start) + draft[mention.end :]
    for stance, pattern in CUES:
        if stance in stances:
            draft = pattern.sub(" ", draft)
    return draft
