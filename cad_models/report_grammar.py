"""The sentences of a drafted report: a small grammar of plain radiology English, one claim a sentence.

It knows how a finding is said at each certainty, side and zone; the wordings are data (``weights/template.json``).
It doesn't know films or networks. It never writes a number, a change over time, a cause or advice: the checker
(``chatcad.checking.draft``) would strike them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np

from cad_models.weights_io import WEIGHTS
from chatcad.types import Side, Zone
from chatcad.vocabulary import terms

Certainty = Literal["definite", "likely", "possible", "absent"]

FORMS = WEIGHTS / "template.json"
SIDELESS = frozenset({"Cardiomegaly", "Edema"})


@cache
def names() -> dict[str, str]:
    """Return what each label is called in a report."""
    named: dict[str, str] = json.loads(FORMS.read_text(encoding="utf-8"))["names"]
    return named


@cache
def forms() -> dict[Certainty, list[str]]:
    """Return the wordings of each certainty; the first is the template's."""
    worded: dict[Certainty, list[str]] = json.loads(FORMS.read_text(encoding="utf-8"))["sentences"]
    return worded


@dataclass(frozen=True, slots=True)
class DraftFact:
    """One claim of a draft."""

    label: str
    certainty: Certainty
    side: Side | None = None
    zone: Zone | None = None


def say(fact: DraftFact, variant: int = 0) -> str:
    """Return one fact as a sentence.

    Parameters
    ----------
    fact
        Its label is one of `names`, or of the vocabulary, whose name is said then.
    variant
        Which of the wordings; any whole number.
    """
    name, wordings = names().get(fact.label) or terms()[fact.label].name, forms()[fact.certainty]
    place = "" if fact.certainty == "absent" else _place(fact)
    return wordings[variant % len(wordings)].format(name=name, Name=name[:1].upper() + name[1:], place=place)


def write(facts: Sequence[DraftFact], rng: np.random.Generator | None = None) -> str:
    """Return a report: the surest findings first, absences last; wording drawn at random, or the first of each."""
    order: list[Certainty] = ["definite", "likely", "possible", "absent"]
    ranked = sorted(facts, key=lambda f: order.index(f.certainty))
    return " ".join(say(f, 0 if rng is None else int(rng.integers(6))) for f in ranked)


def _place(fact: DraftFact) -> str:
    if fact.side is None or fact.label in SIDELESS or not terms()[fact.label].sided:
        return ""
    side = " on both sides" if fact.side == "bilateral" else f" on the {fact.side} side"
    return side if fact.zone is None else f"{side}, {fact.zone} zone"
