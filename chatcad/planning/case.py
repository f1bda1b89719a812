"""The case that an answer is made from: the question understood, the facts, the passages, and who reads.

It knows which findings a question is about. What is said of them is the builders' business (`chatcad.planning.plan`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chatcad.checking.claims import measures_in
from chatcad.findings.wording import positives
from chatcad.planning.comparing import MOST_POSITIVES, OF_THE_HEART
from chatcad.planning.differential import NO_CONTEXT
from chatcad.planning.statements import replies
from chatcad.planning.understand import Asked
from chatcad.types import Context, Finding, Mode, Passage, SimilarCase, Statement, Study, Turn

MEASURED_BY = {
    OF_THE_HEART: ("cardiothoracic_ratio",),
    "Enlarged Cardiomediastinum": ("mediastinal_width_ratio",),
}
"""The measurements that are told with a finding."""


@dataclass(frozen=True, slots=True)
class Case:
    """What a builder works from."""

    asked: Asked
    study: Study
    passages: tuple[Passage, ...]
    mode: Mode
    prior: Study | None
    context: Context = NO_CONTEXT
    cases: tuple[SimilarCase, ...] = ()
    turns: tuple[Turn, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings that the question is about: those named, else the positive ones."""
        labels = subjects(self.asked, self.study)
        return tuple(f for label in labels if (f := self.study.finding(label)) is not None)

    def unsaid(self, statements: Sequence[Statement]) -> list[Statement]:
        """Return those of the statements that this talk has not shown word by word."""
        shown = {s.text for t in self.turns for s in t.sentences}
        return [s for s in statements if s.text not in shown]

    def reply(self, key: str, support: tuple[str, ...] = (), **values: str) -> list[Statement]:
        """Return the fixed sentences of a reply."""
        return replies(key, self.mode, support, **values)


def subjects(asked: Asked, study: Study) -> tuple[str, ...]:
    """Return the labels that a question is about: those it names or measures, else the film's positive ones.

    "What next?" or "should I worry?" after a finding that nobody flagged is about the flagged ones too.
    """
    flagged = tuple(f.label for f in positives(study))
    if len(asked.labels) > MOST_POSITIVES and asked.intent != "finding":
        # A part of the body ("which lung?"): what is flagged in it, not the first of everything that could be.
        return tuple(label for label in flagged if label in asked.labels) or flagged
    if asked.labels:
        alone = asked.intent in {"next_step", "urgency"} and not set(asked.labels) & set(flagged)
        return (*asked.labels[:1], *flagged) if alone else asked.labels
    if asked.intent == "measurement" and (named := measures_in(asked.question)):
        # Passages on the film's other findings have no place in an answer to "how wide is the mediastinum?".
        return tuple(label for label, names in MEASURED_BY.items() if set(names) & set(named))
    return flagged
