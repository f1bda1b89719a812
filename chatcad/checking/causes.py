"""A candidate cause stays a candidate: no wording may tell it as something that this film shows or this reader has.

The hedge itself is compared by ``sense.certainty``; this is about what may not be put beside it.
"""

from __future__ import annotations

import re

CANDIDATE = re.compile(r"\bpossible cause\b|\bmay come from\b|\bmay be a cause\b", re.IGNORECASE)
"""How ``prompts/replies.yaml`` names a candidate."""

TOLD_AS_FACT = re.compile(
    r"\b(?:this|these|your|you|patient|film|picture|image|x-ray|shows?|showed|shown|seen|sees?|saw|found|finds?|there|"
    r"has|have|had|comes?|came|because|due to|caused|explains?|result of|the (?:\w+ )?(?:cause|reason))\b",
    re.IGNORECASE,
)


def candidate(draft: str, statement: str) -> str | None:
    """Refuse what turns a candidate ("X is a possible cause") into a fact ("there is X, a possible cause")."""
    if not CANDIDATE.search(statement):
        return None
    said, meant = ({m.lower() for m in TOLD_AS_FACT.findall(t)} for t in (draft, statement))
    return "tells a candidate cause as a fact" if said - meant else None
