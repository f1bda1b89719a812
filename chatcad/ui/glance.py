"""What was found on a film, in four lines above it: flagged, measured, not flagged, not assessed.

It knows which facts come first; their words are those of the tables and of ``findings.wording``.
"""

from __future__ import annotations

from collections.abc import Sequence

from chatcad.findings.measure import shown
from chatcad.findings.wording import most_urgent_first, positives, where
from chatcad.language import decimal
from chatcad.types import Finding, Mode, Study
from chatcad.ui.labels import caveat, label
from chatcad.ui.tables import SHAPES, STATES, escape, name_of, reference_of, state_of, title_of, urgent_html

NAMED = 4
"""Findings that no network looks for and that are named here; the table names them all."""


def glance_html(study: Study, mode: Mode) -> str:
    """Return the summary for a reader, under the banner of what may be urgent; a patient sees no number."""
    rows = [("flagged", label("Flagged"), _flagged(study, mode))]
    if mode == "clinician" and (ratio := _ratio(study)):
        rows.append(("", label("Cardiothoracic ratio"), ratio))
    for state in ("absent", "not_flagged"):
        if found := [f for f in study.findings if f.state == state]:
            names = escape(", ".join(name_of(f, mode) for f in found))
            open_ = f" <small>({label('doesn’t rule it out')})</small>" if state == "not_flagged" else ""
            rows.append((state, label(STATES[state]).capitalize(), names + open_))
    if unseen := [f for f in study.findings if f.state == "not_assessed"]:
        rows.append(("not_assessed", label("Not assessed"), _unseen(unseen, mode)))
    listed = "".join(f'<div class="{kind}"><dt>{name}</dt><dd>{said}</dd></div>' for kind, name, said in rows)
    jump = f'<p class="jump"><a href="#talk">{label("Ask about this film")} ↓</a></p>'
    title = label("At a glance")
    return f'{urgent_html(study, mode)}<section class="glance" aria-label="{title}"><dl>{listed}</dl>{jump}</section>'


def _flagged(study: Study, mode: Mode) -> str:
    found = [_entry(f, mode) for f in positives(study)]
    return "".join(found) or f"{label('nothing')} <small>({label('this does not make the film normal')})</small>"


def _entry(finding: Finding, mode: Mode) -> str:
    """Return a flagged finding as a button that shows where, and how sure the system is."""
    sure = f"{state_of(finding)}{escape(where(finding, mode))}"
    weak = mode == "clinician" and finding.reliability == "weak"
    remark = f" <small>({label('weak: confirm on film')})</small>" if weak else ""
    shape = f'<i aria-hidden="true">{SHAPES[finding.state]}</i>'
    name = f'<button type="button" data-shows="{escape(finding.id)}">{escape(title_of(finding, mode))}</button>'
    return f"<span>{shape} {name} {sure}{remark}</span>"


def _ratio(study: Study) -> str:
    ratio = study.measurement("cardiothoracic_ratio")
    if ratio is None:
        return ""
    value = label("withheld") if ratio.value is None else f"{decimal(shown(ratio))} ({reference_of(ratio)})"
    return escape(value + (f"; {caveat(ratio.caveat)}" if ratio.caveat else ""))


def _unseen(findings: Sequence[Finding], mode: Mode) -> str:
    first = most_urgent_first(findings)[:NAMED]
    names = escape(", ".join(name_of(f, mode) for f in first))
    more = label("and {count} more").format(count=len(findings) - len(first))
    link = f' <button type="button" data-shows="{escape(first[0].id)}">{more}</button>'
    return names + (link if len(findings) > len(first) else "")
