"""Questions in German or Spanish: understood by words alone, or not at all.

The trained head and the sentence embedding know English only. Here a table (``prompts/LANGUAGE/questions.yaml``) tells
the kind and the vocabulary's patterns the labels. What no row fits is called unclear: no answer rather than that to
another question. Passages are searched with an English question of the same kind and labels.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import cast, get_args

from chatcad.language import plain_letters, table
from chatcad.planning.subjects import AskedSide, labels_by_id
from chatcad.planning.understand import ABOUT_THE_FILM, CARRIED_OVER, KEEPS_LABELS, TOPICS, Asked, last_on_the_film
from chatcad.types import Intent, Language, Turn
from chatcad.vocabulary import terms

ENGLISH: Mapping[Intent, str] = {
    "finding": "Is there {it}?",
    "certainty": "How certain is {it}?",
    "location": "Where is {it}?",
    "measurement": "How large is {it}?",
    "next_step": "What should be done next about {it}?",
    "cause": "What causes {it}?",
    "meaning": "What does {it} mean?",
    "summary": "What does the film show?",
    "urgency": "How urgent is {it}?",
    "comparison": "Has {it} changed?",
}
URGENT: frozenset[Intent] = frozenset({"self_harm", "emergency", "pressure"})
"""Kinds that stand whatever else the question is about."""


RATIO = "cardiothoracic ratio"
GOES_ON = re.compile(r"\W*(?:und|oder|aber|auch|dann|y|o|pero|tambien|entonces)\b", re.IGNORECASE)
"""How a question without a verb goes on with the one before; any other is a new one ("Krebs?")."""


@dataclass(frozen=True, slots=True)
class Table:
    """One language's patterns, compiled."""

    kinds: tuple[tuple[Intent, re.Pattern[str]], ...]
    labels: tuple[tuple[str, re.Pattern[str]], ...]
    parts: tuple[tuple[str, re.Pattern[str]], ...]
    measures: tuple[tuple[str, re.Pattern[str]], ...]
    sides: tuple[tuple[AskedSide, re.Pattern[str]], ...]
    elsewhere: re.Pattern[str]
    ellipsis: frozenset[str]
    finding: frozenset[str]


@lru_cache(maxsize=3)
def read_table(language: Language) -> Table:
    """Return the patterns of a language."""

    def compiled(rows: Mapping[str, str]) -> tuple[tuple[str, re.Pattern[str]], ...]:
        return tuple((name, re.compile(plain_letters(text), re.IGNORECASE)) for name, text in rows.items())

    words = table("questions", language)
    sides = tuple((s, p) for name, p in compiled(words["sides"]) for s in get_args(AskedSide) if s == name)
    return Table(
        kinds=cast("tuple[tuple[Intent, re.Pattern[str]], ...]", compiled(words["kinds"])),
        labels=compiled({label: _any_of(entry["mentions"]) for label, entry in table("vocabulary", language).items()}),
        parts=compiled(words["parts"]),
        measures=compiled(words["measures"]),
        sides=sides,
        elsewhere=re.compile(plain_letters(words["elsewhere"]), re.IGNORECASE),
        ellipsis=frozenset(map(plain_letters, words["ellipsis"])),
        finding=frozenset(map(plain_letters, [*words["ellipsis"], *words["finding"]])),
    )


def _any_of(mentions: Sequence[str]) -> str:
    return rf"\b(?:{'|'.join(sorted(mentions, key=len, reverse=True))})\b"


def mentions_in(text: str, language: Language) -> tuple[tuple[int, int, str], ...]:
    """Return where a text, in plain letters, names labels: start, end and label; of two that overlap, the longer."""
    text = plain_letters(text)
    found = [(*m.span(), label) for label, p in read_table(language).labels for m in p.finditer(text)]
    kept: list[tuple[int, int, str]] = []
    for start, end, label in sorted(found, key=lambda f: (f[0] - f[1], f[0])):
        if all(end <= a or start >= b for a, b, _ in kept):
            kept.append((start, end, label))
    return tuple(sorted(kept))


def labels_asked(question: str, language: Language) -> tuple[str, ...]:
    """Return the labels that a question names, else those of a part of the body that it names."""
    question = plain_letters(question)
    named = tuple(dict.fromkeys(label for *_, label in mentions_in(question, language))) or labels_by_id(question)
    return named or tuple(label for label, p in read_table(language).parts if p.search(question))


def understand(question: str, turns: Sequence[Turn], language: Language) -> Asked:
    """Return what a question in German or Spanish asks for, ``unclear`` where the words don't tell.

    Parameters
    ----------
    question
        As typed.
    turns
        Earlier turns: a follow-up without a label of its own keeps the last one's.
    language
        The question's.
    """
    question, rows, earlier = plain_letters(question), read_table(language), last_on_the_film(turns)
    labels = labels_asked(question, language)
    side = next((s for s, p in rows.sides if p.search(question)), None)
    measures = tuple(name for name, p in rows.measures if p.search(question))
    intent = _kind(question, rows, labels=bool(labels or measures))
    *before, last = re.split(r"[.;]\s+", question)
    if intent == "treatment" and before and labels_asked(last, language):
        # A drug that is only mentioned must not hide the question on the film, and gets its own remark.
        return replace(understand(last, turns, language), also="treatment")
    rest = _rest(question, rows, language)
    if intent in {"unclear", "summary"} and (labels or side) and rest <= rows.ellipsis:
        goes_on = earlier is not None and earlier.intent in CARRIED_OVER and GOES_ON.match(question)
        carried = earlier.intent if earlier is not None and goes_on else "finding"
        intent = "location" if side else carried
    elif intent in {"unclear", "small_talk"} and labels and rest <= rows.finding:
        intent = "finding"
    if not labels and earlier is not None and intent in KEEPS_LABELS and not (intent == "measurement" and measures):
        labels = earlier.labels
    if intent == "summary" or (intent == "measurement" and not mentions_in(question, language) and RATIO in measures):
        labels = ()  # the film as a whole, or the ratio by its name
    asked_after = side if intent in KEEPS_LABELS and not _both(question, rows) else None
    return Asked(in_english(intent, labels, measures), intent, labels, TOPICS.get(intent, ()), None, asked_after)


def _kind(question: str, rows: Table, *, labels: bool) -> Intent:
    kinds = [kind for kind, pattern in rows.kinds if pattern.search(question)]
    first = kinds[0] if kinds else "unclear"
    if first in URGENT:
        return first
    # "Can I fly with the effusion?" names a finding and asks for something else.
    if rows.elsewhere.search(question):
        return "unclear" if labels else "out_of_scope"
    # What only sounds like a request to sum up is after the finding that it names.
    if first == "summary" and labels:
        return next((k for k in kinds if k in ABOUT_THE_FILM - {"summary"}), first)
    return first


def _rest(question: str, rows: Table, language: Language) -> set[str]:
    """Return the words of a question beside its subject and side."""
    for start, end, _ in reversed(mentions_in(question, language)):
        question = f"{question[:start]} {question[end:]}"
    for _, pattern in (*rows.parts, *rows.sides):
        question = pattern.sub(" ", question)
    return set(re.findall(r"[^\W\d_]+", question.lower())) - {"seite"}


def _both(question: str, rows: Table) -> bool:
    return sum(bool(p.search(question)) for s, p in rows.sides if s != "other") > 1


def in_english(intent: Intent, labels: tuple[str, ...], measures: tuple[str, ...] = ()) -> str:
    """Return an English question for the search of passages and the choice of measurements."""
    names = " and ".join([terms()[label].search[0] for label in labels])
    if intent == "measurement" and measures:
        return f"How large is the {' and the '.join(measures)}?"
    return ENGLISH.get(intent, "What does the film show?").format(it=names or "it")
