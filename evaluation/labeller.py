"""What a report says of each label: our own negation-aware labeller, in place of CheXbert (its weights can't be had).

The parser is the check's (`chatcad.checking.claims`). "Definite", "likely" and an unhedged mention are *said*;
"possible" and its kin are *possible*; "no", "absent" and "unlikely" are *denied*; "not flagged", "not assessed" and
"not ruled out" leave the label *open*. Of several mentions of one label the first of these that occurs counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from chatcad.checking.claims import parse_claims
from chatcad.checking.cues import Stance
from chatcad.checking.draft import split_sentences

Verdict = Literal["said", "possible", "denied", "open"]

VERDICTS: Mapping[Stance, Verdict] = {
    "definite": "said", "likely": "said", "asserted": "said", "possible": "possible", "negated": "denied",
    "unlikely": "denied", "not_flagged": "open", "not_assessed": "open", "neutral": "open",
}  # fmt: skip
ORDER: tuple[Verdict, ...] = ("said", "possible", "denied", "open")


def label_report(text: str) -> dict[str, Verdict]:
    """Return the verdict on every label that a report mentions; the others it is silent of."""
    found: dict[str, Verdict] = {}
    for claim in (c for line in split_sentences(text) for c in parse_claims(line)):
        verdict = VERDICTS[claim.stance]
        found[claim.label] = min(verdict, found.get(claim.label, verdict), key=ORDER.index)
    return found


def flagged_in(text: str, *, possible: bool = True) -> frozenset[str]:
    """Return the labels that count as positive: those said and, unless told otherwise, those called possible."""
    counted = {"said", "possible"} if possible else {"said"}
    return frozenset(label for label, verdict in label_report(text).items() if verdict in counted)
