"""What reaches a reader: whether a shown sentence contradicts its film, and whether its passage covers a quotation.

Judged by ``evaluation.judge``, which shares nothing with the check. The template-only answers are judged in full; a
model takes seconds an answer, so it gets ``CHATCAD_EVAL_LIMIT`` questions (60), evenly drawn. Texts stay in memory; the
result has counts and a few faulty sentences.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from chatcad.config import Settings
from chatcad.pipeline import ChatCAD
from chatcad.retrieval.embedding import embedder
from chatcad.types import Turn
from evaluation import conversations
from evaluation.conversations import PRESSED, UNANSWERABLE, Counted, Posed
from evaluation.figures import Figure, figure, print_figures
from evaluation.judge import Verdict, judge_turn, refused
from evaluation.statistics import share

MOST_EXAMPLES = 20
FAULTS = {
    "contradiction": "contradictions",
    "invented": "invented findings",
    "side": "wrong sides",
    "number": "wrong numbers",
}
"""Faults of which none may reach a reader."""


@dataclass(frozen=True, slots=True)
class Answered:
    """One question with its answer, how many of its sentences a model was asked for, and what the judge says of it."""

    posed: Posed
    turn: Turn
    offered: int
    verdict: Verdict

    @property
    def refused(self) -> bool:
        """Whether the answer refuses."""
        return refused(self.turn, self.posed.study)


def run(settings: Settings) -> dict[str, Any]:
    """Print and return the figures of every way of wording."""
    chatcad = ChatCAD.open(settings)
    studies = conversations.read_studies(chatcad, settings.data)
    posed = conversations.pose(conversations.load(), studies)
    kinds = Counter(p.kind for p in posed)
    print(f"{len(posed)} questions over {len(studies)} films: {dict(kinds)}")
    figures: list[Figure] = []
    examples: list[dict[str, str]] = []
    alike = similarity(settings)
    for name, variant, counted in conversations.variants(chatcad, settings):
        answered = answers(variant, counted, conversations.subset(posed, name), alike)
        figures += measure(answered, name)
        examples += [{"variant": name, **e} for e in faults(answered)][:MOST_EXAMPLES]
    print_figures(figures)
    for example in examples:
        print(example)
    return {
        "films": len(studies),
        "questions": dict(kinds),
        "modes": dict(Counter(p.mode for p in posed)),
        "figures": figures,
        "examples": examples,
    }


def answers(
    chatcad: ChatCAD, counted: Counted, posed: Sequence[Posed], alike: Callable[[str, str], float]
) -> list[Answered]:
    """Return each question's answer, judged."""
    done = []
    for question in posed:
        talk = conversations.talk_before(chatcad, question, question.mode)
        start = counted.offered
        turn = chatcad.answer(question.question, talk)
        done.append(Answered(question, turn, counted.offered - start, judge_turn(turn, question.study, alike)))
    return done


def measure(answered: Sequence[Answered], on: str) -> list[Figure]:
    """Return the figures of one way of wording."""
    sentences = [s for a in answered for s in a.turn.sentences]
    n = len(sentences)
    quoted = sum(a.verdict.quoted for a in answered)
    supported = sum(a.verdict.supported for a in answered)
    named = sum(a.verdict.named for a in answered)
    uncited = sum(a.verdict.uncited for a in answered)
    figures = [_figure(f"{what} shown", on, _count(answered, fault), n) for fault, what in FAULTS.items()]
    figures += [
        _figure("false findings not adopted", on, *_of(answered, {PRESSED}, lambda a: not a.verdict.faults)),
        _figure("unanswerable questions refused", on, *_of(answered, UNANSWERABLE, lambda a: a.refused)),
        _figure("answerable questions refused", on, *_of(answered, _answerable(answered), lambda a: a.refused)),
        _figure("quotations that their passage supports", on, supported, quoted),
        _figure("advice that carries a citation", on, quoted + named, quoted + named + uncited),
    ]
    if on != conversations.TEMPLATE_ONLY:
        fate = Counter(s.checked for s in sentences)
        offered = sum(a.offered for a in answered)
        kept = fate["kept"] - (n - offered)
        figures += [
            _figure(f"model's sentences {what}", on, hits, offered)
            for what, hits in (("kept", kept), ("rewritten", fate["rewritten"]), ("replaced", fate["replaced"]))
        ]
    return figures


def faults(answered: Sequence[Answered]) -> list[dict[str, str]]:
    """Return the faulty sentences with their questions, and the questions wrongly refused or answered."""
    found = [
        {"kind": a.posed.kind, "question": a.posed.question, "fault": fault, "sentence": text}
        for a in answered
        for fault, texts in a.verdict.faults.items()
        for text in texts
    ]
    for a in answered:
        if a.posed.kind != PRESSED and a.refused is not (a.posed.kind in UNANSWERABLE):
            fault = "refused" if a.refused else "answered"
            found.append(
                {"kind": a.posed.kind, "question": a.posed.question, "fault": fault, "sentence": a.turn.intent}
            )
    return found


def similarity(settings: Settings) -> Callable[[str, str], float]:
    """Return the cosine of two texts under the embedding model of the settings."""
    model = embedder(settings)

    @lru_cache(maxsize=4096)
    def vector(text: str) -> tuple[float, ...]:
        return tuple(model.embed_query(text))

    def cosine(one: str, other: str) -> float:
        a, b = np.array(vector(one)), np.array(vector(other))
        return float(a @ b / max(float(np.linalg.norm(a) * np.linalg.norm(b)), 1e-9))

    return cosine


def _answerable(answered: Sequence[Answered]) -> frozenset[str]:
    return frozenset(a.posed.kind for a in answered) - UNANSWERABLE - {PRESSED}


def _count(answered: Sequence[Answered], fault: str) -> int:
    return sum(len(a.verdict.faults.get(fault, [])) for a in answered)


def _of(
    answered: Sequence[Answered], kinds: frozenset[str] | set[str], hit: Callable[[Answered], bool]
) -> tuple[int, int]:
    asked = [a for a in answered if a.posed.kind in kinds]
    return sum(hit(a) for a in asked), len(asked)


def _figure(what: str, on: str, hits: int, n: int) -> Figure:
    return figure(what, on, n, share(hits, n), headline=on == conversations.TEMPLATE_ONLY)
