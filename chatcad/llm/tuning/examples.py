"""Training examples: a prompt, a request for one sentence, and a wording that the check passes.

It knows what makes a wording fit to learn from. It doesn't know tokens or networks.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from langchain_core.messages import BaseMessage

from chatcad.checking.finish import reading_grade
from chatcad.checking.settle import objection_to
from chatcad.llm.tuning.phrases import Split, read_back, word
from chatcad.llm.tuning.quotes import reworded
from chatcad.llm.tuning.scenes import Scene, scene
from chatcad.types import Statement

TRIES = 6
"""Wordings drawn for one statement until one passes."""

REWRITES = 0.12
"""Share of the requests that ask for another try after an objection."""

PATIENT_GRADE = 6.0
MOST_BRANCHES = 12
RARE = 4
"""A statement of a kind that had fewer than average so far gets up to so many wordings."""


@dataclass(frozen=True, slots=True)
class Branch:
    """One request within a scene, and the wording to learn; ``kind`` is the kind of fact."""

    messages: tuple[BaseMessage, ...]
    target: str
    statement: Statement
    kind: str


@dataclass(slots=True)
class Draws:
    """What became of the wordings drawn: how many passed, why the others didn't, and branches by kind."""

    passed: int = 0
    objections: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)

    @property
    def share(self) -> float:
        """Share of the wordings that passed the check."""
        drawn = self.passed + self.objections.total()
        return self.passed / drawn if drawn else 0.0


def branches(seed: int, draws: Draws, split: Split = "train") -> tuple[Scene, tuple[Branch, ...]]:
    """Return one simulated answer with wordings of its statements, none where nothing could be worded.

    Parameters
    ----------
    seed
        The same seed gives the same scene.
    draws
        Counted on; kinds that it has seen less often get more wordings.
    split
        Which frames and passages may be used.
    """
    rng = random.Random(seed)  # noqa: S311 -- examples, no secrets
    desk = _Desk(scene(rng, split), rng, draws, split)
    made = [b for s in desk.answer.statements for b in desk.branches(s)]
    unique = list({(b.target, len(b.messages[1].content)): b for b in made}.values())
    rng.shuffle(unique)
    return desk.answer, tuple(unique[:MOST_BRANCHES])


def kind_of(statement: Statement, answer: Scene) -> str:
    """Return the kind of a statement, with its reader: ``"clinician likely"``."""
    said = read_back(statement.text, answer.mode)
    other = "quote" if statement.source == "guideline" else "other"
    return f"{answer.mode} {said.kind if said else other}"


@dataclass(frozen=True, slots=True)
class _Desk:
    """Where one answer's examples are made."""

    answer: Scene
    rng: random.Random
    draws: Draws
    split: Split

    def branches(self, statement: Statement) -> Iterator[Branch]:
        """Yield as many examples of a statement as its kind needs."""
        kind = kind_of(statement, self.answer)
        for _ in range(self._wanted(kind)):
            if (target := self._wording(statement)) is not None:
                self.draws.kinds[kind] += 1
                objection = self._objection(statement) if self.rng.random() < REWRITES else None
                yield Branch(tuple(self.answer.prompt.messages(statement, objection)), target, statement, kind)

    def _wanted(self, kind: str) -> int:
        """Return how many wordings to draw: more for a kind that is rare so far, at times none for a common one."""
        kinds = self.draws.kinds
        mean, seen = kinds.total() / max(1, len(kinds)), kinds[kind]
        if seen > 3 * mean:
            return seen % 2
        return RARE if seen < 0.6 * mean else 3 if seen < mean else 2

    def _wording(self, statement: Statement) -> str | None:
        """Return the first wording drawn that the check passes and its reader can read."""
        for _ in range(TRIES):
            draft = self._draw(statement)
            objection = objection_to(draft, statement, self.answer.facts)
            if objection is not None:
                self.draws.objections[objection.split(",", 1)[0]] += 1
                continue
            self.draws.passed += 1
            if self._readable(draft, statement):
                return draft
        return None

    def _draw(self, statement: Statement) -> str:
        said = read_back(statement.text, self.answer.mode)
        if said is None:
            return reworded(statement.text, self.answer.mode, self.rng)
        return word(said, self.answer.mode, self.answer.intent, self.rng, self.split)

    def _readable(self, draft: str, statement: Statement) -> bool:
        """Return whether a patient's sentence is easy, or at least not harder than what it words."""
        if self.answer.mode == "clinician":
            return True
        return reading_grade(draft) <= max(PATIENT_GRADE, reading_grade(statement.text))

    def _objection(self, statement: Statement) -> str | None:
        """Return why another statement's wording may not stand for this one: a real objection to a wrong draft."""
        others = [s for s in self.answer.statements if s.text != statement.text]
        wrong = self._draw(self.rng.choice(others)) if others else "It is normal"
        return objection_to(wrong, statement, self.answer.facts)
