"""What a human's sentence on a film may be objected to: each rule yields why, and whether facts contradict it.

It knows one sentence's claims and the film's facts. Sentences, omissions and clashes are ``proofread``'s work.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from chatcad.checking import rules
from chatcad.checking.claims import Claim, measures_in
from chatcad.checking.cues import ALL_CLEAR, CHANGE, DRUGS
from chatcad.checking.facts import allowed_stances
from chatcad.checking.quantities import Number, parse_numbers
from chatcad.findings.measure import shown
from chatcad.findings.wording import describe, describe_measurement, positives, where
from chatcad.types import Finding, Measurement, Study
from chatcad.vocabulary import terms

Verdict = Literal["agrees", "contradicts", "not_covered"]
Kind = Literal["finding", "certainty", "side", "zone", "number", "view", "change", "all_clear", "drug"]

DENIES = frozenset({"negated", "unlikely"})
NOT_LUNG = frozenset({"Cardiomegaly", "Effusion", "Pneumothorax", "Pleural_Thickening", "Hernia", "Fracture",
                      "Enlarged Cardiomediastinum", "Support Devices"})  # fmt: skip
"""Labels that "the lungs are clear" leaves open: heart, pleura, bones, devices."""

VIEW = re.compile(r"\b(?:view|projection)\s*(?:is|:)?\s*(PA|AP)\b|^(?:\w+ ){0,2}?(PA|AP)\b(?! films?\b)")
"""Where a sentence says which view this film is, and not how another view differs."""

_PART = re.compile(r"[;]|,\s|\b(?:and|but|while|whereas)\b", re.IGNORECASE)
_NORMAL = re.compile(
    rf"{ALL_CLEAR.pattern}|\bno (?:\w+ ){{0,3}}(?:abnormalit(?:y|ies)|disease|process|findings?)\b", re.IGNORECASE
)
_MORE = re.compile(r"(?:in|de)creased?", re.IGNORECASE)
_VOLUME = re.compile(r"\d+\s*ml", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Objection:
    """Why a sentence does not simply agree."""

    verdict: Verdict
    reason: str
    kind: Kind | None = None


def told_of(findings: Sequence[Finding], measured: Sequence[Measurement]) -> str:
    """Return everything that the facts say of some findings and measurements, as one text."""
    said = [describe(f, "clinician") for f in findings]
    # A weak detector's sentence leaves its number to the table; a reader may write it out.
    said += [f"Probability {f.probability:.2f}." for f in findings if f.probability is not None]
    return " ".join([*said, *(s for m in measured for s in describe_measurement(m, "clinician"))])


def against_policy(line: str, study: Study, prior: Study | None) -> Iterator[Objection]:
    """Object to drugs, change over time, an all-clear and another view."""
    if any(not _VOLUME.fullmatch(m[0]) for m in DRUGS.finditer(line)):
        yield Objection("contradicts", "names a drug or a dose, which no fact of a film carries", "drug")
    if _speaks_of_change(line):
        if prior is None:
            yield Objection("contradicts", "speaks of change over time, and no earlier film was read", "change")
        else:
            yield Objection("not_covered", "change is not proofread: compare the two films", "change")
    if (normal := _NORMAL.search(line)) is not None:
        yield _all_clear(normal[0], study)
    view = VIEW.search(line)
    if view is not None and study.view != "unknown" and study.view not in view.groups():
        yield Objection("contradicts", f"the film was read as {study.view}", "view")


def _speaks_of_change(line: str) -> bool:
    """Tell "increased since" from "increased markings", which only says that there is much of something."""
    said = [m[0] for m in CHANGE.finditer(line)]
    compares = re.search(r"\b(?:since|from|interval|in size|than)\b", line, re.IGNORECASE)
    return any(not _MORE.fullmatch(word) or compares for word in said)


def _all_clear(said: str, study: Study) -> Objection:
    flagged = positives(study)
    if re.search(r"\blungs?\b", said, re.IGNORECASE):
        flagged = tuple(f for f in flagged if f.label not in NOT_LUNG)
    if flagged:
        named = ", ".join(f"{terms()[f.label].name} ({f.id})" for f in flagged)
        return Objection("contradicts", f"an all-clear, while the networks flagged {named}", "all_clear")
    return Objection("not_covered", "an all-clear, and not everything was assessed", "all_clear")


def against_facts(
    line: str, claims: Sequence[Claim], measured: Sequence[Measurement], study: Study
) -> Iterator[Objection]:
    """Object to claims and numbers that differ from the facts, or that no fact carries."""
    for claim in claims:
        finding = study.finding(claim.label)
        if finding is None:
            yield Objection("not_covered", f"{terms()[claim.label].name} is no label of this study")
        else:
            yield from _against_finding(claim, finding)
    findings = [f for f in study.findings if f.label in {c.label for c in claims}]
    for part in _PART.split(line):
        own = [m for m in measured if m.name in measures_in(part)] or list(measured)
        yield from _numbers(part, findings, own)
    for name in measures_in(line):
        if study.measurement(name) is None:
            yield Objection("not_covered", f"the {name.replace('_', ' ')} was not measured on this film", "number")


def _against_finding(claim: Claim, finding: Finding) -> Iterator[Objection]:
    name, stance = f"{terms()[finding.label].name} ({finding.id})", claim.stance
    if stance not in allowed_stances(finding):
        yield _against_state(name, claim, finding)
    elif stance in {"not_flagged", "not_assessed"}:
        return
    elif stance not in DENIES:
        yield from _against_place(name, claim, finding)


def _against_state(name: str, claim: Claim, finding: Finding) -> Objection:
    stance = claim.stance
    if finding.state == "not_assessed":
        if stance == "not_flagged":
            return Objection("contradicts", f"no network looks for {name}: it was not assessed", "finding")
        return Objection("not_covered", f"no network looks for {name}")
    if stance in {"not_flagged", "not_assessed"}:
        return Objection("contradicts", f"the networks call {name} {_state(finding)}", "finding")
    if finding.state == "not_flagged":
        return Objection("not_covered", f"a weak detector did not flag {name}, which rules nothing out")
    return _against_looked(name, claim, finding)


def _against_looked(name: str, claim: Claim, finding: Finding) -> Objection:
    """Object to a claim on a finding that the networks flagged, or called unlikely."""
    stance, denies = claim.stance, claim.stance in DENIES
    if denies and claim.side and finding.side not in {None, "bilateral", claim.side}:
        return Objection(
            "not_covered", f"{name} is flagged{where(finding, 'clinician')}; of the other side nothing is known"
        )
    if denies or (finding.state == "absent" and stance != "possible"):
        return Objection("contradicts", f"the networks call {name} {_state(finding)}", "finding")
    firmer = stance in {"definite", "asserted"} or (stance == "likely" and finding.band == "possible")
    degree = "firmer" if firmer or finding.state == "absent" else "weaker"
    return Objection("contradicts", f"{degree} than the networks, which call {name} {_state(finding)}", "certainty")


def _state(finding: Finding) -> str:
    said = {"absent": "unlikely", "uncertain": "possible", "not_flagged": "not flagged"}.get(finding.state)
    chance = "" if finding.probability is None or finding.reliability == "weak" else f", {finding.probability:.2f}"
    return f"{said or finding.band}{where(finding, 'clinician')}{chance}"


def _against_place(name: str, claim: Claim, finding: Finding) -> Iterator[Objection]:
    if claim.side is not None and claim.side != finding.side:
        if finding.side is None:
            yield Objection("not_covered", f"the networks give no side for {name}", "side")
        else:
            seen = "on both sides" if finding.side == "bilateral" else f"on the {finding.side} side"
            yield Objection("contradicts", f"says {claim.side}; the networks see {name} {seen}", "side")
    if claim.zone is not None and claim.zone != finding.zone:
        if finding.zone is None:
            yield Objection("not_covered", f"the networks give no zone for {name}", "zone")
        else:
            yield Objection(
                "contradicts", f"says {claim.zone} zone; the networks see {name} in the {finding.zone} zone", "zone"
            )


def _numbers(part: str, findings: Sequence[Finding], measured: Sequence[Measurement]) -> Iterator[Objection]:
    told = told_of(findings, measured)
    known = {_in_mm(n) for n in parse_numbers(told)}
    for number in dict.fromkeys(parse_numbers(part)):
        if _in_mm(number) not in known:
            yield _wrong_number(number, part, findings, measured)
    if measured and rules.same_direction(part, told):
        stated = ", ".join(f"{shown(m)} (reference {m.reference}, {m.id})" for m in measured)
        yield Objection("contradicts", f"the comparison differs: measured {stated}", "number")


def _wrong_number(number: Number, part: str, findings: Sequence[Finding], measured: Sequence[Measurement]) -> Objection:
    written = f"{number.value:g} {number.unit}".strip()
    for m in measured:
        if _in_mm(number).unit == ("mm" if m.unit == "mm" else ""):
            name = m.name.removesuffix("_mm").replace("_", " ")
            if m.value is None:
                return Objection("not_covered", f"the {name} ({m.id}) was withheld: {m.caveat}", "number")
            return Objection("contradicts", f"says {written}; the {name} ({m.id}) is {shown(m)}", "number")
    if re.search(r"\b(?:probability|chance)\b", part, re.IGNORECASE):
        for f in findings:
            if f.probability is not None:
                return Objection(
                    "contradicts", f"says {written}; the probability of {f.id} is {f.probability:.2f}", "number"
                )
    return Objection("not_covered", f"{written} is no number of the facts", "number")


def _in_mm(number: Number) -> Number:
    return Number(round(10 * number.value, 4), "mm") if number.unit == "cm" else number
