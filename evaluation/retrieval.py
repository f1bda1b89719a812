"""How well guideline passages are found: recall@5, nDCG@5, abstention, and what each search adds.

The questions (``evaluation/questions/retrieval.jsonl``) and their relevant passages were written by the people who
wrote the passages, in other words than the passages'; no clinician judged them. The floors of abstention
were set on the ``dev`` questions; the figures that count are the ``test`` ones, which were looked at a few times while
the rules (not their values) were chosen. MedQuAD's passages are unjudged and count as misses.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chatcad.config import ROOT, Settings
from chatcad.retrieval.retriever import GuidelineRetriever
from chatcad.retrieval.store import open_retriever
from chatcad.types import Mode, Passage
from evaluation.statistics import bootstrap

QUESTIONS = ROOT / "evaluation" / "questions" / "retrieval.jsonl"
K = 5
NEVER_ABSTAIN = -1.0


@dataclass(frozen=True, slots=True)
class Question:
    """One judged question; ``relevant`` is empty where the right answer is to abstain."""

    id: str
    split: str
    mode: Mode
    question: str
    labels: tuple[str, ...]
    relevant: frozenset[str]
    kind: str


def load_questions(path: Path = QUESTIONS) -> tuple[Question, ...]:
    """Return the judged questions of ``path``."""
    rows = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line)
    return tuple(
        Question(**row | {"labels": tuple(row["labels"]), "relevant": frozenset(row["relevant"])}) for row in rows
    )


def recall(found: Sequence[Passage], relevant: frozenset[str]) -> float:
    """Return the share of the relevant passages (of at most `K`) among the first `K` found."""
    return len({p.key for p in found[:K]} & relevant) / min(K, len(relevant))


def ndcg(found: Sequence[Passage], relevant: frozenset[str]) -> float:
    """Return the normalised discounted cumulative gain at `K` with binary gains."""
    gains = [1 / np.log2(rank + 2) for rank, p in enumerate(found[:K]) if p.key in relevant]
    ideal = sum(1 / np.log2(rank + 2) for rank in range(min(K, len(relevant))))
    return float(sum(gains) / ideal)


def run(settings: Settings) -> dict[str, Any]:
    """Measure retrieval and print a table.

    Parameters
    ----------
    settings
        Of the installation; MedQuAD is measured as a second store where the data are present.

    Returns
    -------
    dict
        JSON-able: per store and split, each metric as ``[value, low, high]`` (95% bootstrap by question) with ``n``.
    """
    questions = load_questions()
    stores = {"own": replace(settings, data=settings.cache / "no-data", cache=settings.cache / "eval-own")}
    stores["own+added+medquad"] = settings
    result: dict[str, Any] = {"k": K, "questions": len(questions), "stores": {}}
    for name, chosen in stores.items():
        retriever = open_retriever(chosen)
        # The variants ask the same questions: each is embedded once.
        retriever = retriever.model_copy(update={"embed": cache(retriever.embed)})
        result["stores"][name] = {
            "passages": len(retriever.index.records),
            "floor": retriever.floor,
            **{split: _measure(retriever, [q for q in questions if q.split == split]) for split in ("dev", "test")},
        }
    print(_table(result))
    return result


def _measure(retriever: GuidelineRetriever, questions: Sequence[Question]) -> dict[str, Any]:
    answerable = [q for q in questions if q.relevant]
    unanswerable = [q for q in questions if not q.relevant]
    channels = {"lexical": ("lexical",), "dense": ("dense",), "fused": ("lexical", "dense")}
    variants = {n: retriever.model_copy(update={"channels": c, "floor": NEVER_ABSTAIN}) for n, c in channels.items()}
    measured: dict[str, Any] = {name: _ranking(variant, answerable) for name, variant in variants.items()}
    measured["fused, with abstention"] = _ranking(retriever, answerable)
    # A study's labels are always there in use, so an alien question is also asked with a label beside it.
    measured["abstained on unanswerable"] = _share(not _found(retriever, q) for q in unanswerable)
    measured["abstained on unanswerable, label given"] = _share(
        not _found(retriever, replace(q, labels=("Effusion",))) for q in unanswerable
    )
    measured["abstained on answerable"] = _share(not _found(retriever, q) for q in answerable)
    return measured


def _found(retriever: GuidelineRetriever, question: Question) -> tuple[Passage, ...]:
    return retriever.search(question.question, labels=question.labels, mode=question.mode, k=K)


def _ranking(retriever: GuidelineRetriever, questions: Sequence[Question]) -> dict[str, Any]:
    found = [(_found(retriever, q), q.relevant) for q in questions]
    return {
        "n": len(questions),
        "recall@5": _interval([recall(f, r) for f, r in found]),
        "ndcg@5": _interval([ndcg(f, r) for f, r in found]),
    }


def _share(outcomes: Iterable[bool]) -> dict[str, Any]:
    values = [float(o) for o in outcomes]
    return {"n": len(values), "share": _interval(values)}


def _interval(values: Sequence[float]) -> list[float]:
    array: NDArray[np.float64] = np.array(values)
    interval = bootstrap(lambda i: float(array[i].mean()), [str(n) for n in range(len(values))])
    return [round(v, 3) for v in interval]


def _table(result: dict[str, Any]) -> str:
    lines = [f"{'store':18} {'split':5} {'measure':39} {'n':>3}  value [95% interval]"]
    for store, values in result["stores"].items():
        for split in ("dev", "test"):
            for name, measured in values[split].items():
                metrics = {k: v for k, v in measured.items() if k != "n"}
                text = "  ".join(f"{k} {v[0]:.2f} [{v[1]:.2f}, {v[2]:.2f}]" for k, v in metrics.items())
                lines.append(f"{store:18} {split:5} {name:39} {measured['n']:3}  {text}")
    return "\n".join(lines)
