"""``batch DIR --out results.csv|results.parquet``: many films, one row each, resumable; ``--export`` adds reports."""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from chatcad import export
from chatcad.config import Settings
from chatcad.errors import ExportRefused, ImageRefused, UsageError
from chatcad.findings.measure import NAMES
from chatcad.scale import Networks, open_networks
from chatcad.types import Study
from chatcad.vocabulary import terms

SUFFIXES = frozenset({".dcm", ".png", ".jpg", ".jpeg", ""})


def run(arguments: argparse.Namespace, settings: Settings) -> None:
    """Read every film below a folder; rows that a former run has written are kept and skipped.

    A Parquet file can't be added to: its rows are written to a CSV beside it, and the table is made of that at the end.
    """
    from tqdm import tqdm

    if not arguments.folder.is_dir():
        raise UsageError(f"{arguments.folder} is not a folder: name one that holds films")
    wanted = export.formats(arguments.export) if arguments.export else ()
    out, table = arguments.out, arguments.out.with_suffix(".csv")
    done = _paths_done(table)
    files = [p for p in sorted(arguments.folder.rglob("*")) if p.is_file() and p.suffix.lower() in SUFFIXES]
    waiting = [p for p in files if str(p.relative_to(arguments.folder)) not in done]
    with table.open("a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns())
        if not done:
            writer.writeheader()
        reports = out.with_name(f"{out.stem}-reports")
        if arguments.engine == "ray":
            from chatcad.scale.folder import rows_by_ray

            read = rows_by_ray(waiting, arguments.folder, settings, wanted=wanted, reports=reports)
        else:
            reader = open_networks(settings)
            read = rows(waiting, arguments.folder, reader, settings, wanted=wanted, reports=reports)
        for values in tqdm(read, total=len(waiting), unit="film", file=sys.stderr):
            writer.writerow(values)
            # A batch's rows are written whole before the next one is opened: a stopped run resumes after them.
            file.flush()
    if out.suffix == ".parquet":
        _as_parquet(table, out)


def columns() -> list[str]:
    """Return the columns, in order."""
    labels = [f"{label}_{what}" for label in terms() for what in ("probability", "state")]
    return ["path", "accepted", "reason", "view", *labels, *NAMES, "ms"]


def rows(
    paths: Sequence[Path],
    folder: Path,
    reader: Networks,
    settings: Settings,
    *,
    wanted: Sequence[export.Format] = (),
    reports: Path = Path(),
) -> Iterator[dict[str, Any]]:
    """Yield one row a file, in order; a refused one has ``accepted`` false and the reason.

    Its report is written before its row, in the formats ``wanted``, to the folder ``reports``.
    """
    from chatcad.batches import read_films

    for path, outcome in zip(paths, read_films(paths, reader, settings), strict=True):
        head: dict[str, Any] = {"path": str(path.relative_to(folder)), "accepted": False}
        if isinstance(outcome, ImageRefused):
            yield head | {"reason": str(outcome)}
            continue
        try:
            for one in wanted:
                export.export(export.drafted(outcome), one, reports, path)
            reason = ""
        except ExportRefused as refusal:
            reason = str(refusal)
        yield head | {"accepted": True, "reason": reason} | dict(_cells(outcome))


def _cells(study: Study) -> Iterator[tuple[str, Any]]:
    yield "view", study.view
    for finding in study.findings:
        yield f"{finding.label}_state", finding.state
        yield f"{finding.label}_probability", "" if finding.probability is None else round(finding.probability, 4)
    for measurement in study.measurements:
        yield measurement.name, "" if measurement.value is None else measurement.value
    yield "ms", round(study.run.timings_ms["total"])


def _paths_done(table: Path) -> set[str]:
    if not table.exists():
        return set()
    with table.open(newline="", encoding="utf-8") as file:
        rows = csv.DictReader(file)
        if rows.fieldnames and list(rows.fieldnames) != columns():
            raise UsageError(f"{table} has other columns: name a new file, or remove it")
        return {r["path"] for r in rows}


def _as_parquet(table: Path, out: Path) -> None:
    """Write a table of rows as Parquet: numbers as numbers, an empty cell as null."""
    from pyarrow import bool_, float64, parquet, string
    from pyarrow import csv as arrow

    numbers = [*(f"{label}_probability" for label in terms()), *NAMES, "ms"]
    kinds = dict.fromkeys(columns(), string()) | dict.fromkeys(numbers, float64()) | {"accepted": bool_()}
    options = arrow.ConvertOptions(column_types=kinds, strings_can_be_null=True)
    parquet.write_table(arrow.read_csv(table, convert_options=options), out)
