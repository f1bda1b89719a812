"""What turns a question's vector towards the passages that answer such questions.

A question and its answer share few words, and the embedding was trained on other fields. One matrix, learnt by
``python -m chatcad.retrieval.tuning`` from the example questions, is added to the identity: ``q + qW``, made one long.
It was learnt for one embedding model; another one gets the identity.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load

from chatcad.config import Settings
from chatcad.errors import ModelMissing
from chatcad.retrieval.dense import Vector

WEIGHTS = Path(__file__).with_name("question_adapter.safetensors")
ABOUT = WEIGHTS.with_suffix(".json")


@dataclass(frozen=True)
class Adapter:
    """``matrix`` is ``(dimensions, dimensions)``, or ``None`` for the identity."""

    matrix: Vector | None = None

    @classmethod
    def load(cls, settings: Settings) -> Adapter:
        """Return the adapter that belongs to the embedding model in use.

        Raises
        ------
        ModelMissing
            The weights that ship with the project are damaged.
        """
        if settings.embedding_model:
            return cls()
        try:
            written = WEIGHTS.read_bytes()
            if hashlib.sha256(written).hexdigest() != json.loads(ABOUT.read_text(encoding="utf-8"))["sha256"]:
                raise ModelMissing(f"{WEIGHTS} isn't what {ABOUT.name} says: restore both, such as by git checkout")
            return cls(load(written)["matrix"].astype(np.float32))
        except (OSError, ValueError, KeyError, SafetensorError) as error:
            raise ModelMissing(f"{WEIGHTS} can't be read ({error}): restore it, such as by git checkout") from error

    def __call__(self, vectors: Vector) -> Vector:
        """Return the turned unit vectors of questions, ``(n, dimensions)``."""
        if self.matrix is None or not len(vectors):
            return vectors
        turned = vectors + vectors @ self.matrix
        return np.asarray(turned / np.linalg.norm(turned, axis=1, keepdims=True), dtype=np.float32)
