"""What a sentence may be compared with: one film's facts, the passages found, an earlier film if there is one."""

from __future__ import annotations

from dataclasses import dataclass

from chatcad.checking.claims import Claim
from chatcad.checking.cues import Stance
from chatcad.types import Finding, Passage, Study


@dataclass(frozen=True, slots=True)
class Facts:
    """The evidence behind one answer."""

    study: Study
    passages: tuple[Passage, ...] = ()
    prior: Study | None = None


def allowed_stances(finding: Finding) -> frozenset[Stance]:
    """Return the stances in which a sentence may speak of a finding.

    A present finding whose band is *likely* may not be asserted outright: a shift of certainty is a false claim.
    """
    if finding.state == "present":
        return frozenset({"definite", "asserted"}) if finding.band == "definite" else frozenset({"likely"})
    by_state: dict[str, frozenset[Stance]] = {
        "uncertain": frozenset({"possible"}),
        "absent": frozenset({"unlikely", "negated"}),
        "not_flagged": frozenset({"not_flagged"}),
        "not_assessed": frozenset({"not_assessed"}),
    }
    return by_state[finding.state]


def contradiction(claim: Claim, study: Study) -> str | None:
    """Return why a claim contradicts the study, or ``None`` when the facts carry it."""
    finding = study.finding(claim.label)
    if finding is None:
        return f"{claim.label} is not a fact of this film"
    if claim.stance not in allowed_stances(finding):
        said = finding.state.replace("_", " ")
        band = finding.band or "no band"
        return f"{claim.label} was called {claim.stance.replace('_', ' ')}; the fact is {said} ({band})"
    if claim.side is not None and claim.side != finding.side:
        return f"{claim.label} was placed {claim.side}; the fact is {finding.side or 'no side'}"
    if claim.zone is not None and claim.zone != finding.zone:
        return f"{claim.label} was placed in the {claim.zone} zone; the fact is {finding.zone or 'no zone'}"
    return None
