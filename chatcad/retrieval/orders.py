"""Passages that speak to a machine instead of a reader: they may be neither cited nor put into a prompt.

It knows how instructions to a language model are worded in English. It is a sieve, not a proof: a plain false sentence
passes it, and is quoted with the name of the document that planted it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from chatcad.types import Passage

_ORDER = re.compile(
    r"\b(?:ignore|disregard|forget|override)\b[^.]{0,40}\b(?:instruction|rule|prompt|guardrail)s?\b|"
    r"\b(?:system|assistant|developer)\s*:|\b(?:new|system) (?:policy|prompt|instruction)\b|"
    r"\b(?:dear|hello|hey) (?:AI|assistant|model|chatbot)\b|"
    r"\b(?:you are|act as|pretend to be) (?:now |DAN|an? (?:AI|assistant|model))|"
    r"\bfrom now on\b|\blanguage model\b|\bprompt injection\b|"
    r"\b(?:you must|only|please|instead|now|and)\s+(?:reply|respond|answer)\b|"
    r"\b(?:reply|respond|answer) (?:only |exactly )?with\b|"
    r"\b(?:say|write|repeat|output|print|translate)\b[^.]{0,60}(?:\binstead\b|\bfollowing\b|\bthis sentence\b|:)|"
    r"\byour (?:summary|answer|reply|response|output|instructions?) (?:is|are|must|should|begins?)\b|"
    r"</?\w+[^>]*>|<!--|<\||\|>|!\[|\]\(|javascript:",
    re.IGNORECASE,
)


def gives_orders(text: str) -> bool:
    """Return whether a text instructs a language model, or holds markup that only a machine reads."""
    return _ORDER.search(text) is not None


def without_orders(passages: Sequence[Passage]) -> tuple[Passage, ...]:
    """Return the passages that speak to readers, numbered anew where one was left out."""
    kept = tuple(p for p in passages if not gives_orders(f"{p.title}\n{p.source}\n{p.text}"))
    return kept if len(kept) == len(passages) else tuple(replace(p, id=f"P{n}") for n, p in enumerate(kept, 1))
