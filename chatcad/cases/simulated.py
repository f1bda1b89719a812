"""Simulated reports, for whoever has no archive: the report grammar over drawn findings, made at first use.

They come from no patient and no film. Their claims are the drawn findings themselves; that the parser reads the
same out of the words is tested.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import combinations

import numpy as np

from cad_models.labels import LABELS
from cad_models.report_grammar import SIDELESS, Certainty, DraftFact, write
from chatcad.cases.reports import Report, key_of
from chatcad.checking.claims import Claim
from chatcad.checking.cues import Stance
from chatcad.types import Side, Zone
from chatcad.vocabulary import terms

SEED = 23
MOST_TOGETHER = 4
"""Every set of up to so many of the embedded labels has a report, and every pair of the whole vocabulary."""
NORMALS, TIMES_ALONE = 12, 4
MOST_DENIED = 4

_CERTAINTIES: tuple[Certainty, ...] = ("definite", "likely", "possible")
_SIDES: tuple[Side, ...] = ("right", "left", "bilateral")
_ZONES: tuple[Zone | None, ...] = (None, "upper", "mid", "lower")
_HEARD: dict[Certainty, Stance] = {
    "definite": "definite", "likely": "likely", "possible": "possible", "absent": "negated",
}  # fmt: skip


@lru_cache(maxsize=1)
def simulated_reports() -> tuple[Report, ...]:
    """Return the simulated reports, the same ones on every run."""
    rng = np.random.default_rng(SEED)
    made = {r.key: r for labels in _sets() for r in (simulate(draw_facts(labels, rng), rng),)}
    return tuple(made.values())


def simulate(facts: tuple[DraftFact, ...], rng: np.random.Generator) -> Report:
    """Return the report of some facts."""
    text = write(facts, rng)
    claims = tuple(Claim(f.label, _HEARD[f.certainty], f.side, f.zone) for f in facts)
    return Report(key_of(text), text, claims, "simulated")


def draw_facts(labels: tuple[str, ...], rng: np.random.Generator) -> tuple[DraftFact, ...]:
    """Return facts that flag the labels, each with a certainty, side and zone, and deny some of the others."""
    flagged = tuple(_drawn(label, rng) for label in labels)
    others = [label for label in LABELS if label not in labels]
    count = int(rng.integers(1 if not labels else 0, MOST_DENIED + 1))
    denied = rng.choice(others, size=min(count, len(others)), replace=False)
    return (*flagged, *(DraftFact(str(label), "absent") for label in denied))


def _sets() -> Iterator[tuple[str, ...]]:
    yield from ((),) * NORMALS
    vocabulary = tuple(terms())
    yield from (alone for alone in combinations(vocabulary, 1) for _ in range(TIMES_ALONE))
    yield from combinations(vocabulary, 2)
    for size in range(3, MOST_TOGETHER + 1):
        yield from combinations(LABELS, size)


def _drawn(label: str, rng: np.random.Generator) -> DraftFact:
    certainty = _CERTAINTIES[int(rng.integers(3))]
    if label in SIDELESS or not terms()[label].sided:
        return DraftFact(label, certainty)
    side = _SIDES[int(rng.integers(3))]
    return DraftFact(label, certainty, side, _ZONES[int(rng.integers(4))])
