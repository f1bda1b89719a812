"""List the pairs of question and passage that nobody has judged yet: the first eight of each search, pooled.

Neither the searches nor the ranks are shown, and the order is drawn by lot, so that whoever judges can't tell what a
search thinks of a pair. Grades go to ``evaluation/questions/retrieval.qrels``, by the rule of the README beside it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chatcad.config import Settings
from chatcad.retrieval.store import open_retriever
from evaluation.qrels import load_qrels
from evaluation.retrieval import embedding_once, own_store, variants
from evaluation.retrieval_questions import GAP, load_questions

DEPTH = 8
SEED = 0


def run(settings: Settings) -> dict[str, Any]:
    """Print each unjudged pair with the passage's text.

    Returns
    -------
    dict
        JSON-able: how many questions and pairs are in the pool, and how many pairs nobody has judged.
    """
    retriever, grades = embedding_once(open_retriever(own_store(settings))), load_qrels()
    systems, texts = (
        variants(retriever, DEPTH).values(),
        {r.key: f"{r.title}: {r.text}" for r in retriever.index.records},
    )
    questions = [q for q in load_questions() if q.kind != GAP]
    pool = [(q, key) for q in questions for key in sorted({p.key for found in systems for p in found(q)})]
    unjudged = [(q, key) for q, key in pool if key not in grades.get(q.id, {})]
    for place in np.random.default_rng(SEED).permutation(len(unjudged)):
        question, key = unjudged[place]
        print(f"{question.id} {question.question} [{', '.join(question.labels)}]\n    {key}: {texts[key]}")
    return {"questions": len(questions), "pairs": len(pool), "unjudged": len(unjudged)}
