"""Answers for the person behind the question: questions for the doctor, help in need, and a kind refusal to pretend.

It knows fixed words (``prompts/replies.yaml``) and the finding graph's checks; what is true of the film comes from
facts.
"""

from __future__ import annotations

from collections.abc import Sequence

from chatcad.planning.statements import FLAGGED, replies, say_finding
from chatcad.retrieval.graph import finding_graph
from chatcad.types import Finding, Mode, Statement


def questions_for_the_doctor(findings: Sequence[Finding], mode: Mode) -> list[Statement]:
    """Return questions to ask: on each finding by its state, then those that always help.

    Parameters
    ----------
    findings
        Those that the answer is about, most important first; possibly none.
    mode
        Decides whether the check is named in the field's words or in plain ones.
    """
    said = []
    for finding in findings:
        said.append(say_finding(finding, mode))
        said += replies(f"doctor_{_need(finding)}", mode, (finding.id,), check=_check(finding.label, mode))
    return said + replies("doctor_always", mode)


def _need(finding: Finding) -> str:
    """Return what a finding needs from the doctor: a check, a look at what was not pointed out, or a look at all."""
    if finding.state in FLAGGED:
        return "check"
    return "look" if finding.state == "not_assessed" else "again"


def _check(label: str, mode: Mode) -> str:
    settling = finding_graph().findings[label].settling
    return settling.check if mode == "clinician" else settling.plain


def no_pretence(findings: Sequence[Finding], mode: Mode) -> list[Statement]:
    """Return the refusal to change, hide or invent a result, and what stands of the findings that were named."""
    return [*replies("pressure", mode), *(say_finding(f, mode) for f in findings)]
