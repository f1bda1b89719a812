"""Simulated answers: a film, a question, passages, earlier turns, and with them the real plan and the real prompt.

It knows how an answer comes about. It doesn't know how its sentences might be worded (`phrases`).
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast, get_args

from chatcad import planning, prompting
from chatcad.checking import Facts
from chatcad.config import EMBEDDED_TOKENS, ROOT
from chatcad.llm.tuning.films import film
from chatcad.llm.tuning.phrases import EVERY, Split, phrases
from chatcad.planning.understand import Asked
from chatcad.prompting import Prompt
from chatcad.retrieval.passages import Record, load_passages
from chatcad.types import Intent, Mode, Passage, Sentence, Statement, Study, Turn
from chatcad.vocabulary import terms

CANDIDATES = 6
NAMES_A_FINDING = 0.75
"""Share of the questions that name findings; the others leave them to the film."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One answer before it is worded."""

    intent: Intent
    mode: Mode
    prompt: Prompt
    statements: tuple[Statement, ...]
    facts: Facts


def scene(rng: random.Random, split: Split = "train") -> Scene:
    """Return a random answer; ``split`` decides which passages may be in it."""
    study = film(rng, quiet=split == "train")  # what is absent is said in every summary
    mode = cast(Mode, rng.choice(get_args(Mode)))
    turns = tuple(_turn(study, mode, rng, split) for _ in range(rng.choice((0, 0, 0, 1, 1, 2))))
    asked, passages = _ask(study, rng, split)
    plan = planning.plan(asked, study, passages, mode)
    prompt = prompting.assemble(
        study,
        asked.question,
        plan.cited(passages),
        turns,
        mode=mode,
        design=rng.choice(("P3", "P3", "P1", "P2")),
        context=rng.choice(phrases()["contexts"]),
        budget_tokens=EMBEDDED_TOKENS,
    )
    worded = tuple(s for s in plan.statements if s.reword)
    return Scene(asked.intent, mode, prompt, worded, Facts(study, passages))


def _ask(study: Study, rng: random.Random, split: Split) -> tuple[Asked, tuple[Passage, ...]]:
    intent = cast(Intent, rng.choice(list(phrases()["questions"])))
    labels = tuple(rng.sample(list(terms()), k=rng.choice((1, 1, 1, 2)))) if rng.random() < NAMES_A_FINDING else ()
    name = rng.choice(terms()[labels[0]].search) if labels else "that finding"
    question = rng.choice(phrases()["questions"][intent]).format(finding=name)
    asked = Asked(question=question, intent=intent, labels=labels, topics=())
    return asked, _passages(labels or tuple(f.label for f in study.findings if f.state == "present"), rng, split)


def _passages(labels: Sequence[str], rng: random.Random, split: Split) -> tuple[Passage, ...]:
    """Return passages as a search might find them: most on the labels, some on none."""
    usable = [r for r in _records() if (zlib.crc32(r.key.encode()) % EVERY == 0) is (split == "held_out")]
    fitting = [r for r in usable if set(r.findings) & set(labels) or (not r.findings and rng.random() < 0.3)]
    chosen = rng.sample(fitting, k=min(CANDIDATES, len(fitting)))
    return tuple(r.passage(f"P{i}") for i, r in enumerate(chosen, start=1))


def _turn(study: Study, mode: Mode, rng: random.Random, split: Split) -> Turn:
    asked, passages = _ask(study, rng, split)
    plan = planning.plan(asked, study, passages, mode)
    said = tuple(Sentence(s.text, s.support, s.source, "kept") for s in plan.statements)
    run: dict[str, Any] = {"readability_grade": 0.0, "prompt_sha256": "", "backend": "simulated"}
    return Turn(asked.question, said, passages, mode, asked.intent, asked.labels, plan.urgent, **run)


@lru_cache(maxsize=1)
def _records() -> tuple[Record, ...]:
    return load_passages(ROOT / "knowledge" / "passages")
