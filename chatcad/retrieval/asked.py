"""Questions whose answer is known: those that each passage answers, and those that none does.

It knows the vectors of these examples (``knowledge/asks.yaml``, ``knowledge/outside.yaml``). A passage is near a
question when questions that it answers are; a question is outside when it is nearer to those that nothing answers.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import yaml
from numpy.typing import NDArray

from chatcad.errors import KnowledgeInvalid
from chatcad.retrieval.dense import Hit, IndexDamaged, Vector
from chatcad.retrieval.passages import Record

NOBODY = -1
"""The row of a question that no passage answers."""
STATEMENT = 0.15
"""By how much less a passage is like a question that it answers than another question is."""
NEAREST = 3
"""Examples whose mean cosine counts: one alone may share no more than its form."""

_VECTORS, _TEXTS = "questions.npy", "questions.json"


@dataclass(frozen=True)
class Asked:
    """The examples' unit vectors ``(n, dimensions)`` and the row of the passage that answers each, ``(n,)``."""

    vectors: Vector
    rows: NDArray[np.int64]

    @classmethod
    def open(cls, folder: Path) -> Asked:
        """Read what `save` wrote.

        Raises
        ------
        IndexDamaged
            Vectors and questions don't belong together.
        """
        vectors = np.load(folder / _VECTORS, allow_pickle=False).astype(np.float32)
        rows = np.array([row for row, _ in _listed(folder)], dtype=np.int64)
        if len(vectors) != len(rows):
            raise IndexDamaged(f"{folder}: {len(vectors)} vectors for {len(rows)} questions")
        return cls(vectors, rows)

    @cached_property
    def answered(self) -> frozenset[int]:
        """The rows of the passages that answer an example."""
        return frozenset(int(row) for row in np.unique(self.rows) if row != NOBODY)

    def alike(self, vector: Sequence[float] | Vector) -> Vector:
        """Return how like each example a question is, ``(n,)`` cosines: what `nearest` and `lead` judge by."""
        cosines: Vector = self.vectors @ np.asarray(vector, dtype=np.float32)
        return cosines

    def nearest(self, alike: Vector, allowed: NDArray[np.bool_], n: int) -> list[Hit]:
        """Return up to ``n`` (row, mean cosine of its nearest questions) among the ``allowed`` rows, best first."""
        inside = self.rows != NOBODY
        rows, cosines = self.rows[inside], alike[inside]
        if not len(rows):
            return []
        order = np.lexsort((-cosines, rows))
        rows, cosines = rows[order], cosines[order]
        starts = np.flatnonzero(np.diff(rows, prepend=-2))
        place = np.arange(len(rows)) - np.repeat(starts, np.diff(starts, append=len(rows)))
        counted = place < NEAREST
        means = np.add.reduceat(cosines * counted, starts) / np.add.reduceat(counted, starts)
        found = [(int(row), float(mean)) for row, mean in zip(rows[starts], means, strict=True) if allowed[row]]
        return sorted(found, key=lambda hit: -hit[1])[:n]

    def lead(self, alike: Vector, passage: float) -> float:
        """Return how much nearer a question is to what passages answer than to what nobody does.

        Parameters
        ----------
        alike
            Of the question.
        passage
            Its cosine with the nearest passage: a document without example questions has a voice as well.
        """
        inside = self.rows != NOBODY
        return max(passage + STATEMENT, _mean_of_best(alike[inside])) - _mean_of_best(alike[~inside])


def examples(records: Sequence[Record], outside: Sequence[str]) -> list[tuple[int, str]]:
    """Return every example question with the row of its passage, those that nobody answers first."""
    answered = [(row, text) for row, record in enumerate(records) for text in record.asks]
    return [*((NOBODY, text) for text in outside), *answered]


def save(folder: Path, listed: Sequence[tuple[int, str]], vectors: Vector) -> None:
    """Write the example questions and their vectors to an index's folder."""
    # Half precision costs less than 0.001 of a cosine and half the space.
    np.save(folder / _VECTORS, vectors.astype(np.float16), allow_pickle=False)
    (folder / _TEXTS).write_text(json.dumps(listed, ensure_ascii=False), encoding="utf-8")


def known_vectors(folder: Path) -> dict[str, Vector]:
    """Return the vectors that an index holds, by their question."""
    vectors = np.load(folder / _VECTORS, allow_pickle=False).astype(np.float32)
    return {text: vector for (_, text), vector in zip(_listed(folder), vectors, strict=True)}


def _listed(folder: Path) -> list[tuple[int, str]]:
    listed: list[tuple[int, str]] = json.loads((folder / _TEXTS).read_text(encoding="utf-8"))
    return listed


def outside_path(knowledge: Path) -> Path:
    """Return the file of the questions that no passage answers; it may be missing."""
    return knowledge / "outside.yaml"


def load_outside(knowledge: Path) -> tuple[str, ...]:
    """Return the questions that no passage answers; without the file nothing is outside.

    Raises
    ------
    KnowledgeInvalid
        The file isn't lists of questions by field.
    """
    path = outside_path(knowledge)
    if not path.is_file():
        return ()
    fields = yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)  # the safe loader, in C
    if not isinstance(fields, dict) or not all(isinstance(questions, list) for questions in fields.values()):
        raise KnowledgeInvalid(f"{path.name}: isn't lists of questions by field")
    return tuple(str(question) for listed in fields.values() for question in listed)


def _mean_of_best(cosines: NDArray[np.float32]) -> float:
    return float(np.sort(cosines)[-NEAREST:].mean()) if len(cosines) else -1.0
