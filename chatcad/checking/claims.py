"""Parse a sentence into claims: which label, how sure, which side and zone.

It knows English clauses and cue words. It doesn't know any film: comparing is ``rules``' work.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from chatcad.checking.cues import (
    CLAUSE_END,
    CUES,
    LIST_GLUE,
    MEASURES,
    PLACE_FIRST,
    PRIORITY,
    SENTENCE_END,
    SIDES,
    ZONE_OF,
    ZONES,
    Stance,
)
from chatcad.types import Side, Zone
from chatcad.vocabulary import Mention, find_mentions


@dataclass(frozen=True, slots=True)
class Claim:
    """What one clause says of one label; ``asserted`` when it says so without any hedge."""

    label: str
    stance: Stance
    side: Side | None = None
    zone: Zone | None = None


def parse_claims(sentence: str) -> tuple[Claim, ...]:
    """Return every claim of a sentence, in order.

    Parameters
    ----------
    sentence
        One sentence of English prose, or several.

    Returns
    -------
    tuple of Claim
        One per mention of a label; a list ("no effusion, nodule or mass") gives each label the shared cue.
    """
    claims = []
    for clause in (c for part in SENTENCE_END.split(sentence) for c in _clauses(part)):
        mentions = find_mentions(clause)
        for i, mention in enumerate(mentions):
            scope = _scope(clause, mentions, i)
            claims.append(Claim(mention.label, _stance(scope, mention), _side(scope), _zone(scope)))
    return tuple(claims)


def measures_in(text: str) -> tuple[str, ...]:
    """Return the names of the measurements that a text names."""
    return tuple(name for name, pattern in MEASURES if pattern.search(text.replace("’", "'")))


def stances_of(text: str) -> tuple[frozenset[Stance], str]:
    """Return every stance that a text has cue words for, and the text with those words blanked, negations apart."""
    present: set[Stance] = set()
    rest = text
    for stance, pattern in CUES:
        text, hits = pattern.subn(lambda m: " " * len(m[0]), text)
        if stance != "negated":
            rest = pattern.sub(lambda m: " " * len(m[0]), rest)
        if hits:
            present.add(stance)
    return frozenset(present), rest


def stance_of(text: str) -> Stance:
    """Return the stance that the cue words of a text give, ``asserted`` when it has none."""
    present, _ = stances_of(text)
    return next((s for s in PRIORITY if s in present), "asserted")


def expand(text: str) -> str:
    """Write contractions out ("isn't" → "is not"), so that one spelling of each cue is enough."""
    text = text.replace("’", "'")
    text = re.sub(r"\bcan(?:'t| not)\b", "cannot", text, flags=re.IGNORECASE)
    text = re.sub(r"n't\b", " not", text, flags=re.IGNORECASE)
    text = re.sub(r"\b(right|left)-sided\b", r"\1 side", text, flags=re.IGNORECASE)
    return re.sub(r"\bmiddle(?= zones?\b)", "mid", text, flags=re.IGNORECASE)


def _clauses(sentence: str) -> list[str]:
    # A decimal point is not an end of a clause: it is hidden while the sentence is cut.
    hidden = re.sub(r"(?<=\d)\.(?=\d)", "·", expand(sentence))
    head, colon, tail = hidden.partition(":")
    # "Not assessed: fracture, a mass" is one clause; "Effusion is unlikely: no sign was found" is two.
    if colon and not find_mentions(head) and _is_list(tail):
        return [hidden]
    first, *others = [c for part in CLAUSE_END.split(hidden) for c in part.split(":") if c.strip()] or [""]
    if others and PLACE_FIRST.match(first):
        return [f"{first} {others[0]}", *others[1:]]
    return [first, *others]


def _is_list(text: str) -> bool:
    for mention in reversed(find_mentions(text)):
        text = text[: mention.start] + text[mention.end :]
    return LIST_GLUE.match(text.rstrip(". ")) is not None


def _scope(clause: str, mentions: tuple[Mention, ...], i: int) -> str:
    """Return the mention's share of its clause, its own words blanked; a list shares its whole clause."""
    first = last = i
    while first > 0 and LIST_GLUE.match(clause[mentions[first - 1].end : mentions[first].start]):
        first -= 1
    while last + 1 < len(mentions) and LIST_GLUE.match(clause[mentions[last].end : mentions[last + 1].start]):
        last += 1
    start = mentions[first - 1].end if first > 0 else 0
    end = mentions[last + 1].start if last + 1 < len(mentions) else len(clause)
    text = clause
    for m in mentions:
        text = text[: m.start] + _blank(text[m.start : m.end], m) + text[m.end :]
    return text[start:end]


def _blank(words: str, mention: Mention) -> str:
    """Blank a mention's own words, except cues and sides ("probably enlarged", "fluid by the right lung")."""
    if mention.meaning != "named":
        return " " * len(words)
    cues = [m.span() for pattern in (*(p for _, p in CUES), SIDES) for m in pattern.finditer(words)]
    return "".join(c if any(a <= i < b for a, b in cues) else " " for i, c in enumerate(words))


def _stance(scope: str, mention: Mention) -> Stance:
    stance = stance_of(scope)
    if mention.meaning != "denied":
        return stance
    # "the heart is normal" denies; "it is not true that the heart is normal" asserts.
    return "asserted" if stance == "negated" else "negated"


def _side(scope: str) -> Side | None:
    words = {w.lower() for w in SIDES.findall(scope)}
    if not words:
        return None
    if words & {"both", "bilateral", "bilaterally"} or {"left", "right"} <= words:
        return "bilateral"
    return "left" if "left" in words else "right"


def _zone(scope: str) -> Zone | None:
    words = {ZONE_OF.get(w.lower(), "lower") for w in ZONES.findall(scope)}
    if len(words) != 1:
        return None
    zone = words.pop()
    return "upper" if zone == "upper" else "mid" if zone == "mid" else "lower"
