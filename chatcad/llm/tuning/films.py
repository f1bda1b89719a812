"""Simulated films: random readings that go through `findings.interpret`, so that every state and caveat is a real one.

It knows what a reading may hold. It doesn't know questions or words.
"""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np

from chatcad import findings
from chatcad.types import Gate, LabelReading, Masks, Radiograph, Reading, Reliability, Study, View
from chatcad.vocabulary import terms

GRID = 96
ASSESSED, WEAK = 0.4, 0.25
"""Shares of the labels that a film's networks assess, and judge weakly; the rest is not assessed."""

SPACED, NO_MASKS, BAD_MASKS = 0.3, 0.06, 0.06
"""Shares of films that state their spacing, have no outlines, or bad ones."""


def film(rng: random.Random, *, quiet: bool = False) -> Study:
    """Return the study of one simulated film; a ``quiet`` one has more findings that are absent or not flagged."""
    view: View = rng.choices(("PA", "AP", "unknown"), (5, 4, 1))[0]
    spacing = (1.0, rng.uniform(3.0, 4.6)) if rng.random() < SPACED else None
    radiograph = Radiograph(np.zeros((GRID, GRID), np.float32), f"{rng.getrandbits(64):064x}", view, spacing_mm=spacing)
    masks = None if rng.random() < NO_MASKS else _masks(rng)
    busy = rng.uniform(0.3, 1.5)
    labels = tuple(_label(name, rng, busy, quiet) for name in terms())
    reading = Reading(Gate(True, 1.0), view, "header", labels, masks, draft="", weights_sha256={})
    study = findings.interpret(radiograph, reading)
    return replace(study, findings=tuple(replace(f, heat_map=None) for f in study.findings))


def _label(name: str, rng: random.Random, busy: float, quiet: bool) -> LabelReading:
    draw = rng.random() / busy
    reliability: Reliability = "assessed" if draw < ASSESSED else "weak" if draw < ASSESSED + WEAK else "not_assessed"
    if reliability == "not_assessed":
        return LabelReading(name, reliability)
    low = rng.uniform(0.01, 0.19)
    draws = (low, rng.uniform(0.2, 0.5), rng.uniform(0.5, 0.9), rng.uniform(0.9, 1))
    probability = rng.choice((low, low, *draws) if quiet else draws)
    threshold = rng.choice((0.08, 0.12, 0.3, 0.5))
    auroc = (0.82, 0.76, 0.88) if reliability == "assessed" else None
    heat = _heat(rng) if rng.random() < 0.8 else None
    return LabelReading(name, reliability, "simulated", probability, threshold, held_out_auroc=auroc, heat_map=heat)


def _heat(rng: random.Random) -> np.ndarray:
    """Return a map that is hot in one or both lungs, in one zone or in several."""
    heat = np.zeros((24, 24), np.float32)
    rows = rng.choice((slice(3, 8), slice(9, 13), slice(15, 20), slice(3, 20)))
    for columns in rng.choice(((slice(2, 9),), (slice(15, 22),), (slice(2, 9), slice(15, 22)))):
        heat[rows, columns] = 1.0
    return heat


def _masks(rng: random.Random) -> Masks:
    """Return lungs and a heart as boxes whose widths are drawn so that every measurement is at times unusual."""
    right, left, heart = (np.zeros((GRID, GRID), dtype=bool) for _ in range(3))
    inner = GRID // 2 - rng.randint(5, 14), GRID // 2 + rng.randint(5, 14)
    outer = rng.randint(8, 14), GRID - rng.randint(8, 14)
    right[10:80, outer[0] : inner[0]] = True
    left[10 : 80 - rng.randint(0, 8), inner[1] : outer[1]] = True
    half = round((outer[1] - outer[0]) * rng.uniform(0.36, 0.66) / 2)
    heart[45:80, GRID // 2 - half : GRID // 2 + half] = True
    return Masks(right, left, heart, quality=0.2 if rng.random() < BAD_MASKS else 0.95)
