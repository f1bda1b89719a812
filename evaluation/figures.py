"""One measured figure as a result file stores it: what, on which films, how many, and its interval."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TypedDict

from chatcad.config import ROOT
from evaluation.statistics import Interval

RESULTS = ROOT / "evaluation" / "results"


class Figure(TypedDict):
    """A figure with its 95% interval (`evaluation.statistics`); ``headline`` figures go into the registry."""

    what: str
    on: str
    n: int
    value: float
    low: float
    high: float
    headline: bool


def figure(what: str, on: str, n: int, interval: Interval, *, headline: bool = False) -> Figure:
    """Return a figure rounded to what its interval can carry."""
    value, low, high = (round(v, 4) for v in interval)
    return Figure(what=what, on=on, n=n, value=value, low=low, high=high, headline=headline)


def store(benchmark: str, result: dict[str, Any]) -> Path:
    """Write what a benchmark measured, and return the file."""
    path = RESULTS / f"{benchmark}.json"
    path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    return path


def stored(benchmark: str) -> dict[str, Any]:
    """Return what a benchmark measured when it was last run."""
    result: dict[str, Any] = json.loads((RESULTS / f"{benchmark}.json").read_text(encoding="utf-8"))
    return result


def print_figures(figures: list[Figure]) -> None:
    """Print figures as a table."""
    for f in figures:
        print(f"{f['what']:<44} {f['on']:<34} n={f['n']:<5} {f['value']:.3f} [{f['low']:.3f}, {f['high']:.3f}]")
