"""The sentences of a drafted report: a small grammar of plain radiology English, one claim a sentence.

It knows how a finding is said at each certainty, side and zone. It doesn't know films or networks. It never writes
a number, a change over time, a cause or advice: the checker (``chatcad.checking.draft``) would strike them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from chatcad.types import Side, Zone

Certainty = Literal["definite", "likely", "possible", "absent"]

NAMES = {
    "Cardiomegaly": "cardiomegaly",
    "Effusion": "pleural effusion",
    "Lung Opacity": "lung opacity",
    "Consolidation": "consolidation",
    "Edema": "pulmonary edema",
    "Atelectasis": "atelectasis",
    "Pneumothorax": "pneumothorax",
    "Nodule": "lung nodule",
    "Mass": "lung mass",
    "Tuberculosis": "tuberculosis pattern",
}
SIDELESS = frozenset({"Cardiomegaly", "Edema"})
SENTENCES: dict[Certainty, tuple[str, ...]] = {
    "definite": ("{Name} is present{place}.", "There is clear {name}{place}.", "{Name} is definite{place}."),
    "likely": ("{Name} is likely{place}.", "There is probable {name}{place}.", "Likely {name}{place}."),
    "possible": ("{Name} is possible{place}.", "Possible {name}{place}.", "There is possible {name}{place}."),
    "absent": ("No {name}.", "No sign of {name}.", "{Name} is unlikely."),
}


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
        Its label is one of ``NAMES``.
    variant
        Which of the wordings; any whole number.
    """
    name, forms = NAMES[fact.label], SENTENCES[fact.certainty]
    place = "" if fact.certainty == "absent" else _place(fact)
    return forms[variant % len(forms)].format(name=name, Name=name[:1].upper() + name[1:], place=place)


def write(facts: Sequence[DraftFact], rng: np.random.Generator | None = None) -> str:
    """Return a report: the surest findings first, absences last; wording drawn at random, or the first of each."""
    order: list[Certainty] = ["definite", "likely", "possible", "absent"]
    ranked = sorted(facts, key=lambda f: order.index(f.certainty))
    return " ".join(say(f, 0 if rng is None else int(rng.integers(6))) for f in ranked)


def _place(fact: DraftFact) -> str:
    if fact.side is None or fact.label in SIDELESS:
        return ""
    side = " on both sides" if fact.side == "bilateral" else f" on the {fact.side} side"
    return side if fact.zone is None else f"{side}, {fact.zone} zone"
