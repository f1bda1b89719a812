"""How well questions in German and Spanish are understood by the tables of words: right, not understood, or wrong.

The questions are in ``evaluation/questions/languages.jsonl``. ``dev``: 60 a language written before the tables by the
same hand, and translations of English questions (``understanding.jsonl``, another hand) on which the tables were
mended. ``test``: translations of other English questions, measured once, after the last change of the tables. A wrong
answer, to another question than the one asked, is the error that counts: a question that isn't understood gets what is
known of the findings that it names, and the kinds of question that would be understood.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from chatcad.config import ROOT, Settings
from chatcad.language import language_of
from chatcad.planning.ask import ask
from chatcad.planning.understand import Asked
from chatcad.types import Language, Turn
from evaluation.statistics import share_of

QUESTIONS = ROOT / "evaluation" / "questions" / "languages.jsonl"
NO_ANSWER = frozenset({"unclear", "out_of_scope"})
SAME_FOR_ALL = frozenset({"pressure", "treatment", "self_harm", "emergency", "system"})
"""Kinds whose answer doesn't depend on a label."""


@dataclass(frozen=True, slots=True)
class Question:
    """One question with its kind and the labels meant."""

    id: str
    language: Language
    split: str
    question: str
    kind: str
    labels: frozenset[str]


def load_questions() -> tuple[Question, ...]:
    """Return the questions."""
    rows = [json.loads(line) for line in QUESTIONS.read_text(encoding="utf-8").splitlines()]
    return tuple(Question(**{**row, "labels": frozenset(row["labels"])}) for row in rows)


def outcome(question: Question, asked: Asked) -> str:
    """Return ``"right"``, ``"not understood"`` or ``"wrong"``; no answer is right where none can be given."""
    if asked.intent in NO_ANSWER:
        return "right" if question.kind in NO_ANSWER else "not understood"
    about_it = set(asked.labels) == question.labels or asked.intent in SAME_FOR_ALL
    return "right" if asked.intent == question.kind and about_it else "wrong"


def run(settings: Settings) -> dict[str, Any]:
    """Measure both languages and print a table.

    Parameters
    ----------
    settings
        Of the installation; no model is needed.

    Returns
    -------
    dict
        JSON-able: per language and split the shares with ``n`` and 95% intervals (Wilson), and every
        question that was not answered rightly.
    """
    questions, result = load_questions(), dict[str, Any]()
    for language in ("de", "es"):
        own = [(q, ask(_english, q.question, (), q.language)) for q in questions if q.language == language]
        result[language] = {
            split: _measure([(q, a) for q, a in own if q.split == split]) for split in ("dev", "test")
        } | {"missed": [f"{q.id} {q.kind} → {a.intent}: {q.question}" for q, a in own if outcome(q, a) != "right"]}
    print(_table(result))
    return result


def _english(question: str, turns: Sequence[Turn]) -> Asked:
    """Stand for the English understanding: a question that comes here was taken for English."""
    return Asked(question, "small_talk", (), ())


def _measure(pairs: Sequence[tuple[Question, Asked]]) -> dict[str, Any]:
    def share(holds: Callable[[Question, Asked], bool]) -> dict[str, Any]:
        n, interval = share_of(holds(q, a) for q, a in pairs)
        return {"n": n, "share": [round(v, 3) for v in interval]}

    return {
        "right": share(lambda q, a: outcome(q, a) == "right"),
        "not understood": share(lambda q, a: outcome(q, a) == "not understood"),
        "wrong": share(lambda q, a: outcome(q, a) == "wrong"),
        "language recognised": share(lambda q, a: language_of(q.question, q.language) == q.language),
    }


def _table(result: dict[str, Any]) -> str:
    lines = [f"{'language':8} {'split':5} {'measure':20} {'n':>3}  share [95% interval]"]
    for language, measured in result.items():
        for split in ("dev", "test"):
            for what, m in measured[split].items():
                value, low, high = m["share"]
                lines.append(f"{language:8} {split:5} {what:20} {m['n']:3}  {value:.3f} [{low:.3f}, {high:.3f}]")
    return "\n".join(lines)
