"""What was told of the patient, in an answer: which passages it calls for, what it adds, and what to ask after.

A history is never a fact about the film: every sentence on it begins with "The history given".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Protocol

from chatcad.planning.causes import name_of, sayable
from chatcad.planning.differential import Differential
from chatcad.planning.statements import guideline, replies, say_finding
from chatcad.planning.understand import Asked
from chatcad.retrieval.graph import finding_graph
from chatcad.types import Context, Finding, Intent, Mode, Passage, Statement, Study

CANDIDATES = 6
"""Passages looked up for one answer; the plan quotes the few that fit, and only these are shown to the model."""

CHANGES: frozenset[Intent] = frozenset({"finding", "summary", "next_step", "cause", "urgency"})
"""Kinds of question whose answer a history can change."""

INFECTION = ("fever", "cough")
_LOOKED_UP: tuple[tuple[str, str, re.Pattern[str]], ...] = (
    ("child", "chest films of children", re.compile(r"\b(?:child|children|infants?)\b", re.IGNORECASE)),
    ("pregnant", "chest X-ray in pregnancy", re.compile(r"\bpregnan", re.IGNORECASE)),
    (
        "injury",
        "chest injury and rib fracture: what to do next",
        re.compile(r"\binjur|\bfracture|\brib", re.IGNORECASE),
    ),
    (
        "infection",
        "fever and cough: signs of a lung infection",
        re.compile(r"\bfever|\binfection|\bpneumonia", re.IGNORECASE),
    ),
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
    if not asked.topics:
        return search(asked.question, labels=labels, topics=(), mode=mode, k=0)
    found = list(search(asked.question, labels=labels, topics=asked.topics, mode=mode, k=CANDIDATES))
    for _, query, fits in _called_for(context) if asked.intent in CHANGES else ():
        more = [p for p in search(query, labels=(), topics=(), mode=mode, k=CANDIDATES) if fits.search(p.text)]
        new = [p for p in more if p.key not in {f.key for f in found}]
        found += [replace(p, id=f"P{len(found) + 1}") for p in new[:1]]
    return tuple(found)


def _called_for(context: Context) -> Iterable[tuple[str, str, re.Pattern[str]]]:
    holds = {
        "child": context.child,
        "pregnant": context.pregnant,
        "injury": "injury" in context.told,
        "infection": any(sign in context.told for sign in INFECTION),
    }
    return [entry for entry in _LOOKED_UP if holds[entry[0]]]


def say_history(
    asked: Asked, study: Study, shown: Sequence[Finding], passages: Sequence[Passage], *, mode: Mode, context: Context
) -> list[Statement]:
    """Return what a history adds to an answer: that it was told, what it makes of the results, a passage for it."""
    if asked.intent not in CHANGES:
        return []
    said, quoted = [], []
    fracture = study.finding("Fracture")
    for name, _, fits in _called_for(context):
        about = [*shown, *([fracture] if name == "injury" and fracture else [])]
        quoted += guideline([p for p in passages if fits.search(p.text)], about, mode, most=1)
        said += replies(f"history_{name}", mode) if name in {"child", "pregnant"} else []
        said += [say_finding(fracture, mode)] if name == "injury" and fracture else []
    return [*(say_told(context, mode) if said or quoted or asked.intent == "next_step" else []), *said, *quoted]


def say_told(context: Context, mode: Mode) -> list[Statement]:
    """Return what was told and denied, as the history's words and not the film's; nothing where nothing was told."""
    names = [name_of(k, mode) for k in context.told] + [name_of(k, mode, denied=True) for k in context.denied]
    return replies("history_given", mode, names=", ".join(names)) if names else []


def closing_question(found: Differential, mode: Mode, context: Context) -> list[Statement]:
    """Return one question whose answer could change the order of the causes, or none: only where nothing was told."""
    if context.told or context.denied:
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
    telling.sort(key=lambda t: t[0])
    favoured, asks = telling[0]
    # A second one only where it speaks for another candidate.
    other = next((more for ranks, more in telling[1:] if not set(ranks) & set(favoured)), None)
    text = f"{asks[:1].upper()}{asks[1:]}" + (f", or {other}?" if other else "?")
    return [Statement(text, (), "general", reword=False)]
