"""Settle one sentence: the model's wording if it passes, else one rewrite, else the statement itself."""

from __future__ import annotations

from typing import Protocol

from chatcad.checking import causes, quantities, rules, sense, words
from chatcad.checking.claims import expand
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
    cited = " ".join(p.text for p in facts.passages if p.id in statement.support)
    allowed = f"{statement.text} {cited}" if statement.source == "guideline" else statement.text
    return (
        rules.shape(draft, statement.text)
        or rules.policy(draft, statement.text)
        or (against_facts(draft, statement, facts) if statement.source == "image" else None)
        or _against_statement(draft, statement)
        or words.no_new_words(draft, allowed)
        or words.covers(draft, statement.text, words.QUOTED if statement.source == "guideline" else words.COVERAGE)
    )


def _against_statement(draft: str, statement: Statement) -> str | None:
    quoted = statement.source == "guideline"
    said, meant = expand(draft), expand(statement.text)
    if quantities.differ(said, meant):
        return "the numbers differ from the facts"
    compare = (
        rules.same_subjects if quoted else rules.same_claims, rules.same_measures, sense.certainty, sense.existence,
        sense.denials, sense.directions, sense.sides, sense.views, sense.conditions, causes.candidate, rules.articles,
        *((sense.general,) if quoted else ()),
        rules.attributed if statement.source == "image" else rules.named_once_more,
    )  # fmt: skip
    return next((why for rule in compare if (why := rule(said, meant))), None)


def against_facts(draft: str, statement: Statement, facts: Facts) -> str | None:
    """Return the first contradiction between a sentence about the film and the film's facts."""
    claims = rules.claims_like(draft, statement.text)
    return next((why for c in claims if (why := contradiction(c, facts.study))), None)


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
