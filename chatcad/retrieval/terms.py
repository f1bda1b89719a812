"""What a question wants from the store: search words for its labels, and the kinds of passage it asks for.

The labels and their words come from ``chatcad.vocabulary``; the kinds of passage are known here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

import yaml

from chatcad.config import ROOT
from chatcad.vocabulary import terms as vocabulary

LABELS = frozenset(vocabulary())
TOPICS = frozenset({"appearance", "next_step", "cause", "limits", "urgency", "measurement", "safety", "meaning"})
SYNONYMS = 3  # of one thing, put beside a question
# Words by which a question shows what kind of passage it wants.
_CUES: dict[str, str] = {
    "appearance": r"look(?:s|ing)? like|signs?\b|appear|imitat|mimic|tell .* from|visible",
    "next_step": (
        r"next|what (?:now|to do)|follow(?:ed)?.?up|work.?up|investigat|\btests?\b|refer|repeat|confirm|\bask\b"
    ),
    "cause": r"\bcauses?|\bwhy\b|differential|come from|reason|could (?:it|this) be|due to",
    "limits": r"trust|miss(?:es|ed)?\b|rule out|exclude|reliab|sure|wrong|accura|overlook|enough",
    "urgency": r"urgen|emergenc|dangerous|serious|right away|ambulance|how fast|critical|worr",
    "measurement": r"how (?:big|large|wide|much|far)|cut.?off|ratio|\bsize\b|\b[mc]m\b|\bdose|threshold",
    "safety": r"\bsafe|radiation|pregnan|harm|\brisk|\bhurts?\b",
    "meaning": r"\bmean|what (?:is|are)\b|explain|plain words",
}
_CUE_PATTERNS = {topic: re.compile(cue, re.IGNORECASE) for topic, cue in _CUES.items()}


def label_words(labels: Iterable[str], beside: str = "") -> str:
    """Return search words for ``labels``: the plain and the technical name, where ``beside`` doesn't say them."""
    names = (name for label in labels for name in vocabulary()[label].search)
    return ", ".join(name for name in names if name not in beside.lower())


def other_words(text: str) -> str:
    """Return search words beside ``text``: for each thing of ``knowledge/synonyms.yaml`` that it names, the others."""
    added = []
    for words, pattern in _synonyms():
        said = {m.lower() for m in pattern.findall(text)}
        if said:
            added += [word for word in words if word not in said][:SYNONYMS]
    return ", ".join(added)


@lru_cache(maxsize=1)
def _synonyms() -> tuple[tuple[tuple[str, ...], re.Pattern[str]], ...]:
    groups = yaml.safe_load((ROOT / "knowledge" / "synonyms.yaml").read_text(encoding="utf-8"))
    # The longest first, so that "central line" isn't heard as "line".
    ordered = (sorted(map(re.escape, words), key=len, reverse=True) for words in groups)
    patterns = (re.compile(rf"\b(?:{'|'.join(words)})\b", re.IGNORECASE) for words in ordered)
    return tuple(zip(map(tuple, groups), patterns, strict=True))


def topics_in(text: str) -> tuple[str, ...]:
    """Return the kinds of passage that the wording of a question asks for."""
    return tuple(topic for topic, pattern in _CUE_PATTERNS.items() if pattern.search(text))
