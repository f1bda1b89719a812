"""The kind of a question, by a small trained head over its sentence embedding and its letters.

It knows the example questions (``prompts/intents/KIND.txt``), the features and the weights, and how sure the head is.
It knows neither the film nor earlier turns. `chatcad.planning.training` makes the weights.
"""

from __future__ import annotations

import hashlib
import json
import re
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
from langchain_core.embeddings import Embeddings
from numpy.typing import NDArray

from chatcad.config import ROOT
from chatcad.errors import ModelMissing
from chatcad.types import Intent

EXAMPLES = ROOT / "prompts" / "intents"
WEIGHTS = Path(__file__).with_name("kinds.safetensors")
RECORD = Path(__file__).with_name("kinds.json")
TRAIN = "python -m chatcad.planning.training"

BUCKETS = 4096
SHORTEST, LONGEST = 3, 5
"""Pieces of words, of three to five letters, are counted in hashed buckets: a slip leaves most of them as they were."""

PROBE = "Is there anything on this film?"
SAME_EMBEDDING = 0.99
"""Cosine of the probe's vector with the stored one, below which the weights belong to another embedding."""

Vectors = NDArray[np.float32]


def examples() -> dict[Intent, tuple[str, ...]]:
    """Return the example questions of each kind, in the order of the kinds' names."""
    files = sorted(EXAMPLES.glob("*.txt"))
    return {cast(Intent, f.stem): tuple(f.read_text(encoding="utf-8").split("\n")[:-1]) for f in files}


def digest_of(texts: dict[Intent, tuple[str, ...]]) -> str:
    """Return the sha256 of example questions, by which weights are known to be older than their examples."""
    return hashlib.sha256(json.dumps(texts).encode()).hexdigest()


def features(forms: Sequence[str], embeddings: Embeddings) -> Vectors:
    """Return what the head sees of questions: ``(n, dimension + BUCKETS)``, both halves of unit length.

    Parameters
    ----------
    forms
        Questions whose labels are replaced (`chatcad.planning.subjects.form_of`).
    embeddings
        The sentence embedding; all questions go through it at once.
    """
    vectors = _unit(np.array(embeddings.embed_documents(list(forms)), dtype=np.float32))
    return np.hstack([vectors, np.stack([_pieces(form) for form in forms])])


def _pieces(text: str) -> Vectors:
    words = re.findall(r"[a-z0-9']+|[?!]", text.lower())
    pieces = [
        f" {word} "[start : start + length]
        for word in words
        for length in range(SHORTEST, LONGEST + 1)
        for start in range(max(len(word) + 3 - length, 0))
    ]
    pairs = [f"{a} {b}" for a, b in zip(["^", *words], [*words, "$"], strict=True)]
    # crc32 and not hash(): Python salts the latter anew in every process.
    counts = Counter(zlib.crc32(piece.encode()) % BUCKETS for piece in (*pieces, *pairs))
    row = np.zeros(BUCKETS, dtype=np.float32)
    row[list(counts)] = 1 + np.log(list(counts.values()))
    found: Vectors = _unit(row[None])[0]
    return found


def _unit(rows: Vectors) -> Vectors:
    unit: Vectors = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
    return unit


@dataclass(frozen=True, slots=True)
class KindHead:
    """Multinomial logistic regression; stateless and safe to share."""

    kinds: tuple[Intent, ...]
    weight: Vectors
    bias: Vectors
    embeddings: Embeddings

    @classmethod
    def open(cls, embeddings: Embeddings, weights: Path = WEIGHTS, record: Path = RECORD) -> KindHead:
        """Read the weights.

        Raises
        ------
        ModelMissing
            They aren't there, aren't the recorded ones, or were trained on another sentence embedding.
        """
        from safetensors.numpy import load

        if not (weights.is_file() and record.is_file()):
            raise ModelMissing(f"{weights.name} is missing: run {TRAIN}")
        written, about = weights.read_bytes(), json.loads(record.read_text(encoding="utf-8"))
        if hashlib.sha256(written).hexdigest() != about["weights_sha256"]:
            raise ModelMissing(f"{weights.name} is not the file that {record.name} records: run {TRAIN}")
        tensors = load(written)
        probe = np.array(embeddings.embed_query(PROBE), dtype=np.float32)
        if probe.shape != tensors["probe"].shape or float(_unit(probe[None])[0] @ tensors["probe"]) < SAME_EMBEDDING:
            raise ModelMissing(f"{weights.name} was trained on another embedding model: run {TRAIN}")
        return cls(tuple(about["kinds"]), tensors["weight"].astype(np.float32), tensors["bias"], embeddings)

    def __call__(self, forms: Sequence[str]) -> list[dict[Intent, float]]:
        """Return the probability of each kind for each question."""
        scores = features(forms, self.embeddings) @ self.weight.T + self.bias
        raised = np.exp(scores - scores.max(axis=1, keepdims=True))
        shares = raised / raised.sum(axis=1, keepdims=True)
        return [dict(zip(self.kinds, map(float, row), strict=True)) for row in shares]
