"""``python -m chatcad eval cad``: every embedded network's benchmark, and each figure beside the bar that it was set.

The bars are the project's own aims; a figure that misses its bar is printed and stored as it is.
"""

from __future__ import annotations

import importlib
from dataclasses import asdict, dataclass
from typing import Any

from chatcad.config import Settings
from evaluation.cohorts import ROUND
from evaluation.figures import RESULTS, Figure, store, stored

NETWORKS = ("segmenter", "gate", "view", "classifier", "saliency", "reporter", "template")


@dataclass(frozen=True, slots=True)
class Bar:
    """What one figure was asked to reach: at least ``value``, or at most where ``at_most``."""

    benchmark: str
    what: str
    on: str
    value: float
    at_most: bool = False

    def reached(self, value: float) -> bool:
        """Return whether a figure reaches the bar."""
        return value <= self.value if self.at_most else value >= self.value


def _auroc(label: str, on: str, value: float, *, benchmark: str = "classifier") -> Bar:
    return Bar(benchmark, f"{label}, AUROC", on, value)


BARS = (
    Bar("segmenter", "lungs, Dice", "jsrt, test patients", 0.96),
    Bar("segmenter", "lungs, Dice", "montgomery, test patients", 0.96),
    Bar("segmenter", "heart, Dice", "jsrt, test patients", 0.94),
    Bar("segmenter", "implausible hearts", "nih, all patients", 0.01, at_most=True),
    Bar("segmenter", "cardiothoracic ratio, mean absolute error", "jsrt, test patients", 0.015, at_most=True),
    Bar("segmenter", "Cardiomegaly by the ratio, AUROC", "nih PA", 0.87),
    _auroc("Tuberculosis", "montgomery", 0.85),
    _auroc("without Shenzhen: Tuberculosis", "shenzhen", 0.85, benchmark="ablations"),
    _auroc("Effusion", "nih64 against no finding", 0.85),
    _auroc("Cardiomegaly", "nih64 against no finding", 0.90),
    _auroc("Pneumothorax", "nih64 against no finding", 0.85),
    _auroc(ROUND, "nih64 against no finding", 0.82),
    _auroc("Edema", "nih abnormal", 0.80),
    _auroc("Effusion", "nih abnormal", 0.72),
    _auroc("Atelectasis", "nih abnormal", 0.62),
    _auroc("Nodule", "jsrt", 0.72),
    Bar("classifier", "peak of the map inside the box", "NIH boxes", 0.60),
    Bar(
        "classifier", "highest calibration error of a label that speaks", "calibration films, cross-fitted", 0.05, True
    ),
    Bar("gate", "frontal films accepted", "all", 0.98),
    Bar("gate", "other pictures refused", "all", 0.98),
)


def run(settings: Settings) -> dict[str, Any]:
    """Run and store the benchmarks of all networks, then return every bar with its figure.

    The ablations take long and are not run again: their stored figures stand in the table.
    """
    for name in NETWORKS:
        store(name, importlib.import_module(f"evaluation.{name}").run(settings))
    figures = {b.benchmark: stored(b.benchmark)["figures"] for b in BARS if (RESULTS / f"{b.benchmark}.json").is_file()}
    rows = [row(bar, figures.get(bar.benchmark, [])) for bar in BARS]
    for r in rows:
        print(f"{'reached' if r['reached'] else 'MISSED':8} {line(r)}")
    return {"bars": rows}


def row(bar: Bar, figures: list[Figure]) -> dict[str, Any]:
    """Return a bar with its figure; a figure that was not measured has not reached it."""
    mine = [f for f in figures if f["what"].startswith(bar.what) and f["on"].startswith(bar.on)]
    exact = [f for f in mine if f["what"] == bar.what] or mine
    # A cohort's name may go on with its count: of "nih64" and "nih64 abnormal" the shorter one is meant.
    found = min(exact, key=lambda f: len(f["on"]), default=None)
    return {**asdict(bar), "figure": found, "reached": found is not None and bar.reached(found["value"])}


def line(row: dict[str, Any]) -> str:
    """Return a row as one line."""
    found = row["figure"]
    value = (
        f"{found['value']:.3f} [{found['low']:.3f}, {found['high']:.3f}] n={found['n']}" if found else "not measured"
    )
    return f"{row['what']:48} {row['on']:34} {'<=' if row['at_most'] else '>='} {row['value']:.3f}  {value}"
