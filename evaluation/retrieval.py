"""How well guideline passages are found: recall@5, nDCG@5, MRR, abstention, and what each step of the search adds.

The questions and how they were judged are described in ``evaluation/questions/README.md``. Weights and margin were
chosen on the ``dev`` questions (``evaluation/retrieval_sweep.py``); the figures that count are the ``test`` ones.
Each question was judged twice, by different methods: both figures are given. MedQuAD's passages are unjudged and
count as misses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from chatcad.config import Settings
from chatcad.retrieval.retriever import GuidelineRetriever
from chatcad.retrieval.store import open_retriever
from chatcad.types import Passage
from evaluation.qrels import Grades, agreement, as_graded, load_qrels
from evaluation.retrieval_questions import GAP, SILENT, Question, counted, load_questions
from evaluation.statistics import mean, share_of

K = 5
Found = Callable[[Question], tuple[Passage, ...]]


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
        JSON-able: per store and split, each metric as ``[value, low, high]`` (95%: means by bootstrap, shares by
        Wilson) with ``n``.
    """
    questions, grades = load_questions(), load_qrels()
    judged = {"agreement of the judgements": agreement(filter(counted, questions), grades)}
    result: dict[str, Any] = {"k": K, "questions": len(questions), **judged, "stores": {}}
    for name, chosen in {"own": own_store(settings), "own+added+medquad": settings}.items():
        retriever = embedding_once(open_retriever(chosen))
        result["stores"][name] = {
            "passages": len(retriever.index.records),
            "margin": retriever.margin,
            **{
                split: _measure(retriever, [q for q in questions if q.split == split], grades)
                for split in ("dev", "test")
            },
        }
    print(_table(result))
    print("  ".join(f"{name} {value}" for name, value in result["agreement of the judgements"].items()))
    return result


def own_store(settings: Settings) -> Settings:
    """Return the settings of a store of the project's own passages only."""
    return replace(settings, data=settings.cache / "no-data", cache=settings.cache / "eval-own")


def embedding_once(retriever: GuidelineRetriever) -> GuidelineRetriever:
    """Return a retriever that embeds each text once: the variants ask the same questions."""
    embedded = cache(lambda text: retriever.embed([text])[0])
    return retriever.model_copy(update={"embed": lambda texts: [embedded(t) for t in texts]})


def variants(retriever: GuidelineRetriever, k: int = K) -> dict[str, Found]:
    """Return the steps of the search, each with what the ones before it have; none abstains, each gives ``k``."""
    ageless = replace(retriever.weights, authority=0.0, recency=0.0, same_matter=2.0)
    base = retriever.model_copy(update={"abstains": False, "weights": ageless, "rerank": None})
    steps = {
        "lexical": base.model_copy(update={"channels": ("lexical",)}),
        "dense": base.model_copy(update={"channels": ("dense",)}),
        "questions asked before": base.model_copy(update={"channels": ("asked",)}),
        "fused": base,
    }
    found = {name: _asking(step, k, with_findings=False) for name, step in steps.items()}
    found["+ findings"] = _asking(base, k)
    found["+ recency and authority"] = _asking(base.model_copy(update={"weights": retriever.weights}), k)
    if retriever.rerank is not None:
        found["+ rerank"] = _asking(retriever.model_copy(update={"abstains": False}), k)
    return found


def _asking(retriever: GuidelineRetriever, k: int = K, *, with_findings: bool = True) -> Found:
    def found(question: Question) -> tuple[Passage, ...]:
        labels = question.labels if with_findings else ()
        return retriever.search(question.question, labels=labels, mode=question.mode, k=k)

    return found


def _measure(retriever: GuidelineRetriever, questions: Sequence[Question], grades: Grades) -> dict[str, Any]:
    answerable = [q for q in questions if counted(q)]
    graded = as_graded(answerable, grades)
    shipped = _asking(retriever)
    systems = variants(retriever) | {"as shipped, with abstention": shipped}
    measured = {name: ranking(found, answerable) for name, found in systems.items()}
    measured |= {f"{name}, pooled grades": ranking(found, graded) for name, found in systems.items()}
    measured["first five not judged when pooled"] = _share(
        p.key not in grades[q.id] for q in graded for p in shipped(q)
    )
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
        name: [round(v, 3) for v in mean(np.array([metric(*result) for result in results]))]
        for name, metric in METRICS.items()
    }


def abstention(found: Found, questions: Iterable[Question]) -> dict[str, Any]:
    """Return the share of questions on which nothing is found."""
    return _share(not found(q) for q in questions)


def _share(outcomes: Iterable[bool]) -> dict[str, Any]:
    n, interval = share_of(outcomes)
    return {"n": n, "share": [round(v, 3) for v in interval]}


def _table(result: dict[str, Any]) -> str:
    lines = [f"{'store':18} {'split':5} {'measure':43} {'n':>3}  value [95% interval]"]
    for store, values in result["stores"].items():
        for split in ("dev", "test"):
            for name, measured in values[split].items():
                metrics = {k: v for k, v in measured.items() if k != "n"}
                text = "  ".join(f"{k} {v[0]:.2f} [{v[1]:.2f}, {v[2]:.2f}]" for k, v in metrics.items())
                lines.append(f"{store:18} {split:5} {name:43} {measured['n']:3}  {text}")
    return "\n".join(lines)
