"""``python -m chatcad eval drift``: how often the drift watch gives a false alarm, and how soon it sees a shift.

Simulated from the percentiles that ship: reference and films are both drawn from them, so that the chance in the
reference counts too. A shift adds a constant to the logit of every score, as another machine or a sicker population
would.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from chatcad.config import Settings
from chatcad.observe.drift import ALARM, BINS, LEAST_FILMS, Reference, edges_of, psi
from evaluation.figures import Figure, figure, print_figures
from evaluation.statistics import share_of

TIMES = 2000
FILMS = (50, 100, LEAST_FILMS, 500)
SHIFTS = (0.0, 0.25, 0.5, 1.0)

Array = NDArray[np.float64]


def run(settings: Settings) -> dict[str, Any]:
    """Simulate, print and return the share of alarms by number of films and size of the shift."""
    reference, rng = Reference.load(), np.random.default_rng(0)
    tables, figures = reference.percentiles.values(), list[Figure]()
    for films in FILMS:
        for shift in SHIFTS:
            alarms = np.array([_alarms(np.array(p), reference.films, films, shift, rng) for p in tables])
            on = f"{films} films, logits shifted by {shift}"
            figures.append(figure("alarm for one label", on, *share_of(alarms.flat)))
            figures.append(figure("alarm for any label", on, *share_of(map(any, alarms.T))))
    print_figures(figures)
    return {"alarm_above": ALARM, "least_films": LEAST_FILMS, "labels": len(reference.percentiles), "figures": figures}


def _alarms(
    percentiles: Array, reference_films: int, films: int, shift: float, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Return for each of the trials whether one label's index is above the alarm."""
    return np.array([_index(percentiles, reference_films, films, shift, rng) > ALARM for _ in range(TIMES)])


def _index(percentiles: Array, reference_films: int, films: int, shift: float, rng: np.random.Generator) -> float:
    edges = edges_of(np.percentile(_draw(percentiles, reference_films, rng), range(101)))
    scores = _draw(percentiles, films, rng).clip(1e-6, 1 - 1e-6)
    moved = 1 / (1 + np.exp(-np.log(scores / (1 - scores)) - shift))
    return psi(np.bincount(np.searchsorted(edges, moved), minlength=BINS))


def _draw(percentiles: Array, count: int, rng: np.random.Generator) -> Array:
    return np.interp(rng.random(count) * 100, np.arange(101), percentiles)
