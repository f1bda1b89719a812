"""The order of passages: hits fused, weighted by fit, authority and age; newest first on one matter, nothing twice.

It knows records and scores. It opens no file and embeds nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chatcad.retrieval.dense import Hit, Vector
from chatcad.retrieval.index import GuidelineIndex
from chatcad.retrieval.lexical import terms
from chatcad.retrieval.passages import Record
from chatcad.retrieval.query import Query

AUTHORITY_OF = {"local": 1.0, "guideline": 1.0, "consensus": 0.8, "review": 0.5, "textbook": 0.3}
"""How much a kind of publication counts. A local protocol binds its department as a guideline does."""

ABOVE = 1e-4
"""By how much a passage that must stand above another is put above it."""


@dataclass(frozen=True, slots=True)
class Weights:
    """What counts how much, beside a passage that is first in every list, which has 1.

    Chosen on the "dev" half of the questions; ``python -m chatcad eval retrieval_sweep`` prints what others give.

    Parameters
    ----------
    rrf_k
        Of reciprocal rank fusion (Cormack, Clarke & Buettcher 2009, SIGIR); 60 there, for much longer lists.
    label, denied
        Given to a passage about a finding asked for, and taken from one about denied findings only.
    topic
        Given to a passage of a kind that is asked for.
    own
        Given to the project's and the user's passages, before MedQuAD's, which answer the same questions at length.
    authority, recency, local
        Given to the best kind of publication, to a passage of this year, and to a department's own of this year;
        ``half_life`` years halve the latter two.
    same_matter
        Cosine from which two passages speak of the same matter, so that the newer one goes first.
    duplicate
        Cosine, or overlap of terms, from which the older of two says nothing that the newer doesn't: it is left out.
    """

    rrf_k: int = 10
    label: float = 0.2
    denied: float = 0.2
    topic: float = 0.15
    own: float = 0.2
    authority: float = 0.05
    recency: float = 0.05
    local: float = 0.45
    half_life: float = 10.0
    same_matter: float = 0.85
    duplicate: float = 0.95
    overlap: float = 0.6

    @property
    def ceiling(self) -> float:
        """The score of a passage that has everything."""
        return 1 + self.label + self.topic + self.own + self.authority + self.recency + self.local


@dataclass(frozen=True, slots=True)
class Candidates:
    """The rows that may be shown, and how like each other they are: ``cosines[places[a], places[b]]``."""

    places: Mapping[int, int]
    cosines: NDArray[np.float32]

    @classmethod
    def of(cls, rows: Iterable[int], vectors: Vector) -> Candidates:
        """Return the candidates ``rows``, whose ``vectors`` have unit length."""
        places = {row: place for place, row in enumerate(dict.fromkeys(rows))}
        own = np.asarray(vectors[list(places)], dtype=np.float32)
        return cls(places, own @ own.T)

    def alike(self, one: int, other: int) -> float:
        """Return the cosine of two rows."""
        return float(self.cosines[self.places[one], self.places[other]])


def fuse(lists: Sequence[Sequence[Hit]], candidates: Candidates, weights: Weights) -> dict[int, float]:
    """Return the reciprocal-rank score of each row, 1 for a row that is first in every list.

    Passages that repeat each other share a rank: however many there are, they push nothing down.
    """
    fused: dict[int, float] = {}
    for hits in lists:
        seen: list[int] = []
        for row, _ in hits:
            twin = next((n for n, s in enumerate(seen, 1) if candidates.alike(row, s) >= weights.duplicate), 0)
            if not twin:
                seen.append(row)
            rank = twin or len(seen)
            fused[row] = fused.get(row, 0.0) + (weights.rrf_k + 1) / (weights.rrf_k + rank) / len(lists)
    return fused


def prior(record: Record, query: Query, newest: int, weights: Weights) -> float:
    """Return what a record is given beside its match: for its labels, topics, origin, authority and year."""
    about = set(record.findings)
    fresh = 0.5 ** ((newest - record.year) / weights.half_life)
    # What to do about a finding that isn't there is no answer.
    denied = bool(about) and about <= query.denied
    given: float = (
        weights.label * bool(about & set(query.labels))
        - weights.denied * denied
        + weights.topic * bool(query.topics & set(record.topics))
        + weights.own * (record.origin != "medquad")
        + weights.authority * AUTHORITY_OF[record.evidence]
        + (weights.recency + weights.local * (record.origin == "added")) * fresh
    )
    return given


def superseding(scores: Mapping[int, float], index: GuidelineIndex, allowed: Collection[str]) -> dict[int, float]:
    """Return the scores, with each passage that supersedes a found one put above it, found by itself or not.

    Parameters
    ----------
    allowed
        The audiences that may see a passage.
    """
    raised = dict(scores)
    for old, score in scores.items():
        line, known = [(old, score)], {old}
        for row, floor in line:
            for new in index.newer.get(row, ()):
                if new not in known and index.records[new].audience in allowed:
                    raised[new] = max(raised.get(new, 0.0), floor + ABOVE)
                    line.append((new, raised[new]))
                    known.add(new)
    return raised


def newest_first(
    scores: Mapping[int, float], records: Mapping[int, Record], candidates: Candidates, weights: Weights
) -> dict[int, float]:
    """Return the scores, with a newer passage put above every older one on the same matter."""
    raised = dict(scores)
    rows = sorted(scores, key=lambda row: -scores[row])
    for place, row in enumerate(rows):
        for other in rows[:place]:
            if candidates.alike(row, other) >= weights.same_matter and _replaces(records[row], records[other]):
                raised[row] = max(raised[row], raised[other] + ABOVE)
    return raised


def _replaces(new: Record, old: Record) -> bool:
    """Whether ``new`` speaks of its matter with more right than ``old``: it is newer, or local and as new."""
    return new.year > old.year or (new.year == old.year and new.origin == "added" and old.origin != "added")


def distinct(
    ranked: Iterable[Hit], records: Mapping[int, Record], candidates: Candidates, weights: Weights, most: int
) -> list[Hit]:
    """Return the first ``most`` that don't repeat one before them."""
    kept: list[tuple[int, float, set[str]]] = []
    for row, score in ranked:
        if len(kept) == most:
            break
        bag = set(terms(records[row].text))
        if not any(
            candidates.alike(row, other) >= weights.duplicate or len(bag & said) >= weights.overlap * len(bag | said)
            for other, _, said in kept
        ):
            kept.append((row, score, bag))
    return [(row, score) for row, score, _ in kept]
