"""Train the head that tells the kind of a question: ``python -m chatcad.planning.training``.

It reads ``prompts/intents/KIND.txt``, embeds each example once, fits a multinomial logistic regression and writes the
weights (half precision) with their record beside ``chatcad/planning/kinds.py``. The benchmark's questions are not read.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from typing import Any

import numpy as np

from chatcad.config import load_settings
from chatcad.planning.kinds import PROBE, RECORD, WEIGHTS, digest_of, examples, features
from chatcad.planning.subjects import form_of
from chatcad.retrieval.embedding import embedder

INVERSE_REGULARISATION = 20.0
"""Chosen by cross-validation over the examples; between 10 and 100 it hardly matters."""
FOLDS = 5


def _regression() -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=INVERSE_REGULARISATION, class_weight="balanced", max_iter=3000)


def train() -> dict[str, Any]:
    """Train on all examples, write weights and record, and return the record."""
    from safetensors.numpy import save
    from scipy.sparse import csr_array
    from sklearn.model_selection import StratifiedKFold, cross_val_score

    texts, embeddings = examples(), embedder(load_settings())
    kinds = [kind for kind, questions in texts.items() for _ in questions]
    forms = [form_of(question) for questions in texts.values() for question in questions]
    seen = csr_array(features(forms, embeddings))
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
    accuracy = cross_val_score(_regression(), seen, kinds, cv=folds)
    head = _regression().fit(seen, kinds)
    probe = np.array(embeddings.embed_query(PROBE), dtype=np.float32)
    tensors = {
        # safetensors writes the bytes as they lie, and scikit-learn's lie by column.
        "weight": np.ascontiguousarray(head.coef_, dtype=np.float16),
        "bias": head.intercept_.astype(np.float32),
        "probe": probe / np.linalg.norm(probe),
    }
    written = save(tensors)
    record = {
        "kinds": list(head.classes_),
        "examples": len(forms),
        "examples_sha256": digest_of(texts),
        "weights_sha256": hashlib.sha256(written).hexdigest(),
        "cross_validated_accuracy": round(float(accuracy.mean()), 3),
    }
    WEIGHTS.write_bytes(written)
    RECORD.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    return record


if __name__ == "__main__":
    argparse.ArgumentParser(prog="python -m chatcad.planning.training", description=__doc__).parse_args()
    print(json.dumps(train(), indent=1))
