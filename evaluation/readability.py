"""Whether patients can read their answers, and whether plain words kept every finding.

Each question is asked once as a clinician and once as a patient. The patient's answer is parsed again by
``evaluation.judge``: its labels, how sure they are, their sides and its urgency must be the clinician's answer's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chatcad.config import Settings
from chatcad.pipeline import ChatCAD
from chatcad.types import Turn
from evaluation import conversations
from evaluation.conversations import PRESSED, UNANSWERABLE, Posed
from evaluation.figures import Figure, figure, print_figures
from evaluation.judge import how_sure, labels_heard, side_heard
from evaluation.statistics import evenly, median, share

EASY = 6.0
"""Flesch-Kincaid grade that a patient's answer should not exceed."""
QUESTIONS = 150
"""Answerable questions that are asked in both modes, evenly drawn."""

Told = frozenset[tuple[str, str, str | None]]


@dataclass(frozen=True, slots=True)
class Pair:
    """One question's answers to the clinician and to the patient."""

    posed: Posed
    clinician: Turn
    patient: Turn

    @property
    def kept(self) -> bool:
        """Whether the patient was told the same findings, as surely, on the same side, and as urgently."""
        return told(self.clinician) == told(self.patient) and self.clinician.urgent == self.patient.urgent


def run(settings: Settings) -> dict[str, Any]:
    """Print and return the figures for templates and for each model."""
    chatcad = ChatCAD.open(settings)
    studies = conversations.read_studies(chatcad, settings.data)
    asked = [p for p in conversations.pose(conversations.load(), studies) if p.kind not in UNANSWERABLE | {PRESSED}]
    figures: list[Figure] = []
    examples: list[dict[str, str]] = []
    for name, variant, _ in conversations.variants(chatcad, settings):
        pairs = [_pair(variant, p) for p in conversations.subset(evenly(asked, QUESTIONS), name)]
        figures += measure(pairs, name)
        examples += [{"variant": name, **e} for e in _lost(pairs)]
    print_figures(figures)
    for example in examples:
        print(example)
    return {"films": len(studies), "figures": figures, "examples": examples[:20]}


def measure(pairs: Sequence[Pair], on: str) -> list[Figure]:
    """Return the median grade, the share of easy answers, and the share of answers that kept their findings."""
    grades = np.array([p.patient.readability_grade for p in pairs])
    films = [p.posed.study.radiograph.sha256 for p in pairs]
    easy, kept = int((grades <= EASY).sum()), sum(p.kept for p in pairs)
    with_findings = [p for p in pairs if told(p.clinician)]
    return [
        figure("reading grade of patient answers, median", on, len(pairs),
               median(grades, films), headline=True),
        figure("patient answers of grade 6 or below", on, len(pairs), share(easy, len(pairs)), headline=True),
        figure("patient answers that keep every finding", on, len(pairs), share(kept, len(pairs)), headline=True),
        figure("the same, of answers with findings", on, len(with_findings),
               share(sum(p.kept for p in with_findings), len(with_findings))),
    ]  # fmt: skip


def told(turn: Turn) -> Told:
    """Return what an answer says of the film: each label, how surely, and where."""
    return frozenset(
        (label, how_sure(s.text), side_heard(s.text))
        for s in turn.sentences
        if s.source == "image"
        for label in labels_heard(s.text)
    )


def _pair(chatcad: ChatCAD, posed: Posed) -> Pair:
    clinician, patient = (
        chatcad.answer(posed.question, conversations.talk_before(chatcad, posed, mode))
        for mode in ("clinician", "patient")
    )
    return Pair(posed, clinician, patient)


def _lost(pairs: Sequence[Pair]) -> list[dict[str, str]]:
    return [
        {"question": p.posed.question, "differs": str(sorted(told(p.clinician) ^ told(p.patient), key=str))}
        for p in pairs
        if not p.kept
    ]
