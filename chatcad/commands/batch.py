"""``batch FOLDER|URL --out TABLE.csv|.parquet``: many films, one row each, resumable; ``--export`` adds reports."""

from __future__ import annotations

import argparse
import csv
import os
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Sequence, Sized
from pathlib import Path
from typing import Any

from chatcad import export
from chatcad.ahead import in_order
from chatcad.config import Settings
from chatcad.errors import ExportRefused, ImageRefused, UsageError
from chatcad.findings.measure import NAMES
from chatcad.network.node import query_filters
from chatcad.premises import keep_on_premises
from chatcad.scale import Networks, open_networks
from chatcad.sources import Films, Folder, Listed
from chatcad.types import Study
from chatcad.vocabulary import terms

AHEAD = 4
"""Films that are fetched while the networks read others."""


def run(arguments: argparse.Namespace, settings: Settings) -> None:
    """Read every film of a source; rows that a former run has written are kept and skipped.

    A Parquet file can't be added to: its rows are written to a CSV beside it, and the table is made of that at the end.
    """
    from tqdm import tqdm

    films = source_of(arguments, settings)
    out, table = arguments.out, arguments.out.with_suffix(".csv")
    if out.suffix not in {".csv", ".parquet"} or not out.parent.is_dir():
        raise UsageError(f"{out} can't be the table: give a name in .csv or .parquet, in a folder that is there")
    done = _names_done(table)
    before, listed = len(done), films.listed()
    read = _reading(arguments, settings, _new(listed, done), films)
    total = len(listed) if isinstance(listed, Sized) else None
    with table.open("a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns())
        if file.tell() == 0:
            writer.writeheader()
        for values in tqdm(read, initial=before, total=total, unit="film", file=sys.stderr):
            writer.writerow(values)
            # A batch's rows are written whole before the next one is opened: a stopped run resumes after them.
            file.flush()
    if out.suffix == ".parquet":
        _as_parquet(table, out)


def source_of(arguments: argparse.Namespace, settings: Settings) -> Films:
    """Return the folder or the DICOMweb service that the arguments name.

    Raises
    ------
    UsageError
        An address or a filter is none, an address lies off the premises without leave, a folder has filters, or
        reports would be written among its films.
    """
    if not arguments.source.startswith(("http://", "https://")):
        if arguments.query:
            raise UsageError("--query asks a DICOMweb service: give its URL instead of a folder")
        folder = Path(arguments.source).absolute()
        if arguments.export and arguments.out.absolute().is_relative_to(folder):
            raise UsageError(
                f"{arguments.out} lies among the films, and its reports would be read as such: move it out"
            )
        return Folder(folder)
    from chatcad.network.dicomweb import Archive

    keep_on_premises(arguments.source, "patients' data", allow_remote=settings.allow_remote)
    return Archive(arguments.source, query_filters(arguments.query))


def _reading(
    arguments: argparse.Namespace, settings: Settings, listed: Iterable[Listed], films: Films
) -> Iterator[dict[str, Any]]:
    wanted = export.formats(arguments.export) if arguments.export else ()
    reports = arguments.out.with_name(f"{arguments.out.stem}-reports")
    if arguments.engine == "ray":
        from chatcad.scale.ray_batch import rows_by_ray

        return rows_by_ray(listed, films, settings, wanted=wanted, reports=reports)
    return rows(listed, films, open_networks(settings), settings, wanted=wanted, reports=reports)


def columns() -> list[str]:
    """Return the columns, in order."""
    labels = [f"{label}_{what}" for label in terms() for what in ("probability", "state")]
    return ["path", "accepted", "reason", "view", *labels, *NAMES, "ms"]


def rows(
    listed: Iterable[Listed],
    films: Films,
    reader: Networks,
    settings: Settings,
    *,
    wanted: Sequence[export.Format] = (),
    reports: Path = Path(),
) -> Iterator[dict[str, Any]]:
    """Yield one row a film, in order; a refused one has ``accepted`` false and the reason.

    Its report is written before its row, in the formats ``wanted``, to the folder ``reports``.
    """
    from chatcad.batches import read_films

    under_way: deque[tuple[str, Path | bytes | ImageRefused]] = deque()

    def contents() -> Iterator[Path | bytes | ImageRefused]:
        for name, content in in_order(lambda film: (film.name, _content(film, films)), listed, AHEAD):
            under_way.append((name, content))
            yield content

    for outcome in read_films(contents(), reader, settings):
        name, content = under_way.popleft()
        head: dict[str, Any] = {"path": name, "accepted": False}
        if isinstance(outcome, ImageRefused) or isinstance(content, ImageRefused):
            yield head | {"reason": str(outcome)}
            continue
        try:
            for one in wanted:
                export.export(export.drafted(outcome), one, reports, content)
            reason = ""
        except ExportRefused as refusal:
            reason = str(refusal)
        yield head | {"accepted": True, "reason": reason} | dict(_cells(outcome))


def _content(film: Listed, films: Films) -> Path | bytes | ImageRefused:
    if film.skip:
        return ImageRefused(film.skip)
    try:
        return films.open(film.name)
    except ImageRefused as refusal:
        return refusal


def _cells(study: Study) -> Iterator[tuple[str, Any]]:
    yield "view", study.view
    for finding in study.findings:
        yield f"{finding.label}_state", finding.state
        yield f"{finding.label}_probability", "" if finding.probability is None else round(finding.probability, 4)
    for measurement in study.measurements:
        yield measurement.name, "" if measurement.value is None else measurement.value
    yield "ms", round(study.run.timings_ms["total"])


def _new(listed: Iterable[Listed], done: set[str]) -> Iterator[Listed]:
    """Yield films that have no row yet, each once: a service's pages overlap where its archive grows meanwhile."""
    for film in listed:
        if film.name not in done:
            done.add(film.name)
            yield film


def _names_done(table: Path) -> set[str]:
    if not table.exists():
        return set()
    with table.open(newline="", encoding="utf-8") as file:
        header = next(csv.reader(file), None)
        if header and header != columns():
            raise UsageError(f"{table} has other columns: name a new file, or remove it")
    _cut_torn_row(table)
    with table.open(newline="", encoding="utf-8") as file:
        return {r["path"] for r in csv.DictReader(file)}


def _cut_torn_row(table: Path) -> None:
    """Cut off what a full disk or a power cut left of a row: the next one would be joined to it."""
    data = table.read_bytes()
    os.truncate(table, data.rfind(b"\n") + 1)


def _as_parquet(table: Path, out: Path) -> None:
    """Write a table of rows as Parquet: numbers as numbers, an empty cell as null."""
    from pyarrow import bool_, float64, parquet, string
    from pyarrow import csv as arrow

    numbers = [*(f"{label}_probability" for label in terms()), *NAMES, "ms"]
    kinds = dict.fromkeys(columns(), string()) | dict.fromkeys(numbers, float64()) | {"accepted": bool_()}
    options = arrow.ConvertOptions(column_types=kinds, strings_can_be_null=True)
    parquet.write_table(arrow.read_csv(table, convert_options=options), out)
