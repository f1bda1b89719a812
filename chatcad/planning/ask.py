"""From a question in any supported language to what it asks for: about the talk itself, or about the film."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from chatcad.language import language_of
from chatcad.planning import foreign
from chatcad.planning.pointing import pointed
from chatcad.planning.recall import recall
from chatcad.planning.requests import ZONES, Want, rerouted, wants_of
from chatcad.planning.subjects import labels_meant
from chatcad.planning.understand import ALARMS, KEEPS_LABELS, TOPICS, Asked, last_on_the_film
from chatcad.planning.unread import unread_in
from chatcad.types import Language, Region, Turn


class Understand(Protocol):
    """What understands English questions."""

    def __call__(self, question: str, turns: Sequence[Turn]) -> Asked:
        """Return what a question asks for, given earlier turns."""
        ...


def ask(
    understand: Understand, question: str, turns: Sequence[Turn], language: Language, region: Region | None = None
) -> Asked:
    """Return what a question asks for.

    Parameters
    ----------
    understand
        The understanding of English.
    question, turns
        As typed, and the talk so far.
    language
        In which answers are given: a question too short to show its own language is taken to be in it.
    region
        The part of the film that is marked while it is asked.
    """
    written = language_of(question, language)
    labels = labels_meant(question) if written == "en" else foreign.labels_asked(question, written)
    if (recalled := recall(question, labels, turns, written)) is not None:
        about = recalled.labels or (recalled.turn.labels if recalled.turn is not None else ())
        return Asked(question, "recall", about, (), recalled=recalled)
    asked = understand(question, turns) if written == "en" else foreign.understand(question, turns, written)
    if asked.intent == "unclear" and (cry := understand(question, turns)).intent in ALARMS:
        asked = cry  # "no air, please!": too few words to tell its language, and it must be heard
    return pointed(_with(wants_of(question, written), asked, labels, turns, written), question, region)


def _with(
    wants: frozenset[Want], asked: Asked, named: tuple[str, ...], turns: Sequence[Turn], written: Language
) -> Asked:
    """Return a question with what it wants beside its kind, which may make it one of another kind."""
    if not wants or asked.intent in ALARMS:
        return asked
    unread = asked.intent == "finding" and unread_in(asked.question)
    intent = rerouted(asked.intent, wants, named=bool(named or unread))
    asked = replace(asked, wants=wants)
    if not named and (wants & {"whole", *ZONES} or intent == "summary"):
        asked = replace(asked, labels=())
    if intent == asked.intent:
        return asked
    earlier = last_on_the_film(turns)
    carried = earlier.labels if earlier is not None and intent in KEEPS_LABELS and not wants & set(ZONES) else ()
    labels = named or carried
    also = None if asked.also == intent else asked.also
    made = replace(asked, intent=intent, labels=labels, topics=TOPICS.get(intent, ()), also=also)
    return made if written == "en" else replace(made, question=foreign.in_english(intent, labels))
