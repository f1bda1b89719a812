"""``batch DIR --out results.csv``: many films, one row each, resumable."""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chatcad.config import Settings
from chatcad.errors import ImageRefused, UsageError
from chatcad.findings.measure import NAMES
from chatcad.types import Study
from chatcad.vocabulary import terms

if TYPE_CHECKING:
    from cad_models.reader import CadReader

SUFFIXES = frozenset({".dcm", ".png", ".jpg", ".jpeg", ""})


def run(arguments: argparse.Namespace, settings: Settings) -> None:
    """Read every film below a folder; rows that a former run has written are kept and skipped."""
    from tqdm import tqdm

    from cad_models.choice import chosen
    from cad_models.reader import CadReader

    if not arguments.folder.is_dir():
        raise UsageError(f"{arguments.folder} is not a folder: name one that holds films")
    done = _paths_done(arguments.out)
    files = [p for p in sorted(arguments.folder.rglob("*")) if p.is_file() and p.suffix.lower() in SUFFIXES]
    waiting = [p for p in files if str(p.relative_to(arguments.folder)) not in done]
    reader = CadReader(chosen(settings.cache))
    with arguments.out.open("a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns())
        if not done:
            writer.writeheader()
        for values in tqdm(
            rows(waiting, arguments.folder, reader, settings), total=len(waiting), unit="film", file=sys.stderr
        ):
            writer.writerow(values)
            # A batch's rows are written whole before the next one is opened: a stopped run resumes after them.
            file.flush()


def columns() -> list[str]:
    """Return the columns, in order."""
    labels = [f"{label}_{what}" for label in terms() for what in ("probability", "state")]
    return ["path", "accepted", "reason", "view", *labels, *NAMES, "ms"]


def rows(paths: Sequence[Path], folder: Path, reader: CadReader, settings: Settings) -> Iterator[dict[str, Any]]:
    """Yield one row a file, in order; a refused one has ``accepted`` false and the reason."""
    from chatcad.batches import read_films

    for path, outcome in zip(paths, read_films(paths, reader, settings), strict=True):
        head = {"path": str(path.relative_to(folder))}
        if isinstance(outcome, ImageRefused):
            yield head | {"accepted": False, "reason": str(outcome)}
        else:
            yield head | {"accepted": True, "reason": ""} | dict(_cells(outcome))


def _cells(study: Study) -> Iterator[tuple[str, Any]]:
    yield "view", study.view
    for finding in study.findings:
        yield f"{finding.label}_state", finding.state
        yield f"{finding.label}_probability", "" if finding.probability is None else round(finding.probability, 4)
    for measurement in study.measurements:
        yield measurement.name, "" if measurement.value is None else measurement.value
    yield "ms", round(study.run.timings_ms["total"])


def _paths_done(out: Path) -> set[str]:
    if not out.exists():
        return set()
    with out.open(newline="", encoding="utf-8") as file:
        rows = csv.DictReader(file)
        if rows.fieldnames and list(rows.fieldnames) != columns():
            raise UsageError(f"{out} has other columns: name a new file, or remove it")
        return {r["path"] for r in rows}
