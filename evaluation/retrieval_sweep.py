"""How the weights and the margin of the retriever were chosen: each varied by itself, on the ``dev`` questions only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from chatcad.config import Settings
from chatcad.retrieval.retriever import GuidelineRetriever
from chatcad.retrieval.store import open_retriever
from evaluation.retrieval import K, abstention, embedding_once, own_store, ranking
from evaluation.retrieval_questions import SILENT, Question, counted, load_questions

TRIED: dict[str, tuple[float, ...]] = {
    "rrf_k": (5, 10, 20, 40, 60),
    "label": (0.0, 0.05, 0.1, 0.2, 0.3),
    "denied": (0.0, 0.1, 0.2, 0.4),
    "topic": (0.0, 0.05, 0.1, 0.2),
    "authority": (0.0, 0.05, 0.1),
    "recency": (0.0, 0.05, 0.1, 0.2),
    "same_matter": (0.8, 0.85, 0.9, 2.0),
    "duplicate": (0.9, 0.95, 2.0),
}
MARGINS = (0.0, 0.05, 0.1, 0.13, 0.15, 0.17, 0.19, 0.21, 0.25)


def run(settings: Settings) -> dict[str, Any]:
    """Print what each value of each constant gives, the others as shipped.

    Returns
    -------
    dict
        JSON-able: rows with the constant, its value, and the metrics; a shipped value is marked.
    """
    retriever = embedding_once(open_retriever(own_store(settings)))
    questions = [q for q in load_questions() if q.split == "dev"]
    rows = [*_weights(retriever, questions), *_margins(retriever, questions)]
    for row in rows:
        print("  ".join(f"{name} {value}" for name, value in row.items()))
    return {"split": "dev", "questions": len(questions), "rows": rows}


def _weights(retriever: GuidelineRetriever, questions: list[Question]) -> Iterator[dict[str, Any]]:
    answerable = [q for q in questions if counted(q)]
    for name, values in TRIED.items():
        for value in values:
            weights = replace(retriever.weights, **{name: value})  # type: ignore[arg-type] # rrf_k is whole
            measured = _ranking(retriever.model_copy(update={"weights": weights, "abstains": False}), answerable)
            yield {"constant": name, "value": value, **measured, "shipped": weights == retriever.weights}


def _margins(retriever: GuidelineRetriever, questions: list[Question]) -> Iterator[dict[str, Any]]:
    for margin in MARGINS:
        tried = retriever.model_copy(update={"margin": margin})

        def found(question: Question, tried: GuidelineRetriever = tried) -> Any:
            return tried.search(question.question, labels=question.labels, mode=question.mode, k=K)

        yield {
            "constant": "margin",
            "value": margin,
            "abstained on unanswerable": abstention(found, [q for q in questions if q.kind in SILENT])["share"][0],
            "abstained on answerable": abstention(found, [q for q in questions if counted(q)])["share"][0],
            "shipped": margin == retriever.margin,
        }


def _ranking(retriever: GuidelineRetriever, questions: list[Question]) -> dict[str, float]:
    measured = ranking(lambda q: retriever.search(q.question, labels=q.labels, mode=q.mode, k=K), questions)
    return {name: value[0] for name, value in measured.items() if name != "n"}
