"""One report as a set of claims: what it flags, how surely and on which side, and what it denies."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from chatcad.checking.claims import Claim, parse_claims
from chatcad.checking.cues import Stance
from chatcad.checking.draft import split_sentences
from chatcad.types import Finding, Side, Study

Origin = Literal["archive", "simulated"]

SURENESS: Mapping[Stance, float] = {"asserted": 1.0, "definite": 1.0, "likely": 0.8, "possible": 0.5}
"""How sure a report is of what it flags; its other stances flag nothing."""

DENYING: frozenset[Stance] = frozenset({"negated", "unlikely"})


@dataclass(frozen=True, slots=True)
class Flag:
    """One flagged label: how sure, and on which side if that is said."""

    sureness: float
    side: Side | None = None


@dataclass(frozen=True, slots=True)
class Picture:
    """What a report or a study says as a set: flagged labels and denied ones; all other labels are open."""

    flagged: Mapping[str, Flag]
    denied: frozenset[str]

    @classmethod
    def of_claims(cls, claims: Iterable[Claim]) -> Picture:
        """Return the picture of a report; a label that it flags on one side and denies on the other is flagged."""
        flagged: dict[str, Flag] = {}
        denied = set()
        for claim in claims:
            if claim.stance in DENYING:
                denied.add(claim.label)
            sureness, known = SURENESS.get(claim.stance, 0.0), flagged.get(claim.label)
            if sureness and (known is None or sureness > known.sureness):
                flagged[claim.label] = Flag(sureness, claim.side)
        return cls(flagged, frozenset(denied - flagged.keys()))

    @classmethod
    def of_study(cls, study: Study) -> Picture:
        """Return the picture of a film: what no network looked for, or a weak one didn't flag, stays open."""
        flagged = {f.label: Flag(_sureness(f), f.side) for f in study.findings if f.state in {"present", "uncertain"}}
        return cls(flagged, frozenset(f.label for f in study.findings if f.state == "absent"))


@dataclass(frozen=True, slots=True)
class Report:
    """A stored report, without anything of its patient; ``source`` names the file it came from by a hash."""

    key: str
    text: str
    claims: tuple[Claim, ...]
    origin: Origin
    source: str = ""

    @property
    def picture(self) -> Picture:
        """What it says as a set."""
        return Picture.of_claims(self.claims)


def key_of(text: str) -> str:
    """Return the key of a report: the same words, the same report."""
    return f"case:{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def claims_of(text: str) -> tuple[Claim, ...]:
    """Return the claims of every sentence of a report."""
    return tuple(c for sentence in split_sentences(text) for c in parse_claims(sentence))


def _sureness(finding: Finding) -> float:
    if finding.state == "uncertain":
        return SURENESS["possible"]
    return SURENESS["definite" if finding.band == "definite" else "likely"]
