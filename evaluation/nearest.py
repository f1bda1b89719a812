"""The baseline of ``eval understanding``: the kind of the nearest of some sixty examples, as it was before the head."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import cast

import numpy as np
import yaml
from langchain_core.embeddings import Embeddings
from numpy.typing import NDArray

from chatcad.checking.cues import CHANGE, DRUGS
from chatcad.config import ROOT
from chatcad.planning import Asked
from chatcad.planning.subjects import A_FINDING
from chatcad.types import Intent, Turn
from chatcad.vocabulary import find_mentions, labels_in

EXAMPLES = ROOT / "evaluation" / "questions" / "nearest.yaml"
NEAR_ENOUGH = 0.42
SPEAKS_OF_CHANGE = 0.15
FOLLOWS_UP = re.compile(
    r"\b(?:it|its|that|this|they|them|those|these|there|side|one|sure|why|where|worse|better|bad|dangerous|serious)\b",
    re.IGNORECASE,
)
KEEPS_LABELS: frozenset[Intent] = frozenset(
    {"finding", "certainty", "location", "measurement", "next_step", "cause", "meaning", "urgency", "comparison"}
)


class NearestExample:
    """Understands as `chatcad.planning.Understanding` does, by the old rules."""

    def __init__(self, embeddings: Embeddings) -> None:
        examples = yaml.safe_load(EXAMPLES.read_text(encoding="utf-8"))
        self._embeddings = embeddings
        self._kinds = [cast(Intent, kind) for kind, texts in examples.items() for _ in texts]
        self._matrix = np.array(embeddings.embed_documents([_form(t) for texts in examples.values() for t in texts]))

    def __call__(self, question: str, turns: Sequence[Turn] = ()) -> Asked:
        """Return what a question asks for."""
        intent, labels = self._intent(question), labels_in(question)
        if not labels and turns and intent in KEEPS_LABELS and FOLLOWS_UP.search(question):
            labels = turns[-1].labels
        return Asked(question, intent, labels, ())

    def _intent(self, question: str) -> Intent:
        if DRUGS.search(question):
            return "treatment"
        scores: NDArray[np.float64] = self._matrix @ np.array(self._embeddings.embed_query(_form(question)))
        lift = SPEAKS_OF_CHANGE if CHANGE.search(question) else -1.0
        scores = scores + np.where([k == "comparison" for k in self._kinds], lift, 0.0)
        best = int(np.argmax(scores))
        kind: Intent = self._kinds[best] if scores[best] >= NEAR_ENOUGH else "out_of_scope"
        return "finding" if kind in {"out_of_scope", "small_talk"} and labels_in(question) else kind


def _form(question: str) -> str:
    for mention in reversed(find_mentions(question)):
        question = f"{question[: mention.start]}{A_FINDING}{question[mention.end :]}"
    return question
