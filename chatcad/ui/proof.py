"""A proofread report in HTML, the words that were changed, and the report as a file: pure functions, all escaped.

It knows how a judgement looks. What is judged is ``checking.proofread``'s business.
"""

from __future__ import annotations

import difflib
import re

from chatcad import DISCLAIMER
from chatcad.checking.proofread import Checked, Proof
from chatcad.export.report import FILM_PREFIX
from chatcad.findings.wording import measurement_line
from chatcad.types import Finding, Study
from chatcad.ui.tables import escape, name_of, ordered

_LIMITS = (
    "The check reads English. It compares with what the networks found, never with the film: a sentence that is not "
    "covered may well be right. Your words are never changed; check again after further edits."
)
_SIGNS = {"agrees": "✓", "contradicts": "✗", "not_covered": "?"}
_VERDICTS = {"agrees": "agrees", "contradicts": "contradicts", "not_covered": "not covered"}
_KINDS = {"all_clear": "all-clear", "number": "number or comparison", "change": "change over time"}


def proof_html(proof: Proof) -> str:
    """Return the judgement as lists: a line of counts, every sentence with its mark, what is missing, what clashes."""
    counts = [(proof.count("agrees"), "agree"), (proof.count("contradicts"), "contradict"),
              (proof.count("not_covered"), "not covered"), (len(proof.omissions), "not mentioned"),
              (len(proof.clashes), "in conflict")]  # fmt: skip
    summary = " · ".join(f"<b>{n}</b> {words}" for n, words in counts)
    rows = "".join(_sentence(s) for s in proof.sentences)
    missing = "".join(
        f"<li>{'<b>Urgent:</b> ' if o.urgent else ''}{escape(o.text)} <code>{escape(o.fact)}</code></li>"
        for o in proof.omissions
    )
    clashes = "".join(
        f"<li>Sentences {', '.join(map(str, c.sentences))}: {escape(c.reason)}</li>" for c in proof.clashes
    )
    return (
        f'<section class="proof" aria-label="Check of the edited report"><p role="status">{summary}</p>'
        + (f'<ol class="marks">{rows}</ol>' if rows else "<p>The report is empty.</p>")
        + _titled("Not mentioned", missing)
        + _titled("In conflict within the report", clashes)
        + f'<p class="small">{_LIMITS}</p></section>'
    )


def _titled(title: str, items: str) -> str:
    return f"<h2>{title}</h2><ul>{items}</ul>" if items else ""


def _sentence(checked: Checked) -> str:
    kind = f": {_KINDS.get(checked.kind, checked.kind)}" if checked.kind else ""
    facts = "".join(f" <code>{escape(f)}</code>" for f in checked.facts)
    return (
        f'<li class="{checked.verdict}"><span class="said">{escape(checked.sentence)}</span> '
        f'<span class="verdict"><span aria-hidden="true">{_SIGNS[checked.verdict]}</span> '
        f"{_VERDICTS[checked.verdict]}{kind}</span>{facts}"
        f'<span class="why">{escape(checked.reason)}</span></li>'
    )


def diff_html(draft: str, edited: str) -> str:
    """Return the edited text with what was struck from the draft and what was put in, word by word."""
    old, new = _words(draft), _words(edited)
    if old == new:
        return '<p class="small">Nothing was changed.</p>'
    parts = []
    for what, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        struck, put = "".join(old[a:b]), "".join(new[c:d])
        if what == "equal":
            parts.append(escape(put))
            continue
        parts += [f"<del>{escape(struck)}</del>"] * bool(struck) + [f"<ins>{escape(put)}</ins>"] * bool(put)
    return f'<div class="proof"><h2>Changes to the draft</h2><div class="diff">{"".join(parts)}</div></div>'


def _words(text: str) -> list[str]:
    return re.findall(r"\n|[^\S\n]+|\S+", text.strip())


def export_markdown(study: Study, report: str, impression: str) -> str:
    """Return the report as it stands with the study's facts: the film by its sha256 prefix, nobody by name."""
    edited = "edited by a reader" if _words(report) != _words(study.draft_report) else "as drafted by the machine"
    sections = [
        "# Chest radiograph: preliminary",
        *(f"*{remark}*" for remark in (DISCLAIMER, *study.missing)),
        f"Findings {edited}. View: {study.view}. Film sha256: `{study.radiograph.sha256[:FILM_PREFIX]}`",
        "## Findings",
        report.strip() or "None written.",
        *(["## Impression", impression.strip()] if impression.strip() else []),
        "## What the networks found",
        "\n".join(
            [*(f"- {_fact(f)}" for f in ordered(study)), *(f"- {measurement_line(m)}" for m in study.measurements)]
        ),
    ]
    missing = [name_of(f, "clinician") for f in study.findings if f.state == "not_assessed"]
    if missing:
        sections.append(f"Not assessed: {', '.join(missing)}.")
    return "\n\n".join(sections) + "\n"


def export_text(study: Study, report: str, impression: str) -> str:
    """Return the same as plain text."""
    lines = export_markdown(study, report, impression).splitlines()
    return (
        "\n".join(re.sub(r"^#+ (.+)", lambda m: m[1].upper(), line).strip("*`").replace("`", "") for line in lines)
        + "\n"
    )


def _fact(finding: Finding) -> str:
    chance = "" if finding.probability is None else f", {finding.probability:.2f}"
    state = finding.band if finding.state == "present" else finding.state.replace("_", " ")
    place = f", {finding.side}" if finding.side else ""
    return f"{finding.id} {name_of(finding, 'clinician')}: {state}{place}{chance} ({finding.reliability} detector)"
