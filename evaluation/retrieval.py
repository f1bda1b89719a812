"""How well guideline passages are found: recall@5, nDCG@5, MRR, abstention, and what each step of the search adds.

The questions and how they were judged are described in ``evaluation/questions/README.md``. Weights and margin were
chosen on the ``dev`` questions (``evaluation/retrieval_sweep.py``); the figures that count are the ``test`` ones.
MedQuAD's passages are unjudged and count as misses.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields, replace
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
SILENT = frozenset({"unanswerable", "near-miss"})
"""Kinds of question on which silence is right."""
GAP = "gap"
"""Kind of question for which a passage was written after judging: it counts in no ranking."""

Found = Callable[["Question"], tuple[Passage, ...]]


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


def recall(found: Sequence[Passage], relevant: frozenset[str]) -> float:
    """Return the share of the relevant passages (of at most `K`) among the first `K` found."""
    return len({p.key for p in found[:K]} & relevant) / min(K, len(relevant))


def ndcg(found: Sequence[Passage], relevant: frozenset[str]) -> float:
    """Return the normalised discounted cumulative gain at `K` with binary gains."""
    gains = [1 / np.log2(rank + 2) for rank, p in enumerate(found[:K]) if p.key in relevant]
    ideal = sum(1 / np.log2(rank + 2) for rank in range(min(K, len(relevant))))
    return float(sum(gains) / ideal)


def reciprocal_rank(found: Sequence[Passage], relevant: frozenset[str]) -> float:
    """Return one over the rank of the first relevant passage among the first `K`, 0 where there is none."""
    return next((1 / rank for rank, p in enumerate(found[:K], 1) if p.key in relevant), 0.0)


METRICS = {"recall@5": recall, "ndcg@5": ndcg, "mrr@5": reciprocal_rank}


def run(settings: Settings) -> dict[str, Any]:
    """Measure retrieval and print a table.

    Parameters
    ----------
    settings
        Of the installation; MedQuAD and the user's documents are measured as a second store.

    Returns
    -------
    dict
        JSON-able: per store and split, each metric as ``[value, low, high]`` (95% bootstrap by question) with ``n``.
    """
    questions = load_questions()
    result: dict[str, Any] = {"k": K, "questions": len(questions), "stores": {}}
    for name, chosen in {"own": own_store(settings), "own+added+medquad": settings}.items():
        retriever = embedding_once(open_retriever(chosen))
        result["stores"][name] = {
            "passages": len(retriever.index.records),
            "margin": retriever.margin,
            **{split: _measure(retriever, [q for q in questions if q.split == split]) for split in ("dev", "test")},
        }
    print(_table(result))
    return result


def own_store(settings: Settings) -> Settings:
    """Return the settings of a store of the project's own passages only."""
    return replace(settings, data=settings.cache / "no-data", cache=settings.cache / "eval-own")


def embedding_once(retriever: GuidelineRetriever) -> GuidelineRetriever:
    """Return a retriever that embeds each text once: the variants ask the same questions."""
    embedded = cache(lambda text: retriever.embed([text])[0])
    return retriever.model_copy(update={"embed": lambda texts: [embedded(t) for t in texts]})


def variants(retriever: GuidelineRetriever) -> dict[str, Found]:
    """Return the steps of the search, each with what the ones before it have; none of them abstains."""
    ageless = replace(retriever.weights, authority=0.0, recency=0.0, same_matter=2.0)
    base = retriever.model_copy(update={"abstains": False, "weights": ageless, "rerank": None})
    found = {
        "lexical": _asking(base.model_copy(update={"channels": ("lexical",)}), with_findings=False),
        "dense": _asking(base.model_copy(update={"channels": ("dense",)}), with_findings=False),
        "questions asked before": _asking(base.model_copy(update={"channels": ("asked",)}), with_findings=False),
        "fused": _asking(base, with_findings=False),
        "+ findings": _asking(base),
        "+ recency and authority": _asking(base.model_copy(update={"weights": retriever.weights})),
    }
    if retriever.rerank is not None:
        found["+ rerank"] = _asking(retriever.model_copy(update={"abstains": False}))
    return found


def _asking(retriever: GuidelineRetriever, *, with_findings: bool = True) -> Found:
    def found(question: Question) -> tuple[Passage, ...]:
        labels = question.labels if with_findings else ()
        return retriever.search(question.question, labels=labels, mode=question.mode, k=K)

    return found


def _measure(retriever: GuidelineRetriever, questions: Sequence[Question]) -> dict[str, Any]:
    answerable = [q for q in questions if counted(q)]
    shipped = _asking(retriever)
    measured = {name: ranking(found, answerable) for name, found in variants(retriever).items()}
    measured["as shipped, with abstention"] = ranking(shipped, answerable)
    for mode in ("clinician", "patient"):
        measured[f"as shipped, {mode}"] = ranking(shipped, [q for q in answerable if q.mode == mode])
    for kind in sorted({q.kind for q in answerable}):
        measured[f"as shipped, {kind}"] = ranking(shipped, [q for q in answerable if q.kind == kind])
    measured["covered when judged, of answerable"] = _share(q.kind != GAP for q in questions if q.kind not in SILENT)
    silent = [q for q in questions if q.kind in SILENT]
    measured["abstained on unanswerable"] = abstention(shipped, silent)
    for kind in sorted({q.kind for q in silent}):
        measured[f"abstained, {kind}"] = abstention(shipped, [q for q in silent if q.kind == kind])
    # A study's findings are always there in use, so the same questions are also asked with one beside them.
    beside = [replace(q, labels=("Effusion",)) for q in silent]
    measured["abstained on unanswerable, a finding beside"] = abstention(shipped, beside)
    measured["abstained on answerable"] = abstention(shipped, answerable)
    return measured


def ranking(found: Found, questions: Sequence[Question]) -> dict[str, Any]:
    """Return each metric over answerable questions with its interval."""
    results = [(found(q), q.relevant) for q in questions]
    return {"n": len(questions)} | {
        name: _interval([metric(passages, relevant) for passages, relevant in results])
        for name, metric in METRICS.items()
    }


def abstention(found: Found, questions: Iterable[Question]) -> dict[str, Any]:
    """Return the share of questions on which nothing is found."""
    return _share(not found(q) for q in questions)


def _share(outcomes: Iterable[bool]) -> dict[str, Any]:
    values = [float(outcome) for outcome in outcomes]
    return {"n": len(values), "share": _interval(values)}


def _interval(values: Sequence[float]) -> list[float]:
    array: NDArray[np.float64] = np.array(values)
    interval = bootstrap(lambda i: float(array[i].mean()), [str(n) for n in range(len(values))])
    return [round(v, 3) for v in interval]


def _table(result: dict[str, Any]) -> str:
    lines = [f"{'store':18} {'split':5} {'measure':43} {'n':>3}  value [95% interval]"]
    for store, values in result["stores"].items():
        for split in ("dev", "test"):
            for name, measured in values[split].items():
                metrics = {k: v for k, v in measured.items() if k != "n"}
                text = "  ".join(f"{k} {v[0]:.2f} [{v[1]:.2f}, {v[2]:.2f}]" for k, v in metrics.items())
                lines.append(f"{store:18} {split:5} {name:43} {measured['n']:3}  {text}")
    return "\n".join(lines)
