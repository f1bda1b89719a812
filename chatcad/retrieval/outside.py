"""Knowing when to be silent: examples of questions that no passage answers, and how near a question is to them.

It knows ``knowledge/outside.yaml``. A question nearer to one of these than to any passage is outside.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import yaml

from chatcad.errors import KnowledgeInvalid
from chatcad.retrieval.dense import Vector

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings


@dataclass(frozen=True)
class Outside:
    """The examples' unit vectors, ``(n, dimensions)``."""

    vectors: Vector

    @classmethod
    def load(cls, knowledge: Path, embeddings: Embeddings) -> Outside:
        """Embed the examples of a knowledge folder; without the file nothing is outside.

        Raises
        ------
        KnowledgeInvalid
            The file isn't lists of questions by field.
        """
        path = knowledge / "outside.yaml"
        if not path.is_file():
            return cls(np.zeros((0, 1), dtype=np.float32))
        fields = yaml.safe_load(path.read_text(encoding="utf-8"))
        if not isinstance(fields, dict) or not all(isinstance(questions, list) for questions in fields.values()):
            raise KnowledgeInvalid(f"{path.name}: isn't lists of questions by field")
        questions = [str(question) for listed in fields.values() for question in listed]
        return cls(np.asarray(embeddings.embed_documents(questions), dtype=np.float32))

    def nearness(self, vector: Sequence[float] | Vector) -> float:
        """Return the cosine of the nearest example, -1 where there is none."""
        if not len(self.vectors):
            return -1.0
        return float((self.vectors @ np.asarray(vector, dtype=np.float32)).max())
