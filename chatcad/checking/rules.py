"""The rules that one worded sentence must pass, each a function that returns the reason of a failure or ``None``.

A worded sentence is compared with the planned statement it words. Here: its form, policy, claims and measurements;
``sense`` has certainty, negation and direction, ``quantities`` the numbers, ``words`` the closed vocabulary.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace

from chatcad.checking.claims import Claim, expand, measures_in, parse_claims, stances_of
from chatcad.checking.cues import (
    ALL_CLEAR,
    CHANGE,
    DIAGNOSIS,
    DRUGS,
    GUIDANCE,
    MARKUP,
    NEEDLESS_ARTICLE,
    RATIO_DIRECTION,
    RULED_OUT,
)
from chatcad.vocabulary import find_mentions

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


def claims_like(draft: str, statement: str) -> set[Claim]:
    """Return a draft's claims, where its stance is another way of saying the statement's one.

    Beside "unlikely", "no sign of it" is no further claim; beside "not flagged", neither is "can't be ruled out".
    ``sense.certainty`` sees to it that "unlikely" and "not flagged" themselves are there.
    """
    stances, _ = stances_of(expand(statement))
    if "not_flagged" in stances:
        draft = RULED_OUT.sub("not flagged", expand(draft))
    claims = set(parse_claims(draft))
    if "unlikely" in stances:
        claims = {replace(c, stance="unlikely") if c.stance == "negated" else c for c in claims}
    return claims


def same_claims(draft: str, statement: str) -> str | None:
    """Refuse a rewording that adds, drops or alters a claim."""
    said, meant = claims_like(draft, statement), claims_like(statement, statement)
    if extra := said - meant:
        claim = min(extra, key=lambda c: c.label)
        return f"says {claim.label} is {claim.stance.replace('_', ' ')}, which the statement doesn't"
    if missing := meant - said:
        return f"drops {min(c.label for c in missing)}"
    return None


def named_once_more(draft: str, statement: str) -> str | None:
    """Refuse a finding named more often than in the statement: "rib fracture is a possible cause of rib fracture"."""
    said, meant = (Counter(mention.label for mention in find_mentions(text)) for text in (draft, statement))
    return f"names {min(more)} once more than the statement" if (more := said - meant) else None


def attributed(draft: str, statement: str) -> str | None:
    """Refuse a result of the networks that is put down to a guideline: "the guidance notes that edema is unlikely"."""
    new = GUIDANCE.search(draft) and not GUIDANCE.search(statement)
    return "puts down to guidance what was found on the film" if new else None


def articles(draft: str, statement: str) -> str | None:
    """Refuse an article before a name that takes none: "a heart failure is a possible cause"."""
    new = NEEDLESS_ARTICLE.search(draft) and not NEEDLESS_ARTICLE.search(statement)
    return "puts an article before a name that takes none" if new else None


def same_subjects(draft: str, statement: str) -> str | None:
    """Refuse a quotation that adds or drops a label or its place; its certainty is compared as a whole.

    In general prose one clause's cue often belongs to something else ("treat a pneumothorax and do not wait"). Where
    a sentence names several labels, each keeps its own stance.
    """
    if len({c.label for c in parse_claims(statement)}) > 1:
        return same_claims(draft, statement)
    said, meant = ({(c.label, c.side, c.zone) for c in parse_claims(t)} for t in (draft, statement))
    return "speaks of another finding or place than the statement" if said != meant else None


def same_measures(draft: str, statement: str) -> str | None:
    """Refuse another measurement than the statement's: its number would be told as another's."""
    said, meant = set(measures_in(draft)), set(measures_in(statement))
    if extra := said - meant:
        return f"speaks of the {min(extra).replace('_', ' ')}, which the statement doesn't"
    if missing := meant - said:
        return f"leaves out the {min(missing).replace('_', ' ')}"
    return None


def same_direction(line: str, facts: str) -> str | None:
    """Refuse a comparison ("above", "within") that the facts don't make."""
    said, meant = ({m.lastgroup for m in RATIO_DIRECTION.finditer(t)} for t in (line, facts))
    return "the direction differs from the facts" if said - meant else None
