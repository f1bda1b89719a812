"""The user's report files: text, JSON lines and CSV; which text in them is one report.

It knows file formats and their limits. What may be kept of a report is `clean`'s decision.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

from chatcad.errors import KnowledgeInvalid

TEXT, TABLES = frozenset({".txt", ".md"}), frozenset({".csv", ".jsonl"})
COLUMNS = ("report", "text", "findings", "impression", "report_text", "radiology_report")
"""Where a table keeps a report, in small letters: one of the first two, or findings and impression together."""

LARGEST_FILE, LONGEST_REPORT = 256 * 2**20, 20_000


def report_files(path: Path) -> list[Path]:
    """Return the report files of a path, a folder searched through.

    Raises
    ------
    KnowledgeInvalid
        The path is not there, or holds nothing that could be reports.
    """
    if not path.exists():
        raise KnowledgeInvalid(f"{path}: no such file or folder")
    every = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
    fitting = [p for p in every if p.suffix.lower() in TEXT | TABLES]
    if not fitting:
        raise KnowledgeInvalid(f"{path}: no reports in it: give .txt, .md, .jsonl or .csv with a column `text`")
    return fitting


def read_reports(path: Path) -> Iterator[str]:
    """Yield the raw reports of one file: a text file is one report, a row of a table is one.

    Raises
    ------
    KnowledgeInvalid
        The file is too large, no UTF-8 text, or a table without a column for the report.
    """
    if path.stat().st_size > LARGEST_FILE:
        raise KnowledgeInvalid(f"{path}: larger than {LARGEST_FILE // 2**20} MB: split it")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise KnowledgeInvalid(f"{path}: not UTF-8 text (byte {error.start}): convert it") from error
    kind = path.suffix.lower()
    found = [text] if kind in TEXT else _rows(path, text) if kind == ".csv" else _lines(path, text)
    yield from (report[:LONGEST_REPORT] for report in found if report.strip())


def _rows(path: Path, text: str) -> Iterator[str]:
    try:
        for row in csv.DictReader(io.StringIO(text, newline="")):
            yield _report(path, {str(k): v for k, v in row.items() if isinstance(v, str)})
    except csv.Error as error:
        raise KnowledgeInvalid(f"{path}: no CSV: {error}") from error


def _lines(path: Path, text: str) -> Iterator[str]:
    for number, line in enumerate(
        text.split("\n"), 1
    ):  # `splitlines` would also cut at U+0085 or U+2028 inside a report
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise KnowledgeInvalid(f"{path}: line {number} is no JSON") from error
        if isinstance(row, dict):
            row = _report(path, {str(k): v for k, v in row.items() if isinstance(v, str)})
        if not isinstance(row, str):
            raise KnowledgeInvalid(f"{path}: line {number} is neither a text nor an object with `text`")
        yield row


def _report(path: Path, row: dict[str, str]) -> str:
    """Return the report of a row: one column, or findings and impression with their headings."""
    named = {k.strip().lower(): v for k, v in row.items()}
    columns = [c for c in COLUMNS if c in named]
    if not columns:
        raise KnowledgeInvalid(f"{path}: no column is called {', '.join(COLUMNS[:2])}: rename the one with the reports")
    if set(columns) & {"findings", "impression"} and columns[0] not in COLUMNS[:2]:
        return "\n".join(f"{c}: {named[c]}" for c in ("findings", "impression") if named.get(c))
    return named[columns[0]]
