"""Answers to what a question asks for beside its kind: reasons, fewer or easier words, a place, a decision, a document.

It knows fixed words (``prompts/replies.yaml``), the finding graph's checks and the facts that it is handed.
"""

from __future__ import annotations

from collections.abc import Sequence

from chatcad.findings.measure import standing
from chatcad.findings.wording import clause, measured_clause, name_in_list, positives, where
from chatcad.language import table
from chatcad.planning.requests import OWN_WORDS, Want
from chatcad.planning.statements import FLAGGED, replies, say_finding, say_group, say_unseen
from chatcad.planning.subjects import AskedSide
from chatcad.types import Finding, Mode, Statement, Study, Zone

MOST_IN_SHORT = 3
OF_THE_TOOL: tuple[tuple[Want, str], ...] = (("send", "no_sending"), ("language", "languages"))
COURTESIES: tuple[Want, ...] = ("thanks", "bye", "noted")
"""The first that a question holds is answered."""


def courtesy(wants: frozenset[Want], mode: Mode) -> list[Statement]:
    """Return thanks for thanks and a goodbye for a goodbye, else a greeting."""
    return replies(next((w for w in COURTESIES if w in wants), "small_talk"), mode)


def beside_the_film(wants: frozenset[Want], study: Study, mode: Mode) -> list[Statement]:
    """Return what answers a question that no film answers: who decides, what can't be sent, or that it is left out."""
    if "decision" in wants:
        flagged = [say_finding(f, mode) for f in positives(study)[:2]] or replies("no_positive", mode)
        return [*replies("decision", mode), *flagged]
    if "vitals" in wants:
        return replies("vitals", mode)
    return replies(next((key for want, key in OF_THE_TOOL if want in wants), "out_of_scope"), mode)


def own_words(wants: frozenset[Want], mode: Mode) -> list[Statement]:
    """Return what words and pictures of this program mean, or nothing where none is asked after."""
    return [s for want in OWN_WORDS if want in wants for s in replies(f"own_{want}", mode)]


def grounds(findings: Sequence[Finding], mode: Mode) -> list[Statement]:
    """Return what the results of findings rest on."""
    looked = tuple(f.id for f in findings if f.state != "not_assessed")
    return replies("grounds", mode, looked) if looked else []


def simpler(findings: Sequence[Finding], mode: Mode) -> list[Statement]:
    """Return findings, then what their states mean in the easiest words that there are."""
    said = [say_finding(f, mode) for f in findings]
    for finding in findings:
        state = "flagged" if finding.state in FLAGGED else finding.state
        said += replies(f"simpler_{state}", mode, (finding.id,))
    return said


def in_short(study: Study, mode: Mode) -> list[Statement]:
    """Return a film in two sentences: what is flagged, and how much stays open."""
    flagged = positives(study)[:MOST_IN_SHORT]
    ratio = study.measurement("cardiothoracic_ratio")
    measured = [ratio] if ratio is not None and mode == "clinician" and standing(ratio) == "above" else []
    parts = [*(clause(f, mode) for f in flagged), *map(measured_clause, measured)]
    support = (*(f.id for f in flagged), *(m.id for m in measured))
    said = replies("in_short", mode, support, facts="; ".join(parts)) if parts else replies("no_positive", mode)
    if mode == "patient" and len(flagged) > 1 and all(f.state == "uncertain" for f in flagged):
        named = [f"{name_in_list(f.label, mode)}{where(f, mode)}" for f in flagged]  # one "may" for all of them
        said = replies("in_short_possible", mode, support, names="; ".join(named))
    by = {s: [f.id for f in study.findings if f.state == s] for s in ("not_flagged", "not_assessed")}
    count = {state: str(len(ids)) for state, ids in by.items()}
    support = tuple(i for ids in by.values() for i in ids)
    return said + replies("short_rest", mode, support, unflagged=count["not_flagged"], unseen=count["not_assessed"])


def sought(study: Study, mode: Mode) -> list[Statement]:
    """Return what this film was looked at for, and by how good a detector, then what not."""
    by = {r: [f for f in study.findings if f.reliability == r] for r in ("assessed", "weak")}
    said = []
    for reliability, findings in by.items():
        names = ", ".join(name_in_list(f.label, mode) for f in findings)
        said += replies(f"sought_{reliability}", mode, tuple(f.id for f in findings), names=names) if findings else []
    return said + say_unseen(study, mode)


def unseen(study: Study, mode: Mode) -> list[Statement]:
    """Return everything that this film leaves open: what no network looked for, and what weak detectors passed over."""
    return [
        statement
        for state in ("not_assessed", "not_flagged")
        for statement in say_group([f for f in study.findings if f.state == state], state, mode)
    ]


def placed(study: Study, side: AskedSide | None, zone: Zone | None, mode: Mode) -> list[Statement]:
    """Return which findings were placed on a side or in a zone, and that the rest of it isn't cleared."""
    there = [f for f in positives(study) if lies(f, side, zone)]
    key = "nothing_else_there" if there else "nothing_there"
    return [*(say_finding(f, mode) for f in there), *replies(key, mode, place=_place(side, zone, mode))]


def lies(finding: Finding, side: AskedSide | None, zone: Zone | None) -> bool:
    """Return whether a finding was placed on a side and in a zone; one without a place lies nowhere."""
    return (
        finding.side is not None
        and finding.side in {side or finding.side, "bilateral"}
        and zone in {None, finding.zone}
    )


def _place(side: AskedSide | None, zone: Zone | None, mode: Mode) -> str:
    spots: dict[str, str] = table("replies")["spots"][mode]
    return " ".join(spots[name] for name in (zone, side) if name is not None)
