"""Markdown: the report as text that any editor shows."""

from __future__ import annotations

from collections.abc import Sequence

from chatcad.export.report import Report
from chatcad.findings.wording import measurement_line
from chatcad.types import SimilarCase


def as_markdown(report: Report) -> str:
    """Return the report as Markdown, with the research-only line first and other films' reports marked as such."""
    study = report.study
    sections = {
        "Findings": report.findings.splitlines(),
        "Measurements": [measurement_line(m) for m in study.measurements],
        "Impression": report.impression,
    }
    lines = [
        "# Chest radiograph: preliminary, machine-drafted",
        "",
        *(line for remark in report.remarks for line in (f"*{remark}*", "")),
        f"View: {study.view}. Film sha256: `{study.radiograph.sha256}`",
        "",
    ]
    for title, items in sections.items():
        lines += [f"## {title}", "", *(f"- {item}" for item in items), ""] if items else []
    return "\n".join([*lines, *_others(report.others), report.author]).rstrip()


def _others(others: Sequence[SimilarCase]) -> list[str]:
    if not others:
        return []
    heading = [
        "## Similar cases",
        "",
        "*Reports of other films, to compare with: nothing in them is a fact of this film.*",
        "",
    ]
    return [*heading, *(f"- {c.key} ({c.origin}, likeness {c.score:.2f}): {c.text}" for c in others), ""]
