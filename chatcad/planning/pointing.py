"""Questions that point at a part of the film: which questions mean the marked part, and what is said of it.

No network looks at a single spot. What is said comes from the whole film's outlines, heat maps and scores, and each
answer says so.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from chatcad.findings.wording import describe_evidence, describe_region, shift
from chatcad.language import table
from chatcad.planning.statements import replies, say_finding
from chatcad.planning.understand import Asked
from chatcad.types import Finding, Intent, Mode, Region, Statement

MAY_POINT: frozenset[Intent] = frozenset(
    {"finding", "location", "meaning", "summary", "system", "out_of_scope", "unclear"}
)
"""Kinds that mean the marked part where one is marked; "how large is the heart?" means the film all the same."""

POINTS = re.compile(
    r"^\W*what(?:'s|’s| is) here\W*$|\bthe (?:marked|selected) (?:part|spot|place|point|area|region|box)\b",
    re.IGNORECASE,
)
"""What can only be answered of a marked part."""

_FILM = r"(?! (?:chest )?(?:film|picture|image|x-?ray|scan|study|bild|aufnahme|röntgen\w*|imagen|radiografía|placa)\b)"
SHOWS = re.compile(
    rf"\b(?:here|(?:this|that|these|those){_FILM}|it|spot|marked|selected|hier|(?:das|dies\w*){_FILM}|stelle|markiert\w*|"
    rf"aquí|(?:est[aoe]s?|es[ao]s?){_FILM}|marcad[ao]s?)\b",
    re.IGNORECASE,
)
"""Words that show: without one a question means the film ("is the heart enlarged?"), whatever is marked."""


def pointed(asked: Asked, question: str, region: Region | None) -> Asked:
    """Return a question as one about the marked part, where it is that.

    Parameters
    ----------
    asked
        As it is understood without the mark.
    question
        As typed.
    region
        The marked part, if there is one. Without labels of its own, the question is about what is tied to it.
    """
    if POINTS.search(question) and asked.intent in MAY_POINT and region is None:
        return replace(asked, intent="region", labels=(), topics=(), also=None)
    if region is None or asked.intent not in MAY_POINT or not SHOWS.search(question):
        return asked
    return replace(asked, intent="region", labels=asked.labels or _tied_to(region), topics=(), also=None, region=region)


def _tied_to(region: Region) -> tuple[str, ...]:
    """Return the labels whose heat is concentrated in a part, and those that score lower without it."""
    lower = (label for label, (before, after) in region.scores.items() if shift(before, after) == "lower")
    return tuple(dict.fromkeys((*region.hot, *lower)))


def say_region(region: Region | None, findings: Sequence[Finding], mode: Mode) -> list[Statement]:
    """Return what is said of a marked part: its place, the findings tied to it, and what no network can say of it.

    Parameters
    ----------
    region
        The part; without one, the reader is asked to mark one.
    findings
        Those that the question names, else those tied to the part; possibly none.
    mode
        Who reads.
    """
    if region is None:
        return replies("region_none", mode)
    words, support = table("wording")["region"][mode], (region.id,)
    place, *overlaps = describe_region(region, mode)
    said = [Statement(place, support, "image"), *(Statement(t, support, "image", reword=False) for t in overlaps)]
    said += [s for f in findings for s in _tied(f, region, mode)]
    if not region.hot:
        said.append(Statement(words["nothing_hot"], support, "image", reword=False))
    if region.outline:
        said.append(Statement(words["outline"], support, "image", reword=False))
    return said + replies("region_limits", mode)


def _tied(finding: Finding, region: Region, mode: Mode) -> list[Statement]:
    evidence = describe_evidence(finding, region, mode)
    support = (finding.id, region.id)
    return [say_finding(finding, mode), *(Statement(t, support, "image", reword=False) for t in evidence)]
