"""How well questions are understood: kind, labels, refusals, follow-ups; beside the method that the head replaced.

The questions (``evaluation/questions/understanding.jsonl``) were written before the head's examples and are described
in ``evaluation/questions/README.md``. Thresholds were chosen on ``dev``; the figures that count are the ``test`` ones.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from langchain_core.embeddings import Embeddings

from chatcad.config import ROOT, Settings
from chatcad.planning import Asked, Understanding
from chatcad.planning.kinds import examples
from chatcad.planning.subjects import form_of
from chatcad.planning.understand import ABOUT_THE_FILM, ALARMS
from chatcad.retrieval.embedding import embedder
from chatcad.types import Intent, Turn
from evaluation.nearest import NearestExample
from evaluation.statistics import share_of

QUESTIONS = ROOT / "evaluation" / "questions" / "understanding.jsonl"
REFUSED: frozenset[str] = frozenset({"out_of_scope", "treatment", "pressure", *ALARMS})
ANSWERABLE: frozenset[str] = ABOUT_THE_FILM | {"system", "similar"}
NEAR = 0.9
"""Cosine with an example from which a question is called near to it; the far ones are also measured alone."""

Understand = Callable[[str, Sequence[Turn]], Asked]


@dataclass(frozen=True, slots=True)
class Question:
    """One question with the kinds that are right (the intended one first), the labels meant, and the turn before."""

    id: str
    split: str
    question: str
    kinds: tuple[Intent, ...]
    labels: frozenset[str]
    style: str
    turns: tuple[Turn, ...]


def load_questions() -> tuple[Question, ...]:
    """Return the questions."""
    rows = [json.loads(line) for line in QUESTIONS.read_text(encoding="utf-8").splitlines()]
    return tuple(
        Question(
            r["id"], r["split"], r["question"], tuple(r["kinds"]), frozenset(r["labels"]), r["style"], _turns(r["turn"])
        )
        for r in rows
    )


def _turns(turn: dict[str, Any] | None) -> tuple[Turn, ...]:
    if turn is None:
        return ()
    labels = tuple(turn["labels"])
    return (Turn(turn["question"], (), (), "clinician", turn["intent"], labels, False, 0.0, "", "none"),)


def run(settings: Settings) -> dict[str, Any]:
    """Measure both methods and print a table.

    Parameters
    ----------
    settings
        Of the installation; they name the sentence embedding.

    Returns
    -------
    dict
        JSON-able: per method and split, each share with ``n`` and its 95% interval (Wilson).
    """
    embeddings, questions = embedder(settings), load_questions()
    near = _near(questions, embeddings)
    methods: dict[str, Understand] = {"head": Understanding(embeddings), "nearest example": NearestExample(embeddings)}
    result: dict[str, Any] = {"examples": sum(map(len, examples().values())), "methods": {}}
    for name, understand in methods.items():
        answered, milliseconds = _ask(understand, questions)
        result["methods"][name] = {
            "cpu_milliseconds": milliseconds,
            **{
                split: _measure([(q, answered[q.id]) for q in questions if q.split == split], near)
                for split in ("dev", "test")
            },
        }
    print(_table(result))
    return result


def _ask(understand: Understand, questions: Sequence[Question]) -> tuple[dict[str, Asked], dict[str, float]]:
    understand(questions[0].question, ())
    answered, times = {}, []
    for q in questions:
        start = time.process_time()  # the processor's time: other work on the machine doesn't count
        answered[q.id] = understand(q.question, q.turns)
        times.append(1e3 * (time.process_time() - start))
    return answered, {"median": round(statistics.median(times), 1), "p95": round(float(np.percentile(times, 95)), 1)}


def _near(questions: Sequence[Question], embeddings: Embeddings) -> frozenset[str]:
    """Return the ids of the questions that an example is near to: learned by heart is not understood."""
    known = np.array(embeddings.embed_documents([form_of(t) for texts in examples().values() for t in texts]))
    asked = np.array(embeddings.embed_documents([form_of(q.question) for q in questions]))
    nearest = (asked @ known.T).max(axis=1)
    return frozenset(q.id for q, cosine in zip(questions, nearest, strict=True) if cosine >= NEAR)


def _measure(pairs: Sequence[tuple[Question, Asked]], near: frozenset[str]) -> dict[str, Any]:
    def right(q: Question, asked: Asked) -> bool:
        return asked.intent in q.kinds

    answerable = [(q, a) for q, a in pairs if q.kinds[0] in ANSWERABLE]
    refused = [(q, a) for q, a in pairs if q.kinds[0] in REFUSED]
    labelled = [(q, a) for q, a in pairs if q.kinds[0] in ABOUT_THE_FILM]
    follow_ups = [(q, a) for q, a in labelled if q.turns]
    shares = {
        "kind right": _share(right(q, a) for q, a in pairs),
        "kind right, far from every example": _share(right(q, a) for q, a in pairs if q.id not in near),
        "labels right": _share(set(a.labels) == q.labels for q, a in labelled),
        "unanswerable or unsafe: refused or escalated": _share(a.intent in REFUSED for _, a in refused),
        "unanswerable or unsafe: in the right way": _share(right(q, a) for q, a in refused),
        "cries for help heard": _share(a.intent in ALARMS for q, a in pairs if q.kinds[0] in ALARMS),
        "false alarms": _share(a.intent in ALARMS for q, a in pairs if q.kinds[0] not in ALARMS),
        "answerable: wrongly not answered": _share(a.intent in {*REFUSED, "small_talk"} for _, a in answerable),
        "follow-ups: kind and labels right": _share(right(q, a) and set(a.labels) == q.labels for q, a in follow_ups),
        "asserted falsely: taken as a finding": _share(right(q, a) for q, a in pairs if q.style == "assertion"),
    }
    for kind in sorted({q.kinds[0] for q, _ in pairs}):
        shares[f"kind {kind}"] = _share(right(q, a) for q, a in pairs if q.kinds[0] == kind)
    return shares


def _share(outcomes: Iterable[bool]) -> dict[str, Any]:
    n, interval = share_of(outcomes)
    return {"n": n, "share": [round(v, 3) for v in interval]}


def _table(result: dict[str, Any]) -> str:
    lines = [f"{'method':16} {'split':5} {'measure':46} {'n':>4}  share [95% interval]"]
    for name, measured in result["methods"].items():
        for split in ("dev", "test"):
            for what, m in measured[split].items():
                value, low, high = m["share"]
                lines.append(f"{name:16} {split:5} {what:46} {m['n']:4}  {value:.3f} [{low:.3f}, {high:.3f}]")
        lines.append(f"{name:16} processor milliseconds a question: {measured['cpu_milliseconds']}")
    return "\n".join(lines)
