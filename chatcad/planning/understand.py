"""From a question and the turns before it to its kind, the labels that it is about, and the topics to look up.

Light and local: a small trained head tells the kind (`chatcad.planning.kinds`), the vocabulary's patterns the labels.
It doesn't know the film.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from langchain_core.embeddings import Embeddings

from chatcad.checking.claims import measures_in
from chatcad.checking.cues import DRUGS
from chatcad.planning.kinds import KindHead
from chatcad.planning.requests import Want
from chatcad.planning.subjects import (
    LUNG_LABELS,
    AskedSide,
    form_of,
    labels_meant,
    on_another_part,
    only_names,
    side_in,
)
from chatcad.planning.unread import ASKS_AFTER, unread_in
from chatcad.types import Intent, Region, Turn

if TYPE_CHECKING:
    from chatcad.planning.recall import Recalled

SURE_ENOUGH = 0.30
"""Probability of the best kind below which a question is taken as out of scope; chosen on the dev questions."""

MOSTLY = 0.5
"""Share of all kinds about the film above which a follow-up is about it, although no single kind is sure enough."""

ALARMED = 0.35
"""Probability from which a cry for help is heard as one, whatever else is more probable: missing it costs the most."""

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

ALARMS: tuple[Intent, ...] = ("self_harm", "emergency")
KEEPS_LABELS: frozenset[Intent] = frozenset(
    {
        "finding", "certainty", "location", "measurement", "next_step", "cause", "meaning", "urgency", "comparison",
        "doctor",
    }
)  # fmt: skip
"""Kinds that are asked about labels, and so may leave them to the turn before."""
ABOUT_THE_FILM = KEEPS_LABELS | {"summary", "region"}
CARRIED_OVER: frozenset[Intent] = frozenset({"certainty", "location", "comparison"})
"""Kinds that "and the opacity?" takes over from the turn before; after any other it asks for the finding."""

GOES_ON = re.compile(r"\W*(?:and|or|but|also|for|then|so|what about|how about)\b", re.IGNORECASE)
"""How such a question begins: "and the opacity?" goes on with what was asked, "any opacity?" asks anew."""

REFERS_BACK = re.compile(
    r"\b(?:it|its|they|them|he|one|sure|wrong|side|earlier|before|yes|no|other|still|"
    r"(?:this|that|these|those)(?! (?:film|picture|x-?ray|image|scan|study|radiograph|chest)))\b",
    re.IGNORECASE,
)
"""Words by which a question without a label means the finding spoken of; "is there scoliosis?" has none."""
SEVERAL = re.compile(r",?\s+and\s+|[;?.!]\s+|,\s+", re.IGNORECASE)
ASKS = re.compile(
    r"(?:what|which|how|why|where|when|who|is|are|do|does|did|can|could|should|will|has|have|any|next)\b", re.IGNORECASE
)
"""Where one question ends and another begins, and what the second one begins with."""
SIMILAR_CASES = re.compile(
    r"\b(?:similar|comparable) (?:case|report|film|patient|study|studies|x-ray|example)s?\b|"
    r"\b(?:cases|reports|films|patients|studies|x-rays|examples) (?:that are |which are |which look |that look )?"
    r"(?:similar|comparable|alike|like (?:this|these|it)|with (?:the )?(?:same|like|similar) findings)\b",
    re.IGNORECASE,
)
"""Asks for other films' reports: few words do, and none of the trained kinds is theirs."""
SHORTEST_PART = 2
"""Words that a second question has at least; one word is an echo."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question understood.

    Parameters
    ----------
    question
        As typed.
    intent, also
        Its kind, and a second kind in the same question ("how large, and what next?").
    labels
        What it is about; none means the film as a whole.
    topics
        Kinds of passage to look up; none, nothing to look up.
    side
        The side that it asks after; ``"other"`` is the one that the finding is not on.
    recalled
        What of the talk itself it asks back for.
    region
        The marked part of the film that it asks about.
    wants
        What it asks for beside its kind (`chatcad.planning.requests`).
    tells
        Whether it tells something of the patient as well.
    """

    question: str
    intent: Intent
    labels: tuple[str, ...]
    topics: tuple[str, ...]
    also: Intent | None = None
    side: AskedSide | None = None
    recalled: Recalled | None = None
    region: Region | None = None
    wants: frozenset[Want] = frozenset()
    tells: bool = False


ASKED_OF_A_PART: frozenset[Intent] = frozenset({"finding", "location", "measurement"})
"""Kinds that ask the film itself; a history ("my ankles swell, why?") may name other parts."""


class Understanding:
    """The trained head with the rules around it; stateless and safe to share."""

    def __init__(self, embeddings: Embeddings) -> None:
        self._head = KindHead.open(embeddings)

    def __call__(self, question: str, turns: Sequence[Turn] = ()) -> Asked:
        """Return what a question asks for.

        Parameters
        ----------
        question
            As typed; any language, though only English is understood well.
        turns
            Earlier turns: a follow-up without a label of its own ("how sure are you?") keeps the last one's.
        """
        labels, earlier = labels_meant(question), last_on_the_film(turns)
        intent, also = self._kinds(question, labels, earlier)
        if intent in ASKED_OF_A_PART and on_another_part(question, labels):
            return Asked(question, "out_of_scope", (), ())
        if intent in ASKS_AFTER and not labels and unread_in(question):
            return Asked(question, "finding", (), ())
        if not labels and earlier is not None and _follows_up(question, intent):
            labels = earlier.labels
        side = side_in(question) if intent in KEEPS_LABELS else None
        if intent == "summary" or (intent == "measurement" and labels == LUNG_LABELS):
            labels = ()  # both lungs: the film as a whole, or their ratio
        topics = dict.fromkeys(topic for kind in (intent, also) if kind for topic in TOPICS.get(kind, ()))
        return Asked(question, intent, labels, tuple(topics), also, side)

    def _kinds(self, question: str, labels: tuple[str, ...], earlier: Turn | None) -> tuple[Intent, Intent | None]:
        if only_names(question) and (labels or side_in(question)):
            goes_on = earlier is not None and earlier.intent in CARRIED_OVER and GOES_ON.match(question)
            carried = earlier.intent if earlier is not None and goes_on else "finding"
            return carried if labels and not side_in(question) else "location", None
        texts = (question, *_two_questions(question))
        follows = earlier is not None
        intent, *parts = (
            _best(shares, labels, follows=follows) for shares in self._head([form_of(text) for text in texts])
        )
        also = parts[1] if parts and parts[1] in ABOUT_THE_FILM else None
        if also == intent:
            # The whole was heard as its second part: the first one may have a kind of its own.
            intent = parts[0] if parts[0] in ABOUT_THE_FILM and ASKS.match(question) else intent
        also = None if also == intent else also
        if intent == "self_harm":
            return intent, None
        if SIMILAR_CASES.search(question) and intent not in ALARMS:
            return "similar", None
        if intent in {"small_talk", "out_of_scope", "treatment"} and also is not None:
            return also, "treatment" if intent == "treatment" else None
        if DRUGS.search(question) and intent not in ALARMS:
            # A drug that is only mentioned must not hide the question on the film, and gets its own remark.
            about_film = intent in ABOUT_THE_FILM and (intent != "finding" or labels)
            return (intent, "treatment") if about_film else ("treatment", None)
        return intent, also


def _two_questions(question: str) -> tuple[str, ...]:
    """Return what comes before a question's last part, and that part, where it has several and the last one asks."""
    ends = list(SEVERAL.finditer(question.strip()))
    if not ends:
        return ()
    first, last = question.strip()[: ends[-1].start()], question.strip()[ends[-1].end() :]
    if not ASKS.match(last) or len(last.split()) < SHORTEST_PART:
        return ()
    return (first, last)


def _best(shares: dict[Intent, float], labels: tuple[str, ...], *, follows: bool) -> Intent:
    if alarm := next((kind for kind in ALARMS if shares[kind] >= ALARMED), None):
        return alarm
    kind = max(shares, key=lambda k: shares[k])
    if labels:  # whoever names a label asks about the film
        return "finding" if kind in {"out_of_scope", "small_talk"} else kind
    unsure = shares[kind] < SURE_ENOUGH or kind == "out_of_scope"
    of_the_film = {k: share for k, share in shares.items() if k in ABOUT_THE_FILM}
    if unsure and follows and sum(of_the_film.values()) > MOSTLY:
        return max(of_the_film, key=lambda k: of_the_film[k])
    return "out_of_scope" if unsure else kind


def last_on_the_film(turns: Sequence[Turn]) -> Turn | None:
    """Return the latest turn that was about the film: thanks and refusals don't change the subject."""
    about = (t for t in reversed(turns) if t.intent in ABOUT_THE_FILM or (t.intent == "recall" and t.labels))
    return next(about, None)


def _follows_up(question: str, intent: Intent) -> bool:
    """Return whether a question without a label takes that of the turn before.

    Whoever asks "what next?" means what was spoken of. A finding that isn't known by name ("is there scoliosis?") is a
    new subject unless a word refers back.
    """
    if intent == "finding":
        return bool(REFERS_BACK.search(question) or side_in(question))
    return intent in KEEPS_LABELS and not measures_in(question)
