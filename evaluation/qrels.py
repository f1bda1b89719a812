"""The second judgement of the retrieval questions: pooled pairs, graded by the rule of ``questions/README.md``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from chatcad.config import ROOT
from evaluation.retrieval_questions import Question

QRELS = ROOT / "evaluation" / "questions" / "retrieval.qrels"
ANSWERS = 2

Grades = Mapping[str, Mapping[str, int]]
"""By question and passage: 2 answers it, 1 helps in part, 0 does neither; what isn't there was not judged."""


def load_qrels(path: Path = QRELS) -> Grades:
    """Return the grades of ``path``, in TREC's format: question, 0, passage, grade."""
    grades: dict[str, dict[str, int]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        question, _, passage, grade = line.split()
        grades.setdefault(question, {})[passage] = int(grade)
    return grades


def as_graded(questions: Iterable[Question], grades: Grades) -> list[Question]:
    """Return the questions with the passages graded as answers; those that no passage answers are left out."""
    graded = (
        replace(q, relevant=frozenset(p for p, grade in grades.get(q.id, {}).items() if grade == ANSWERS))
        for q in questions
    )
    return [q for q in graded if q.relevant]


def agreement(questions: Iterable[Question], grades: Grades) -> dict[str, Any]:
    """Return how the grades of the pooled pairs agree with the first labels: counts and Cohen's kappa."""
    pairs = [(p in q.relevant, g == ANSWERS) for q in questions for p, g in grades.get(q.id, {}).items()]
    first, second = (sum(pair[judge] for pair in pairs) / len(pairs) for judge in (0, 1))
    same = sum(a == b for a, b in pairs) / len(pairs)
    chance = first * second + (1 - first) * (1 - second)
    return {
        "pairs": len(pairs),
        "answers by both": sum(a and b for a, b in pairs),
        "by the first labels only": sum(a and not b for a, b in pairs),
        "by the pooled grades only": sum(b and not a for a, b in pairs),
        "kappa": round((same - chance) / (1 - chance), 3),
    }
