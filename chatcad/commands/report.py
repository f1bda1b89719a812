"""``report IMAGE``: findings from the checked draft, impression worded by the language model and checked."""

from __future__ import annotations

import argparse
from typing import cast

from chatcad import DISCLAIMER
from chatcad.config import Settings
from chatcad.findings.wording import measurement_line, positives
from chatcad.types import PromptDesign, Study, Turn

IMPRESSION = "What do you see on this film?"


def run(arguments: argparse.Namespace, settings: Settings) -> None:
    """Print the report of one film, or write it to a folder."""
    from chatcad.pipeline import ChatCAD, Conversation

    chatcad = ChatCAD.open(settings)
    study = chatcad.read(arguments.image)
    turn = chatcad.answer(
        IMPRESSION, Conversation(study, design=cast(PromptDesign, arguments.design or settings.design))
    )
    text = as_markdown(study, turn)
    if arguments.out is None:
        print(text)
        return
    arguments.out.mkdir(parents=True, exist_ok=True)
    path = arguments.out / f"report-{study.radiograph.sha256[:12]}.md"
    path.write_text(text + "\n", encoding="utf-8")
    print(path)


def as_markdown(study: Study, impression: Turn) -> str:
    """Return the report as Markdown, with the research-only line first."""
    open_ids = {f.id for f in positives(study)} | {m.id for m in study.measurements}
    flagged = [s.text for s in impression.sentences if open_ids & set(s.support)]
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
            *(f"- {line}" for line in flagged),
            "",
            f"Prompt sha256: `{impression.prompt_sha256}` · {impression.backend}",
        ]
    )
