"""The search: understand the question, keep silent where it is outside, gather, fuse, order.

It knows the order of these steps and who may read what. It opens no file.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Literal

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict, InstanceOf

from chatcad.retrieval.dense import Hit, Vector
from chatcad.retrieval.index import GuidelineIndex, searched_text
from chatcad.retrieval.query import Query, understand
from chatcad.retrieval.ranking import Candidates, Weights, distinct, fuse, newest_first, prior, superseding
from chatcad.retrieval.rerank import Rerank
from chatcad.types import Mode, Passage

Channel = Literal["lexical", "dense", "asked"]

CANDIDATES = 40
RERANKED = 20
# A lexical hit under this share of the best one shares no more than a common word.
WEAK_MATCH = 0.3
# Cosine under which a passage isn't on the question at all.
FLOOR = 0.2
# By how much nearer a question must be to what passages answer than to what nobody does: midway between the "dev"
# questions of both sorts, but for one about a dog's chest film.
MARGIN = 0.17

# The audiences of each mode, in the order in which they are tried.
AUDIENCES: dict[Mode, tuple[frozenset[str], ...]] = {
    "clinician": (frozenset({"clinician", "both"}), frozenset({"patient"})),
    "patient": (frozenset({"patient", "both"}),),
}


class GuidelineRetriever(BaseRetriever):
    """Words, meaning and questions asked before, fused by reciprocal rank; filtered by audience; it may abstain.

    Parameters
    ----------
    index
        The open index.
    embed
        Texts to their unit vectors; called once a search.
    rerank
        A cross-encoder, where there is one.
    channels
        Which of the three searches take part (all, but for the ablation).
    abstains
        Whether it may find nothing (it may, but for the ablation).
    """

    model_config = ConfigDict(arbitrary_types_allowed=True, frozen=True)

    index: InstanceOf[GuidelineIndex]
    embed: Callable[[list[str]], list[list[float]]]
    rerank: Rerank | None = None
    channels: tuple[Channel, ...] = ("lexical", "dense", "asked")
    weights: Weights = Weights()
    abstains: bool = True
    margin: float = MARGIN
    mode: Mode = "clinician"
    k: int = 4

    def search(
        self,
        question: str,
        *,
        labels: Sequence[str] = (),
        topics: Sequence[str] = (),
        mode: Mode = "clinician",
        k: int = 4,
    ) -> tuple[Passage, ...]:
        """Return the passages that belong to ``question``, best first.

        Parameters
        ----------
        question
            In the reader's own words; misspelt terms are mended. A finding that it denies isn't searched for.
        labels
            The film's positive findings, as torchxrayvision spells them; the findings that the question names
            itself go before them.
        topics
            Kinds of passage wanted, such as ``"next_step"``; the question's own wording adds to them.
        mode
            ``"patient"`` sees passages for patients and for both; ``"clinician"`` sees those for clinicians and
            for both, and patient ones where these don't suffice.
        k
            At most so many.

        Returns
        -------
        tuple of Passage
            Numbered ``P1``, ``P2`` … in order; empty when the knowledge base has nothing on the question.
        """
        query = understand(self.index.lexical.mend(question), labels, topics)
        if not query.text or k < 1:
            return ()
        vector = self.embed([query.meant])[0]
        near = {a: self.index.nearest(vector, {a}, CANDIDATES) for group in AUDIENCES[mode] for a in group}
        alike = self.index.asked.alike(vector)
        if self._outside(query, alike, near):
            return ()
        ranked: list[Hit] = []
        for audiences in AUDIENCES[mode]:
            if len(ranked) < k:
                ranked += self._ranked(query, self._lists(query, alike, near, audiences), audiences, k - len(ranked))
        records, ceiling = self.index.records, self.weights.ceiling
        shares = [(records[row], round(min(1.0, max(0.0, score / ceiling)), 4)) for row, score in ranked]
        return tuple(record.passage(f"P{n}", share) for n, (record, share) in enumerate(shares, 1))

    def _outside(self, query: Query, alike: Vector, near: Mapping[str, Sequence[Hit]]) -> bool:
        """Whether the question by itself, without the film's findings, is nearer to what nobody answers here."""
        if not self.abstains or query.vague:
            return False
        cosines = [hits[0][1] for hits in near.values() if hits]
        return not cosines or self.index.asked.lead(alike, max(cosines)) < self.margin

    def _lists(
        self, query: Query, alike: Vector, near: Mapping[str, Sequence[Hit]], audiences: Collection[str]
    ) -> dict[Channel, list[Hit]]:
        """Return what each search finds for one audience; ``near`` are the hits by meaning of each."""
        dense = sorted((hit for a in audiences for hit in near[a]), key=lambda hit: -hit[1])[:CANDIDATES]
        lexical = self.index.matching(query.text, audiences, CANDIDATES)
        return {
            "dense": [hit for hit in dense if hit[1] >= FLOOR or not self.abstains],
            "lexical": [hit for hit in lexical if hit[1] >= WEAK_MATCH * lexical[0][1]],
            "asked": [hit for hit in self.index.asked_alike(alike, audiences, CANDIDATES) if hit[1] >= FLOOR],
        }

    def _ranked(
        self, query: Query, lists: Mapping[Channel, list[Hit]], audiences: Collection[str], k: int
    ) -> list[Hit]:
        """Return the best rows of one audience."""
        hits = [lists[channel] for channel in self.channels]
        # Words alone are no match: some of them are in every text.
        if not any(hits) or (self.abstains and not (lists["dense"] or lists["asked"])):
            return []
        found = Candidates.of((row for listed in hits for row, _ in listed), self.index.vectors)
        return self._ordered(query, self._fair(fuse(hits, found, self.weights)), audiences, k)

    def _fair(self, fused: dict[int, float]) -> dict[int, float]:
        """Return the scores; a passage without example questions can be in fewer lists, and gets its share of those."""
        if self.channels == ("asked",) or "asked" not in self.channels:
            return fused
        whole = len(self.channels) / (len(self.channels) - 1)
        return {row: score if row in self.index.asked.answered else score * whole for row, score in fused.items()}

    def _ordered(self, query: Query, fused: dict[int, float], audiences: Collection[str], k: int) -> list[Hit]:
        """Return the best rows of those fused: weighted, read again, newest first, without repetitions."""
        fused = superseding(fused, self.index, audiences)
        records = {row: self.index.records[row] for row in fused}
        newest = max(record.year for record in records.values())
        given = {row: prior(record, query, newest, self.weights) for row, record in records.items()}
        scores = {row: match + given[row] for row, match in fused.items()}
        if self.rerank is not None:
            best = sorted(scores, key=lambda row: -scores[row])[:RERANKED]
            read = self.rerank(query.text, [searched_text(records[row]) for row in best])
            scores = {row: match + given[row] for row, match in zip(best, read, strict=True)}
        candidates = Candidates.of(fused, self.index.vectors)
        scores = newest_first(scores, records, candidates, self.weights)
        scores = superseding(scores, self.index, audiences)
        return distinct(sorted(scores.items(), key=lambda hit: -hit[1]), records, candidates, self.weights, k)

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:
        return [_document(p) for p in self.search(query, mode=self.mode, k=self.k)]


def _document(passage: Passage) -> Document:
    fields: dict[str, Any] = asdict(passage)
    return Document(page_content=fields.pop("text"), metadata=fields, id=passage.key)
