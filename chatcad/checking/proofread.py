"""A report as a human edited it, against the facts of its film: what agrees, contradicts, or can't be confirmed.

It judges and never rewrites. A sentence that goes beyond the facts is no error, since a reader sees more than the
networks do: "contradicts" is said only where the networks looked and say otherwise, else "not covered".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from chatcad import DISCLAIMER
from chatcad.checking import rules, words
from chatcad.checking.claims import Claim, measures_in
from chatcad.checking.draft import split_sentences
from chatcad.checking.objections import (
    DENIES,
    VIEW,
    Kind,
    Objection,
    Verdict,
    against_facts,
    against_policy,
    told_of,
)  # fmt: skip
from chatcad.findings.measure import stands_out
from chatcad.findings.wording import describe, describe_measurement, positives
from chatcad.types import Finding, Measurement, Study
from chatcad.vocabulary import terms

CANT_CONFIRM = "the networks can't confirm this"

_HEADING = re.compile(r"^(?:findings?|impression|conclusion|measurements|report)\s*:\s*", re.IGNORECASE)
_TOLD = re.compile(r"^(?:clinical|indication|history|reason|technique|question|view)\b[^:]*:", re.IGNORECASE)
_BULLET = re.compile(r"^\s*(?:[-*•–]|\d{1,2}[.)])\s+|\*\*|^\*(?=\S)|(?<=\S)\*$")
_NO_PRIOR = re.compile(
    r"^comparison\s*:\s*none|\b(?:no|without)\b[^.;]{0,30}\b(?:prior|previous|earlier|comparison)\b|"
    r"\b(?:prior|previous|earlier)\b[^.;]{0,30}\b(?:not|un)\s?available",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Checked:
    """One sentence of the edited report, as it was written, with what the facts say to it.

    ``facts`` are the ids of the findings and measurements that it speaks of.
    """

    sentence: str
    verdict: Verdict
    reason: str
    facts: tuple[str, ...] = ()
    kind: Kind | None = None


@dataclass(frozen=True, slots=True)
class Omission:
    """A flagged finding or a measurement outside its reference that the report doesn't mention."""

    fact: str
    text: str
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class Clash:
    """Sentences of the report, by their numbers from 1, that don't go together."""

    sentences: tuple[int, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Proof:
    """The whole judgement on one edited report."""

    sentences: tuple[Checked, ...]
    omissions: tuple[Omission, ...]
    clashes: tuple[Clash, ...]

    def count(self, verdict: Verdict) -> int:
        """Return how many sentences got a verdict."""
        return sum(s.verdict == verdict for s in self.sentences)


def proofread(text: str, study: Study, prior: Study | None = None) -> Proof:
    """Judge every sentence of a report.

    Parameters
    ----------
    text
        English prose as edited, with or without headings and bullets.
    study
        The film's facts.
    prior
        An earlier film, if one was read: without it nothing may be said of change.
    """
    lines = report_sentences(text)
    claims = [_claims(line) for line in lines]
    checked = tuple(_judge(line, said, study, prior) for line, said in zip(lines, claims, strict=True))
    named = {c.label for said in claims for c in said}
    return Proof(checked, tuple(_omissions(study, named, text)), tuple(_clashes(claims)))


def report_sentences(text: str) -> tuple[str, ...]:
    """Return the sentences of a report without headings, bullets and the research-only line."""
    bare = (_bare(line) for line in text.splitlines())
    found = (s for line in bare for s in split_sentences(_HEADING.sub("", line)))
    own = set(split_sentences(DISCLAIMER))
    return tuple(s for s in found if s not in own and re.search(r"[a-z]", s) and not s.endswith(":"))


def _bare(line: str) -> str:
    return "" if line.lstrip().startswith("#") else _BULLET.sub("", line.strip()).strip()


def _claims(line: str) -> tuple[Claim, ...]:
    return tuple(sorted(rules.claims_like(line, line), key=lambda c: (c.label, c.stance, str(c.side), str(c.zone))))


def _judge(line: str, claims: Sequence[Claim], study: Study, prior: Study | None) -> Checked:
    findings = [f for f in study.findings if f.label in {c.label for c in claims}]
    measured = [m for m in study.measurements if m.name in measures_in(line)]
    facts = tuple(f.id for f in findings) + tuple(m.id for m in measured)
    if _flat(line) in {_flat(s) for s in split_sentences(study.draft_report)}:
        return Checked(line, "agrees", "as drafted from the facts", facts)
    if _NO_PRIOR.search(line) and not findings:
        return _on_comparison(line, prior)
    found = [*against_policy(line, study, prior), *against_facts(line, claims, measured, study)]
    if found:
        return _objected(line, found, facts)
    return _beyond(line, findings, measured, facts) if facts else _without_facts(line)


def _objected(line: str, found: Sequence[Objection], facts: tuple[str, ...]) -> Checked:
    worst = next((o for o in found if o.verdict == "contradicts"), found[0])
    reasons = "; ".join(dict.fromkeys(o.reason for o in found if o.verdict == worst.verdict))
    end = f": {CANT_CONFIRM}" if worst.verdict == "not_covered" else ""
    return Checked(line, worst.verdict, f"{reasons}{end}", facts, worst.kind)


def _without_facts(line: str) -> Checked:
    if VIEW.search(line):
        return Checked(line, "agrees", "as the film's view was read")
    if _TOLD.match(line):
        return Checked(line, "not_covered", "what was told of the patient or the technique is no fact of this film")
    return Checked(line, "not_covered", f"no fact is about this: {CANT_CONFIRM}")


def _flat(text: str) -> str:
    return " ".join(text.lower().split())


def _on_comparison(line: str, prior: Study | None) -> Checked:
    if prior is None:
        return Checked(line, "agrees", "no earlier film was read")
    return Checked(line, "contradicts", "an earlier film was read for comparison", (), "change")


def _beyond(line: str, findings: Sequence[Finding], measured: Sequence[Measurement], facts: tuple[str, ...]) -> Checked:
    """Tell a sentence whose every word the facts carry from one that says more than they do."""
    new = words.no_new_words(line, told_of(findings, measured))
    if new is None:
        return Checked(line, "agrees", "as the facts have it", facts)
    word = re.findall(r"'(.+)'", new)[0]
    return Checked(line, "not_covered", f"agrees, but “{word}” goes beyond the facts: {CANT_CONFIRM}", facts)


def _omissions(study: Study, named: set[str], text: str) -> list[Omission]:
    left_out = [f for f in positives(study) if f.label not in named]
    lines = [Omission(f.id, describe(f, "clinician"), terms()[f.label].urgency == "now") for f in left_out]
    measures = measures_in(text)
    outside = [m for m in study.measurements if m.name not in measures and stands_out(m, study.view)]
    lines += [Omission(m.id, describe_measurement(m, "clinician")[0]) for m in outside]
    return sorted(lines, key=lambda o: not o.urgent)


def _clashes(claims: Sequence[Sequence[Claim]]) -> Iterator[Clash]:
    said = [(i, c) for i, part in enumerate(claims, start=1) for c in part]
    found: dict[str, set[int]] = {}
    for n, (i, a) in enumerate(said):
        for j, b in said[n + 1 :]:
            reason = _clash(a, b)
            if reason is not None:
                found.setdefault(reason, set()).update({i, j})
    return (Clash(tuple(sorted(numbers)), reason) for reason, numbers in found.items())


def _clash(a: Claim, b: Claim) -> str | None:
    if a.label != b.label or {a.stance, b.stance} & {"not_flagged", "not_assessed"}:
        return None
    name = terms()[a.label].name
    if (a.stance in DENIES) != (b.stance in DENIES):
        same_place = a.side is None or b.side is None or a.side == b.side
        return f"{name} is found in one place and denied in another" if same_place else None
    if a.stance not in DENIES and {a.side, b.side} == {"left", "right"}:
        return f"{name} is on the left in one place and on the right in another"
    return None
