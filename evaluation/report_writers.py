"""Who writes the reports of `evaluation.report`: this system in three designs, its parts alone, degenerate writers."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import get_args

import numpy as np
from langchain_core.messages import HumanMessage, SystemMessage

from chatcad.commands.report import IMPRESSION
from chatcad.config import ROOT
from chatcad.export import impression_lines
from chatcad.pipeline import ChatCAD, Conversation
from chatcad.prompting.designs import write_facts
from chatcad.types import PromptDesign, Study
from evaluation.finding_scores import Cells, Truth
from evaluation.report_films import Read

DESIGNS: tuple[PromptDesign, ...] = get_args(PromptDesign)
SYSTEM = "You write the findings section of chest X-ray reports from what a detection network saw."
MOST_WORDS, SECONDS = 80, 8.0


def checked_report(chatcad: ChatCAD, study: Study, design: PromptDesign) -> str:
    """Return what ``python -m chatcad report`` says of the film: the checked draft, and the checked impression."""
    turn = chatcad.answer(IMPRESSION, Conversation(study, design=design))
    return "\n".join([study.draft_report, *impression_lines(study, turn)])


def unchecked_report(chatcad: ChatCAD, study: Study, design: PromptDesign) -> str:
    """Return what the language model writes by itself from the facts in a design: without plan or check."""
    request = (ROOT / "prompts" / "film_report.md").read_text(encoding="utf-8").strip()
    messages = [SystemMessage(SYSTEM), HumanMessage(f"{write_facts(study, design)}\n\n{request}")]
    stream = chatcad.writer.model.stream(messages, max_tokens=MOST_WORDS, deadline=time.monotonic() + SECONDS)
    return "".join(str(chunk.text) for chunk in stream)


def classifier_alone(read: Sequence[Read], truth: Truth) -> Cells:
    """Return the labels that the networks' readings flag, without any words."""
    flagged = [{f.label for f in r.study.findings if f.state in {"present", "uncertain"}} for r in read]
    return np.array([[label in said for label in truth.labels] for said in flagged])


def all_positive(truth: Truth) -> Cells:
    """Return a writer that flags every label."""
    return np.ones_like(truth.values)


def constant(truth: Truth) -> Cells:
    """Return a writer whose one report flags the commonest label."""
    said = np.zeros_like(truth.values)
    said[:, (truth.values & truth.known).sum(axis=0).argmax()] = True
    return said
