"""Whether ``make train`` on another day gives the same networks: ``python -m evaluation.reproduction CLONE``.

``CLONE`` is a checkout in which ``make train`` has run to its end. Each figure that its rebuilt weights reached is held
against the shipped weights' 95% interval on the same films.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from chatcad.config import ROOT
from evaluation.figures import RESULTS, store


def compare(shipped: Path, rebuilt: Path) -> dict[str, Any]:
    """Return both results' figures side by side, and how many of the rebuilt ones lie in the shipped ones' intervals.

    Parameters
    ----------
    shipped, rebuilt
        Folders of result files.
    """
    aims = [_row(*pair) for pair in _aims(shipped, rebuilt)]
    cohorts = [_row(*pair) for pair in _cohorts(shipped, rebuilt)]
    classes = {
        label: [entry["reliability"], _read(rebuilt, "classifier")["labels"][label]["reliability"]]
        for label, entry in _read(shipped, "classifier")["labels"].items()
    }
    return {
        "aims": aims,
        "aims within": [sum(row["within"] for row in aims), len(aims)],
        "classifier, AUROC on a set of films, within": [sum(row["within"] for row in cohorts), len(cohorts)],
        "labels in the same class": [sum(was == now for was, now in classes.values()), len(classes)],
        "classes": classes,
    }


def _aims(shipped: Path, rebuilt: Path) -> Iterator[tuple[str, list[float], list[float]]]:
    for one, other in zip(_read(shipped, "cad")["bars"], _read(rebuilt, "cad")["bars"], strict=True):
        if one["figure"] and other["figure"]:
            yield f"{one['what']}, {one['figure']['on']}", _interval(one["figure"]), _interval(other["figure"])


def _cohorts(shipped: Path, rebuilt: Path) -> Iterator[tuple[str, list[float], list[float]]]:
    now = {(c["label"], c["films"]): c["auroc"] for c in _read(rebuilt, "classifier")["cohorts"]}
    for cohort in _read(shipped, "classifier")["cohorts"]:
        again = now.get((cohort["label"], cohort["films"]))
        if cohort["auroc"] and again:
            yield f"{cohort['label']}, {cohort['films']}", cohort["auroc"], again


def _row(what: str, shipped: list[float], rebuilt: list[float]) -> dict[str, Any]:
    return {"what": what, "shipped": shipped, "rebuilt": rebuilt, "within": shipped[1] <= rebuilt[0] <= shipped[2]}


def _interval(figure: dict[str, Any]) -> list[float]:
    return [figure["value"], figure["low"], figure["high"]]


def _read(folder: Path, name: str) -> dict[str, Any]:
    result: dict[str, Any] = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    return result


def main() -> None:
    """Print and store the comparison."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("clone", type=Path)
    arguments = parser.parse_args()
    result = compare(RESULTS, arguments.clone / RESULTS.relative_to(ROOT))
    for row in result["aims"]:
        shipped, rebuilt = (f"{v[0]:.3f} [{v[1]:.3f}, {v[2]:.3f}]" for v in (row["shipped"], row["rebuilt"]))
        print(f"{row['what']:84} {shipped} {rebuilt} {'within' if row['within'] else 'OUTSIDE'}")
    print({name: value for name, value in result.items() if name not in {"aims", "classes"}})
    store("reproduction", result)


if __name__ == "__main__":
    main()
