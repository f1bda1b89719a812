"""The store of reports: the user's archive under the cache, without anything of its patients; else simulated ones.

It knows ``<cache>/cases/reports.jsonl``, one cleaned report a line with its claims. The files themselves are not kept.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock

from chatcad.cases.clean import clean
from chatcad.cases.files import read_reports, report_files
from chatcad.cases.reports import Report, claims_of, key_of
from chatcad.cases.simulated import simulated_reports
from chatcad.checking.claims import Claim
from chatcad.config import Settings
from chatcad.errors import KnowledgeInvalid

NO_CLAIM = "no finding that we know by name"


@dataclass(frozen=True, slots=True)
class ReportsAdded:
    """What became of the reports given, what was left out of them by kind, and what was refused and why."""

    added: int
    unchanged: int
    dropped: Mapping[str, int]
    refused: Mapping[str, int]

    def __str__(self) -> str:
        """Return a line of counts, then one line each for what was left out and refused."""
        counts = f"{self.added} reports added, {self.unchanged} already there, {sum(self.refused.values())} refused"
        left_out = [f"left out: {n} {what}" for what, n in self.dropped.items() if n]
        return "\n".join([counts, *left_out, *(f"refused ({n}): {why}" for why, n in self.refused.items())])


def add(paths: Sequence[Path], settings: Settings) -> ReportsAdded:
    """Take reports into the store; the same report a second time changes nothing.

    Parameters
    ----------
    paths
        Files (``.txt``, ``.md``, ``.jsonl``, ``.csv``) or folders of them.
    """
    new: dict[str, Report] = {}
    dropped: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    unchanged = 0
    with _locked(settings):
        known = {r.key: r for r in archive(settings)}
        for source, raw in _raw(paths, refused):
            cleaned = clean(raw)
            dropped.update(cleaned.dropped)
            key, claims = key_of(cleaned.text), claims_of(cleaned.text)
            if not claims:
                refused[NO_CLAIM] += 1
            elif key in known or key in new:
                unchanged += 1
            else:
                new[key] = Report(key, cleaned.text, claims, "archive", source)
        if new:
            _write([*known.values(), *new.values()], settings)
    return ReportsAdded(len(new), unchanged, dict(dropped), dict(refused))


def remove(name: str, settings: Settings) -> int:
    """Remove reports by their key or by the file or folder that they came from, and return how many went.

    Raises
    ------
    KnowledgeInvalid
        Nothing of that name was added.
    """
    with _locked(settings):
        known = archive(settings)
        names = {name, *(_source(p) for p in _below(Path(name)))}
        kept = [r for r in known if not {r.key, r.source} & names]
        if len(kept) == len(known):
            raise KnowledgeInvalid(f"{name} was not added: see `knowledge list --reports` for what was")
        _write(kept, settings)
    return len(known) - len(kept)


def listed(settings: Settings) -> tuple[Report, ...]:
    """Return the reports that are searched: the archive, or the simulated ones where there is none."""
    return archive(settings) or simulated_reports()


def archive(settings: Settings) -> tuple[Report, ...]:
    """Return the user's reports in the order in which they were added."""
    path = archive_path(settings)
    if not path.is_file():
        return ()
    return tuple(_parsed(line) for line in path.read_text(encoding="utf-8").splitlines())


def archive_path(settings: Settings) -> Path:
    """Return where the user's reports are kept."""
    return settings.cache / "cases" / "reports.jsonl"


def _raw(paths: Sequence[Path], refused: Counter[str]) -> Iterable[tuple[str, str]]:
    for path in paths:
        try:
            for file in report_files(path):
                yield from ((_source(file), raw) for raw in read_reports(file))
        except KnowledgeInvalid as error:
            refused[str(error)] += 1


def _source(path: Path) -> str:
    # The path is hashed: a folder's name may carry a person's.
    return hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:16]


def _below(path: Path) -> list[Path]:
    return [path, *path.rglob("*")] if path.is_dir() else [path]


def _write(reports: Sequence[Report], settings: Settings) -> None:
    path = archive_path(settings)
    part = path.with_suffix(".part")
    part.write_text("".join(json.dumps(asdict(r)) + "\n" for r in reports), encoding="utf-8")
    part.replace(path)


def _parsed(line: str) -> Report:
    row = json.loads(line)
    return Report(**{**row, "claims": tuple(Claim(**c) for c in row["claims"])})


def _locked(settings: Settings) -> FileLock:
    path = archive_path(settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    return FileLock(path.with_suffix(".lock"))
