"""Ranking: two lists of hits become one, the right audience first, and nothing when nothing fits.

It knows fusion, boosts, duplicates and the floor under which it abstains. It opens no file.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import asdict
from typing import Any, Literal

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict, InstanceOf

from chatcad.retrieval.index import GuidelineIndex, Hit
from chatcad.retrieval.lexical import terms
from chatcad.retrieval.passages import Record
from chatcad.retrieval.terms import label_words, topics_in
from chatcad.types import Mode, Passage
from chatcad.vocabulary import labels_in

Channel = Literal["lexical", "dense"]

CANDIDATES = 40
RRF_K = 60  # Cormack, Clarke & Buettcher 2009, SIGIR: reciprocal rank fusion
BEST_FUSED = 2 / (RRF_K + 1)
LABEL_BOOST = 0.25 * BEST_FUSED
OTHER_LABEL = 0.15 * BEST_FUSED  # taken from a passage about other findings than those asked for
TOPIC_BOOST = 0.15 * BEST_FUSED
# The project's and the user's own passages stand before MedQuAD's, which answer the same questions at length.
OWN_BOOST = 0.2 * BEST_FUSED
# Too small to overtake a better match; enough to order equals.
NEWEST_BOOST = 0.03 * BEST_FUSED
DUPLICATE = 0.6
# A lexical hit under this share of the best one shares no more than a common word.
WEAK_MATCH = 0.3
# Best cosine under which nothing is shown; calibrated on the "dev" half of evaluation/questions/retrieval.jsonl.
FLOOR = 0.30
# A question mostly in words that the store doesn't have must come nearer, and by itself: the labels of the film
# that stand beside it would carry any question over the floor.
ALIEN_SHARE = 0.6
ALIEN_FLOOR = 0.34

# The audiences of each mode, in the order in which they are tried.
AUDIENCES: dict[Mode, tuple[frozenset[str], ...]] = {
    "clinician": (frozenset({"clinician", "both"}), frozenset({"patient"})),
    "patient": (frozenset({"patient", "both"}),),
}


class GuidelineRetriever(BaseRetriever):
    """BM25 and dense search, fused by reciprocal rank; filtered by audience; it may abstain.

    Parameters
    ----------
    index
        The open index.
    embed
        One text to its unit vector; called once a search.
    channels
        Which of the two searches take part (both, but for the ablation).
    """

    model_config = ConfigDict(arbitrary_types_allowed=True, frozen=True)

    index: InstanceOf[GuidelineIndex]
    embed: Callable[[str], list[float]]
    channels: tuple[Channel, ...] = ("lexical", "dense")
    mode: Mode = "clinician"
    k: int = 4
    floor: float = FLOOR

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
            In the reader's own words; misspelt terms are mended.
        labels
            Findings that the question is about, as torchxrayvision spells them; those that it names itself are
            recognised without this.
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
        mended = self.index.lexical.mend(question)
        asked = tuple(dict.fromkeys([*labels, *labels_in(mended)]))
        wanted = {*topics, *topics_in(mended)}
        query = f"{mended} {label_words(asked, beside=mended)}".strip()
        if not query or k < 1:
            return ()
        vector = self.embed(query)
        if self._alien(mended, vector if query == mended else None, mode):
            return ()
        ranked: list[tuple[Record, float]] = []
        for audiences in AUDIENCES[mode]:
            if len(ranked) < k:
                ranked += self._ranked(query, vector, audiences, asked, wanted)
        return tuple(r.passage(f"P{n}", round(s, 4)) for n, (r, s) in enumerate(_distinct(ranked, k), 1))

    def _alien(self, question: str, vector: list[float] | None, mode: Mode) -> bool:
        """Whether the question is in words that the store doesn't have, and far from all it says."""
        words = [t for t in terms(question) if not topics_in(t)]
        unknown = [t for t in words if not self.index.lexical.knows(t)]
        if self.floor <= 0 or len(unknown) < 2 or len(unknown) < ALIEN_SHARE * len(words):
            return False
        vector = vector or self.embed(question)
        everyone = frozenset().union(*AUDIENCES[mode])
        return self.index.nearest(vector, everyone, 1)[0][1] < ALIEN_FLOOR

    def _ranked(
        self,
        query: str,
        vector: Sequence[float],
        audiences: Collection[str],
        labels: Collection[str],
        topics: Collection[str],
    ) -> list[tuple[Record, float]]:
        """Return the fused list of one audience, best first; empty under the floor."""
        dense = self.index.nearest(vector, audiences, CANDIDATES)
        if not dense or dense[0][1] < self.floor:
            return []
        lexical = self.index.matching(query, audiences, CANDIDATES)
        lists: dict[Channel, list[Hit]] = {
            "dense": [hit for hit in dense if hit[1] >= self.floor],
            "lexical": [hit for hit in lexical if hit[1] >= WEAK_MATCH * lexical[0][1]],
        }
        fused = _fuse(lists[c] for c in self.channels)
        records = self.index.records
        scored = [(records[row], score + _boost(records[row], labels, topics)) for row, score in fused.items()]
        return [(r, min(1.0, max(0.0, s / _CEILING))) for r, s in sorted(scored, key=lambda item: -item[1])]

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:
        return [_document(p) for p in self.search(query, mode=self.mode, k=self.k)]


_CEILING = BEST_FUSED + LABEL_BOOST + TOPIC_BOOST + OWN_BOOST + NEWEST_BOOST


def _fuse(lists: Iterable[Sequence[Hit]]) -> dict[int, float]:
    fused: dict[int, float] = {}
    for hits in lists:
        for rank, (row, _) in enumerate(hits, 1):
            fused[row] = fused.get(row, 0.0) + 1 / (RRF_K + rank)
    return fused


def _boost(record: Record, labels: Collection[str], topics: Collection[str]) -> float:
    recency = min(max((record.year - 2000) / 25, 0.0), 1.0)
    about, asked = set(record.findings), set(labels)
    fits = LABEL_BOOST if about & asked else -OTHER_LABEL if about and asked else 0.0
    return (
        fits
        + TOPIC_BOOST * bool(set(record.topics) & set(topics))
        + OWN_BOOST * (record.origin != "medquad")
        + NEWEST_BOOST * recency
    )


def _distinct(ranked: Iterable[tuple[Record, float]], k: int) -> list[tuple[Record, float]]:
    """Keep the first ``k`` that don't say what a better one has said (Jaccard overlap of terms)."""
    kept: list[tuple[Record, float, set[str]]] = []
    for record, score in ranked:
        if len(kept) == k:
            break
        bag = set(terms(record.text))
        if all(len(bag & other) < DUPLICATE * len(bag | other) for _, _, other in kept):
            kept.append((record, score, bag))
    return [(record, score) for record, score, _ in kept]


def _document(passage: Passage) -> Document:
    fields: dict[str, Any] = asdict(passage)
    return Document(page_content=fields.pop("text"), metadata=fields, id=passage.key)
