"""Settle one sentence: the model's wording if it passes, else one rewrite, else the statement itself."""

from __future__ import annotations

from typing import Protocol

from chatcad.checking import rules
from chatcad.checking.claims import parse_claims
from chatcad.checking.facts import Facts, contradiction
from chatcad.types import Checked, Sentence, Statement


class NoWording(Exception):
    """The model gave no wording; the message says why, and the statement itself is shown."""


class Write(Protocol):
    """What words a statement."""

    def __call__(self, statement: Statement, objection: str | None) -> str:
        """Return a wording; ``objection`` is why the last one failed.

        Raises
        ------
        NoWording
            There is no time left, or the model failed.
        """
        ...


def objection_to(draft: str, statement: Statement, facts: Facts) -> str | None:
    """Return why a wording may not be shown, or ``None`` when it passes every rule.

    Parameters
    ----------
    draft
        One sentence as a model worded it.
    statement
        The planned sentence that it words.
    facts
        The film's facts and the passages found.
    """
    meant = statement.text
    cited = " ".join(p.text for p in facts.passages if p.id in statement.support)
    allowed = f"{meant} {cited}" if statement.source == "guideline" else meant
    return (
        rules.shape(draft, meant)
        or rules.policy(draft, meant)
        or (against_facts(draft, facts) if statement.source == "image" else None)
        or rules.same_claims(draft, meant)
        or rules.same_numbers(draft, meant)
        or rules.same_measures(draft, meant)
        or rules.same_sense(draft, meant)
        or rules.no_new_words(draft, allowed)
        or rules.covers(draft, meant)
    )


def against_facts(draft: str, facts: Facts) -> str | None:
    """Return the first contradiction between a sentence about the film and the film's facts."""
    return next((why for c in parse_claims(draft) if (why := contradiction(c, facts.study))), None)


def settle(statement: Statement, facts: Facts, write: Write) -> Sentence:
    """Return the sentence that a reader may see for one planned statement.

    Parameters
    ----------
    statement
        True by construction; shown as it stands when the model fails twice or has no time left.
    facts
        What the wording is checked against.
    write
        The model. It is asked at most twice, the second time with the objection.
    """
    if not statement.reword:
        return _shown(statement, statement.text, "kept")
    objection: str | None = None
    try:
        for checked in ("kept", "rewritten"):
            draft = write(statement, objection).strip()
            earlier, objection = objection, objection_to(draft, statement, facts)
            if objection is None:
                return _shown(statement, draft, "kept" if checked == "kept" else "rewritten", earlier)
    except NoWording as silence:
        objection = objection or str(silence)
    return _shown(statement, statement.text, "replaced", objection)


def _shown(statement: Statement, text: str, checked: Checked, reason: str | None = None) -> Sentence:
    return Sentence(text, statement.support, statement.source, checked, reason)
