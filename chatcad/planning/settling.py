"""Checks that could settle a finding or narrow a cause down, each with what carries it: a passage, else its source.

It knows the finding graph's checks and fixed words (``prompts/replies.yaml``). It doesn't know the film.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from chatcad.language import speaking
from chatcad.planning.statements import replies
from chatcad.retrieval.cited import cited
from chatcad.retrieval.graph import Check, finding_graph
from chatcad.retrieval.orders import without_orders
from chatcad.types import Mode, Passage, Statement
from chatcad.vocabulary import terms

CANDIDATES = 6
"""Passages looked up for one check; at most one of them is kept."""
ARTICLE = re.compile(r"^(?:an?|the) ")


class Search(Protocol):
    """The retriever's search."""

    def __call__(
        self, question: str, *, labels: Sequence[str], topics: Sequence[str], mode: Mode, k: int
    ) -> tuple[Passage, ...]:
        """Return passages, best first."""
        ...


def carriers(search: Search, labels: Sequence[str], mode: Mode) -> list[Passage]:
    """Return for each finding the passage that carries the check that could settle it, where one is found."""
    found = []
    for label in labels:
        check = finding_graph().findings[label].settling
        words = check.check if mode == "clinician" else check.plain
        query = f"{words} for {terms()[label].name}"
        passages = without_orders(search(query, labels=(label,), topics=("next_step",), mode=mode, k=CANDIDATES))
        found += [p for p in passages if carries(p, check, label)][:1]
    return found


def carries(passage: Passage, check: Check, label: str) -> bool:
    """Return whether a passage is a check's own source, or one on the finding that names it in plain words."""
    named = ARTICLE.sub("", check.plain).lower() in passage.text.lower()
    return passage.key == check.source or (label in passage.findings and named)


def say_settling(label: str, passages: Sequence[Passage], mode: Mode) -> list[Statement]:
    """Return what could settle whether a finding is there."""
    check = finding_graph().findings[label].settling
    with speaking("en"):  # which passages are written in
        support = tuple(p.id for p in passages if carries(p, finding_graph().findings[label].settling, label))[:1]
    words = check.check if mode == "clinician" else check.plain
    return as_advice(replies("settle", mode, support, check=words, source=in_words(check.source, support)))


def in_words(source: str, support: Sequence[str]) -> str:
    """Return a source as a sentence names it, where no passage is cited for it."""
    return "" if support else f" ({cited(source)})"


def as_advice(said: Sequence[Statement]) -> list[Statement]:
    """Return statements as a guideline's where a passage carries them; none is reworded."""
    return [replace(s, source="guideline" if s.support else "general", reword=False) for s in said]
