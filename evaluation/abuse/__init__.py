"""The abuse table: hostile files, words and requests, each suite a function from a count and a seed to one row.

To add a suite, write a module with ``run(count, seed) -> Outcome`` and give it a line in `SUITES`.
"""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from chatcad.config import Settings
from evaluation.abuse import (
    bombs,
    canaries,
    crosstalk,
    crowd,
    files,
    forms,
    injection,
    kills,
    letters,
    outside,
    paths,
    polyglots,
    pressed,
    refusals,
)
from evaluation.abuse.outcome import Outcome, table

SEED = 7
ALL = 10_000

Suite = Callable[[int, int], Outcome]

SUITES: tuple[tuple[Suite, int], ...] = (
    (bombs.images, ALL),
    (bombs.documents, ALL),
    (files.dicom, 2000),
    (files.raster, 500),
    (polyglots.run, ALL),
    (forms.run, ALL),
    (refusals.run, ALL),
    (canaries.run, ALL),
    (letters.run, ALL),
    (injection.headers, 40),
    (injection.passages, 60),
    (injection.unknown_words, 40),
    (injection.turns, 40),
    (pressed.run, 50),
    (injection.control_tokens, ALL),
    (paths.run, ALL),
    (crowd.run, 20),
    (crosstalk.run, 20),
    (kills.run, 30),
    (outside.run, ALL),
)
"""Each suite with the number of its cases; `ALL` where it has a fixed list."""


def run(settings: Settings) -> dict[str, Any]:
    """Run every suite at full size, print the table, and return its rows."""
    warnings.filterwarnings("ignore", module=r"pydicom(\.|$)")
    rows = []
    for suite, count in SUITES:
        start = time.perf_counter()
        rows.append(suite(count, SEED))
        print(f"{rows[-1].name}: {time.perf_counter() - start:.0f} s", file=sys.stderr, flush=True)
    print(table(rows))
    for row in rows:
        print(*(f"{row.name}: {note}" for note in row.notes), sep="\n", end="\n" if row.notes else "")
    return {"seed": SEED, "reached": all(r.reached for r in rows), "rows": [asdict(r) for r in rows]}
