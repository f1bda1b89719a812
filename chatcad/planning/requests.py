"""What a question asks for beside its kind and its findings: fewer words, easier ones, reasons, a decision, a document.

It knows words only (``prompts/requests.yaml``), in every supported language. It doesn't know the film.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, get_args

from chatcad.language import plain_letters, table
from chatcad.types import Intent, Language, Zone

Want = Literal[
    "thanks", "bye", "noted", "orders", "unseen", "sought", "grounds", "again", "simpler", "brief", "well", "whole",
    "report", "send", "language", "decision", "disagree", "change", "numbers", "vitals", "auroc", "weak", "colours",
    "view", "cancer", "catch", "course", "dates", "pattern", "each", "upper", "mid", "lower",
]  # fmt: skip
WANTS: tuple[Want, ...] = get_args(Want)
ZONES: tuple[Zone, ...] = get_args(Zone)
OWN_WORDS: tuple[Want, ...] = ("auroc", "weak", "colours", "dates")
"""Words, pictures and habits of this program, which no guideline explains."""

NO_ANSWER: frozenset[Intent] = frozenset({"out_of_scope", "unclear", "small_talk"})
"""Kinds to which a question goes that no other kind takes."""


@dataclass(frozen=True, slots=True)
class Route:
    """The kind that a want makes of a question of one of ``kinds``; ``alone`` where it names no finding."""

    to: Intent
    kinds: frozenset[Intent]
    alone: bool = False


ROUTES: Mapping[Want, Route] = {
    "each": Route("cause", NO_ANSWER | {"cause", "certainty", "finding", "meaning", "summary", "system", "recall"}),
    "unseen": Route("system", NO_ANSWER | {"summary", "finding", "certainty", "meaning", "system"}, alone=True),
    "sought": Route("system", NO_ANSWER | {"summary", "finding", "certainty"}, alone=True),
    "grounds": Route(
        "certainty", NO_ANSWER | {"cause", "meaning", "finding", "urgency", "summary", "pressure", "system"}
    ),
    "again": Route("certainty", NO_ANSWER | {"meaning", "summary", "finding", "comparison"}),
    "simpler": Route("meaning", NO_ANSWER | {"summary", "system"}),
    "report": Route("summary", NO_ANSWER | {"certainty", "pressure", "system", "next_step", "doctor"}),
    "brief": Route("summary", NO_ANSWER | {"meaning"}, alone=True),
    "well": Route("summary", (NO_ANSWER - {"small_talk"}) | {"pressure"}, alone=True),
    "disagree": Route("finding", NO_ANSWER | {"location", "meaning"}),
    "numbers": Route("measurement", NO_ANSWER | {"certainty", "summary"}, alone=True),
    "upper": Route("location", NO_ANSWER | {"summary", "finding"}, alone=True),
    "mid": Route("location", NO_ANSWER | {"summary", "finding"}, alone=True),
    "lower": Route("location", NO_ANSWER | {"summary", "finding"}, alone=True),
    "auroc": Route("system", NO_ANSWER | {"meaning"}, alone=True),
    "weak": Route("system", NO_ANSWER | {"meaning"}, alone=True),
    "colours": Route("system", NO_ANSWER | {"meaning", "summary"}, alone=True),
    "dates": Route("system", NO_ANSWER | {"comparison", "summary", "finding", "meaning", "measurement"}, alone=True),
    "course": Route("next_step", NO_ANSWER | {"urgency", "comparison", "cause", "system", "finding"}),
    "catch": Route("next_step", NO_ANSWER | {"meaning", "urgency", "cause", "finding", "summary", "system", "doctor"}),
    "pattern": Route(
        "location", NO_ANSWER | {"meaning", "summary", "finding", "certainty", "comparison", "cause"}, alone=True
    ),
    "view": Route("system", NO_ANSWER | {"meaning", "summary", "comparison", "finding", "location"}, alone=True),
}
"""The first that fits is taken."""


def wants_of(question: str, language: Language) -> frozenset[Want]:
    """Return everything that a question asks for beside its kind; who gives orders gets nothing softened.

    Parameters
    ----------
    question, language
        As typed, and the language that it is written in.
    """
    text = plain_letters(question.replace("’", "'"))
    return frozenset(want for want, pattern in _patterns(language) if pattern.search(text))


def rerouted(intent: Intent, wants: frozenset[Want], *, named: bool) -> Intent:
    """Return the kind of a question with what it wants; cries for help keep theirs.

    Parameters
    ----------
    intent, wants
        The kind as it was understood, and what else is asked for.
    named
        Whether the question names a finding.
    """
    for want, route in ROUTES.items():
        bidden = want == "well" and "orders" in wants and intent == "pressure"
        if want in wants and intent in route.kinds and not (route.alone and named) and not bidden:
            return route.to
    return intent


@lru_cache(maxsize=3)
def _patterns(language: Language) -> tuple[tuple[Want, re.Pattern[str]], ...]:
    rows = table("requests", "en")[language]
    return tuple((want, re.compile(rows[want], re.IGNORECASE)) for want in WANTS if want in rows)
