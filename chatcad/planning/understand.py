"""From a question to its kind, the labels that it is about, and the topics to look up.

Light and local: the nearest of some sixty example questions (``prompts/intents.yaml``) by sentence embedding,
and the vocabulary's patterns for labels. It doesn't know the film.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import yaml
from langchain_core.embeddings import Embeddings

from chatcad.checking.cues import CHANGE, DRUGS
from chatcad.config import ROOT
from chatcad.types import Intent, Turn
from chatcad.vocabulary import find_mentions, labels_in

NEAR_ENOUGH = 0.42
"""Cosine below which a question without a known label is taken as out of scope (STACK_NOTES: vague < 0.45)."""

SPEAKS_OF_CHANGE = 0.15
"""What a word of change ("than before") adds to the kind *comparison*; without one, a question isn't of that kind."""

A_FINDING = "pneumonia"
"""What stands for any label's name while questions are compared."""

TOPICS: dict[Intent, tuple[str, ...]] = {
    "finding": ("next_step", "limits", "appearance"),
    "certainty": ("limits",),
    "location": (),
    "measurement": ("measurement", "limits"),
    "next_step": ("next_step",),
    "cause": ("cause",),
    "meaning": ("meaning", "appearance"),
    "summary": ("next_step",),
    "urgency": ("urgency", "safety"),
}
"""Kinds of passage that an intent looks for; intents that aren't named look up nothing."""

FOLLOWS_UP = re.compile(
    r"\b(?:it|its|that|this|they|them|those|these|there|side|one|sure|why|where|worse|better|bad|dangerous|serious)\b",
    re.IGNORECASE,
)
KEEPS_LABELS: frozenset[Intent] = frozenset(
    {"finding", "certainty", "location", "measurement", "next_step", "cause", "meaning", "urgency", "comparison"}
)


SEVERAL = re.compile(r",?\s+and\s+|[;?]\s+", re.IGNORECASE)
ASKS = re.compile(r"(?:what|which|how|why|where|when|who|is|are|do|does|can|could|should|will|next)\b", re.IGNORECASE)
"""Where one question ends and another begins, and what the second one begins with."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question understood: ``also`` is a second kind in the same question ("how large, and what next?").

    Without ``topics`` there is nothing to look up.
    """

    question: str
    intent: Intent
    labels: tuple[str, ...]
    topics: tuple[str, ...]
    also: Intent | None = None


class Understanding:
    """The example questions, embedded once; stateless afterwards and safe to share."""

    def __init__(self, embeddings: Embeddings) -> None:
        examples = yaml.safe_load((ROOT / "prompts" / "intents.yaml").read_text(encoding="utf-8"))
        self._embeddings = embeddings
        self._kinds = [cast(Intent, kind) for kind, texts in examples.items() for _ in texts]
        forms = [form_of(t) for texts in examples.values() for t in texts]
        self._matrix = _unit(np.array(embeddings.embed_documents(forms)))

    def __call__(self, question: str, turns: Sequence[Turn] = ()) -> Asked:
        """Return what a question asks for.

        Parameters
        ----------
        question
            As typed; any language, though only English is understood well.
        turns
            Earlier turns: a follow-up without a label of its own ("how sure are you?") keeps the last one's.
        """
        intent, also = self._intent(question), self._second(question)
        labels = labels_in(question)
        if not labels and turns and intent in KEEPS_LABELS and FOLLOWS_UP.search(question):
            labels = turns[-1].labels
        if also in {intent, None} or intent not in KEEPS_LABELS:
            return Asked(question, intent, labels, TOPICS.get(intent, ()))
        return Asked(question, intent, labels, tuple({t: 0 for k in (intent, also) for t in TOPICS.get(k, ())}), also)

    def _second(self, question: str) -> Intent | None:
        """Return the kind of a question's last part, where it has several and that part has a kind of its own."""
        _, *rest = SEVERAL.split(question)
        if not rest or not ASKS.match(rest[-1]):
            return None
        kind = self._intent(rest[-1])
        return kind if kind in KEEPS_LABELS else None

    def _intent(self, question: str) -> Intent:
        if DRUGS.search(question):
            return "treatment"
        scores = self._matrix @ _unit(np.array([self._embeddings.embed_query(form_of(question))]))[0]
        lift = SPEAKS_OF_CHANGE if CHANGE.search(question) else -1.0
        scores = scores + np.where([k == "comparison" for k in self._kinds], lift, 0.0)
        best = int(np.argmax(scores))
        kind: Intent = self._kinds[best] if scores[best] >= NEAR_ENOUGH else "out_of_scope"
        return "finding" if kind in {"out_of_scope", "small_talk"} and labels_in(question) else kind


def form_of(question: str) -> str:
    """Return a question with its labels' names replaced: its kind lies in its form, not in the disease it names."""
    for mention in reversed(find_mentions(question)):
        question = f"{question[: mention.start]}{A_FINDING}{question[mention.end :]}"
    return question


def _unit(rows: np.ndarray) -> np.ndarray:
    unit: np.ndarray = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
    return unit
