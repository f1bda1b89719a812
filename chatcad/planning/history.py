"""What was told of the patient, in an answer: which passages it calls for, what it adds, and what to ask after.

A history is never a fact about the film: every sentence on it begins with "The history given".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from chatcad.context.words import read_words
from chatcad.language import spoken
from chatcad.planning.causes import name_of, sayable
from chatcad.planning.differential import Differential
from chatcad.planning.statements import guideline, replies, say_finding
from chatcad.planning.understand import ALARMS, TOPICS, Asked
from chatcad.retrieval.graph import finding_graph
from chatcad.retrieval.orders import without_orders
from chatcad.types import Context, Finding, Intent, Mode, Passage, Statement, Study, Turn

CANDIDATES = 6
"""Passages looked up for one answer; the plan quotes the few that fit, and only these are shown to the model."""

CHANGES: frozenset[Intent] = frozenset({"finding", "summary", "next_step", "cause", "urgency"})
"""Kinds of question whose answer a history can change."""


@dataclass(frozen=True, slots=True)
class Call:
    """What a history calls for: a query of its own, and which passages fit it by kind, words and findings."""

    query: str
    topics: frozenset[str]
    fits: re.Pattern[str]
    about: frozenset[str] = frozenset()

    def takes(self, passage: Passage) -> bool:
        """Return whether a passage fits; advice on children is for children only."""
        about = bool(self.about & set(passage.findings)) if self.about else not passage.findings
        for_whom = self is CHILD or not CHILD.fits.search(passage.text)
        return about and for_whom and bool(self.topics & set(passage.topics)) and bool(self.fits.search(passage.text))


CHILD = Call(
    "Can a network for adults read a child's chest film?",
    frozenset({"limits", "safety"}),
    re.compile(r"\b(?:child|children|infants?)\b", re.IGNORECASE),
)
PREGNANT = Call("Is a chest X-ray safe in pregnancy?", frozenset({"safety"}), re.compile(r"\bpregnan", re.IGNORECASE))
INJURY = Call(
    "What comes next after an injury to the chest?",
    frozenset({"next_step", "urgency"}),
    re.compile(r"\bafter (?:an? |minor |major |chest )*injury|\bhurt your chest", re.IGNORECASE),
    frozenset({"Fracture", "Pneumothorax", "Effusion"}),
)
INFECTION = Call(
    "How ill is a patient with suspected pneumonia, and which checks come next?",
    frozenset({"next_step", "urgency"}),
    re.compile(""),
    frozenset({"Pneumonia", "Infiltration", "Consolidation", "Lung Opacity"}),
)


class Search(Protocol):
    """The retriever's search."""

    def __call__(
        self, question: str, *, labels: Sequence[str], topics: Sequence[str], mode: Mode, k: int
    ) -> tuple[Passage, ...]:
        """Return passages, best first."""
        ...


def gather(search: Search, asked: Asked, labels: Sequence[str], mode: Mode, context: Context) -> tuple[Passage, ...]:
    """Return the passages for a question, and after them one for each thing in the history that calls for its own.

    Parameters
    ----------
    search
        The retriever's.
    asked, labels
        The question understood; without topics there is nothing to look up.
    mode, context
        Who reads, and what was told of the patient.
    """
    if asked.recalled is not None:
        return asked.recalled.passages
    if not asked.topics:
        return search(asked.question, labels=labels, topics=(), mode=mode, k=0)
    found = list(without_orders(search(asked.question, labels=labels, topics=asked.topics, mode=mode, k=CANDIDATES)))
    for call in _called_for(asked, context):
        more = without_orders(search(call.query, labels=(), topics=(), mode=mode, k=CANDIDATES))
        new = [p for p in more if call.takes(p) and p.key not in {f.key for f in found}]
        found += [replace(p, id=f"P{len(found) + 1}") for p in new[:2]]
    return tuple(found)


def _called_for(asked: Asked, context: Context) -> list[Call]:
    if asked.intent not in CHANGES:
        return []
    infected = bool({"fever", "cough"} & set(context.told))
    holds = ((CHILD, context.child), (PREGNANT, context.pregnant), (INJURY, "injury" in context.told))
    called = [call for call, here in (*holds, (INFECTION, infected)) if here]
    # Who asks after one finding wants no advice on another.
    elsewhere = asked.labels if asked.intent == "finding" else ()
    return [c for c in called if not c.about or not elsewhere or c.about & set(elsewhere)]


def say_history(
    asked: Asked, study: Study, shown: Sequence[Finding], passages: Sequence[Passage], *, mode: Mode, context: Context
) -> list[Statement]:
    """Return what a history adds to an answer: that it was told, what it makes of the results, a passage for it."""
    said, quoted = [], []
    for call in _called_for(asked, context):
        about = [*shown, *(f for label in sorted(call.about) if (f := study.finding(label)))]
        quoted += guideline([p for p in passages if call.takes(p)], about, mode, most=1)
        said += replies("history_child", mode) if call is CHILD else []
        said += replies("history_pregnant", mode) if call is PREGNANT else []
        # After an injury a reader thinks of bones, whatever was asked.
        fracture = study.finding("Fracture") if call is INJURY else None
        said += [say_finding(fracture, mode)] if fracture else []
    matters = said or quoted or asked.intent in {"cause", "next_step"}
    return [*(say_told(context, mode) if matters else []), *said, *quoted]


def say_told(context: Context, mode: Mode) -> list[Statement]:
    """Return what was told and denied, as the history's words and not the film's; nothing where nothing was told."""
    names = [name_of(k, mode) for k in context.told] + [name_of(k, mode, denied=True) for k in context.denied]
    return replies("history_given", mode, names=", ".join(names)) if names else []


def closing_question(found: Differential, mode: Mode, context: Context) -> list[Statement]:
    """Return one question whose answer could change the order of the causes, or none: only where nothing was told.

    None in another language than English either: its answer would not be understood.
    """
    if context.told or context.denied or spoken() != "en":
        return []
    first = [c.key for c in sayable(found)]
    telling = []
    for sign in finding_graph().signs.values():
        asks = sign.asks if mode == "clinician" else sign.plain_asks
        favoured = [rank for rank, key in enumerate(first) if key in sign.favours]
        if asks and favoured and len(favoured) < len(first):
            telling.append((favoured, asks))
    if not telling:
        return []
    # What speaks for the first candidate comes first, then what speaks for most of them.
    telling.sort(key=lambda t: (t[0][0], -len(t[0])))
    favoured, asks = telling[0]
    # A second one only where it speaks for another candidate.
    other = next((more for ranks, more in telling[1:] if not set(ranks) & set(favoured)), None)
    text = f"{asks[:1].upper()}{asks[1:]}" + (f", or {other}?" if other else "?")
    return [Statement(text, (), "general", reword=False)]


def hear(asked: Asked, turns: Sequence[Turn], context: Context) -> tuple[Asked, Context]:
    """Return a question and its context with what the reader told after an answer that depends on it.

    Parameters
    ----------
    asked
        The question understood: where it only tells of the patient, it stands for the question before.
    turns
        Earlier turns.
    context
        What was told beside the conversation; signs are added to it, and nothing else.
    """
    texts = [*(t.question for t in turns[1:]), asked.question]
    answers = [text for before, text in zip(turns, texts, strict=False) if _open_to_answers(before) and _tells(text)]
    for heard in map(read_words, answers):
        signs = finding_graph().signs
        told = [k for k in heard.told if k in signs and k not in context.told]
        denied = [k for k in heard.denied if k in signs and k not in context.denied]
        context = replace(context, told=(*context.told, *told), denied=(*context.denied, *denied))
    if not answers or answers[-1] is not asked.question or asked.intent in ALARMS:
        return asked, context
    last = turns[-1]
    return replace(asked, intent=last.intent, labels=last.labels, topics=TOPICS.get(last.intent, ())), context


def _open_to_answers(turn: Turn) -> bool:
    # A cause or a next step depends on the history, so what is told after it is heard, asked back or not.
    return turn.intent in {"cause", "next_step"} or any(s.text.endswith("?") for s in turn.sentences)


def _tells(text: str) -> bool:
    if "?" in text or _ORDERS.match(text):
        return False
    heard = read_words(text)
    return bool({*heard.told, *heard.denied} & set(finding_graph().signs))


_ORDERS = re.compile(
    r"\W*(?:please |can |could )*(?:explain|tell|describe|show|give|what|why|how|is|are|was|does|do)\b", re.I
)
