"""The questions of the retrieval benchmark, as they are described in ``evaluation/questions/README.md``."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from pathlib import Path

from chatcad.config import ROOT
from chatcad.types import Mode

QUESTIONS = ROOT / "evaluation" / "questions" / "retrieval.jsonl"
SILENT = frozenset({"unanswerable", "near-miss"})
"""Kinds of question on which silence is right."""
GAP = "gap"
"""Kind of question for which a passage was written after judging: it counts in no ranking."""


@dataclass(frozen=True, slots=True)
class Question:
    """One judged question; ``labels`` are the film's findings; ``relevant`` is empty where no passage answers it."""

    id: str
    split: str
    mode: Mode
    question: str
    labels: tuple[str, ...]
    relevant: frozenset[str]
    kind: str


def load_questions(path: Path = QUESTIONS) -> tuple[Question, ...]:
    """Return the judged questions of ``path``; fields beside those of `Question` are left out."""
    names = {f.name for f in fields(Question)}
    rows = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line)
    return tuple(
        Question(
            **{name: value for name, value in row.items() if name in names}
            | {"labels": tuple(row["labels"]), "relevant": frozenset(row["relevant"])}
        )
        for row in rows
    )


def counted(question: Question) -> bool:
    """Return whether a question counts in rankings: passages answer it, and none was written for it."""
    return bool(question.relevant) and question.kind != GAP
