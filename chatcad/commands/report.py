"""``report IMAGE``: findings from the checked draft, impression worded by the language model and checked."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from typing import cast

from chatcad import DISCLAIMER, cases
from chatcad.config import Settings
from chatcad.findings.wording import measurement_line, positives
from chatcad.types import PromptDesign, SimilarCase, Study, Turn

IMPRESSION = "What do you see on this film?"


def run(arguments: argparse.Namespace, settings: Settings) -> None:
    """Print the report of one film, or write it to a folder."""
    from chatcad.pipeline import ChatCAD, Conversation

    chatcad = ChatCAD.open(settings)
    study = chatcad.read(arguments.image)
    turn = chatcad.answer(
        IMPRESSION, Conversation(study, design=cast(PromptDesign, arguments.design or settings.design))
    )
    others = cases.similar(study, settings)
    if arguments.json:
        print(json.dumps(_as_json(study, turn, others), indent=1))
        return
    text = as_markdown(study, turn, others)
    if arguments.out is None:
        print(text)
        return
    arguments.out.mkdir(parents=True, exist_ok=True)
    path = arguments.out / f"report-{study.radiograph.sha256[:12]}.md"
    path.write_text(text + "\n", encoding="utf-8")
    print(path)


def impression_lines(study: Study, impression: Turn) -> list[str]:
    """Return the impression's sentences on what is flagged or measured."""
    open_ids = {f.id for f in positives(study)} | {m.id for m in study.measurements}
    return [s.text for s in impression.sentences if open_ids & set(s.support)]


def as_markdown(study: Study, impression: Turn, others: Sequence[SimilarCase] = ()) -> str:
    """Return the report as Markdown, with the research-only line first and other films' reports marked as such."""
    return "\n".join(
        [
            "# Chest radiograph: preliminary, machine-drafted",
            "",
            f"*{DISCLAIMER}*",
            "",
            f"View: {study.view}. Film sha256: `{study.radiograph.sha256}`",
            "",
            "## Findings",
            "",
            *(f"- {line}" for line in study.draft_report.splitlines()),
            "",
            "## Measurements",
            "",
            *(f"- {measurement_line(m)}" for m in study.measurements),
            "",
            "## Impression",
            "",
            *(f"- {line}" for line in impression_lines(study, impression)),
            "",
            *_others_in_markdown(others),
            f"Prompt sha256: `{impression.prompt_sha256}` · {impression.backend}",
        ]
    )


def _others_in_markdown(others: Sequence[SimilarCase]) -> list[str]:
    if not others:
        return []
    heading = [
        "## Similar cases",
        "",
        "*Reports of other films, to compare with: nothing in them is a fact of this film.*",
        "",
    ]
    return [*heading, *(f"- {c.key} ({c.origin}, likeness {c.score:.2f}): {c.text}" for c in others), ""]


def _as_json(study: Study, impression: Turn, others: Sequence[SimilarCase]) -> dict[str, object]:
    from chatcad.serialise import cases_to_json, study_to_json, turn_to_json

    return {
        "study": study_to_json(study),
        "impression": impression_lines(study, impression),
        "turn": turn_to_json(impression),
        "similar_cases": cases_to_json(others),
    }
