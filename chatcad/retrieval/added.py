"""The user's own documents: taken into the store, kept by version, and removed again.

It knows ``<cache>/added``, one JSON-lines file for each version of a document: a header, then its records. The
newest version is searched; older ones stay as a record of what was said before.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tqdm import tqdm

from chatcad.config import Settings
from chatcad.errors import KnowledgeInvalid
from chatcad.retrieval.chunks import records_of
from chatcad.retrieval.documents import parse, read_bytes
from chatcad.retrieval.passages import Record

_YEAR = re.compile(r"(?:19|20)\d\d")


@dataclass(frozen=True, slots=True)
class AddReport:
    """What became of each file: taken in, already there, or refused with a one-line reason."""

    added: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    refused: tuple[tuple[str, str], ...] = ()
    passages: int = 0

    def __str__(self) -> str:
        """Return a line of counts, then one line for each refused file."""
        counts = f"{len(self.added)} added ({self.passages} passages), {len(self.unchanged)} unchanged"
        return "\n".join([f"{counts}, {len(self.refused)} refused", *(f"{p}: {why}" for p, why in self.refused)])


@dataclass(frozen=True, slots=True)
class Stored:
    """One version of one document in the store; ``key`` is what the ids of its passages begin with."""

    path: Path
    key: str
    sha256: str
    told: Mapping[str, Any]

    @property
    def document(self) -> str:
        """What all versions of the document share."""
        return self.path.name.split(".")[0]

    @property
    def version(self) -> int:
        """1 for what was added first."""
        return int(self.path.name.split(".")[1])

    def records(self) -> tuple[Record, ...]:
        """Return its passages."""
        lines = self.path.read_text(encoding="utf-8").splitlines()[1:]
        return tuple(Record.model_validate_json(line) for line in lines)


def added_folder(settings: Settings) -> Path:
    """Return where the user's documents are kept."""
    return settings.cache / "added"


def stored(settings: Settings) -> tuple[list[Stored], list[Stored]]:
    """Return the versions that are searched, and those that a newer one has superseded."""
    newest: dict[str, Stored] = {}
    older: list[Stored] = []
    for path in sorted(added_folder(settings).glob("*.*.jsonl")):
        with path.open(encoding="utf-8") as lines:
            header = json.loads(lines.readline())
        version = Stored(path, header["key"], header["sha256"], header["told"])
        if version.document in newest:
            older.append(newest[version.document])
        newest[version.document] = version
    return list(newest.values()), older


def load_added(settings: Settings) -> tuple[Record, ...]:
    """Return the passages of the newest version of every document that the user has added."""
    return tuple(record for version in stored(settings)[0] for record in version.records())


def load_superseded(settings: Settings) -> tuple[Record, ...]:
    """Return the passages of the older versions, which are listed and not searched."""
    return tuple(record for version in stored(settings)[1] for record in version.records())


def add_documents(paths: Sequence[Path], settings: Settings, told: Mapping[str, Any] | None = None) -> AddReport:
    """Take ``paths`` (files, or folders searched for files) into the store; a second time changes nothing.

    Parameters
    ----------
    paths
        A changed file becomes a new version of its document.
    told
        Those of ``title``, ``source``, ``url``, ``year`` and ``audience`` that the user gives; they go before what
        a document says of itself.
    """
    given = {k: v for k, v in (told or {}).items() if v is not None}
    added: list[str] = []
    unchanged: list[str] = []
    refused: list[tuple[str, str]] = []
    passages = 0
    files = list(_files(paths))
    for path in tqdm(files, desc="reading documents", unit="file", leave=False, disable=len(files) < 2):
        try:
            records = _add(path, settings, given)
        except KnowledgeInvalid as error:
            refused.append((str(path), str(error)))
            continue
        (added if records else unchanged).append(str(path))
        passages += records
    return AddReport(tuple(added), tuple(unchanged), tuple(refused), passages)


def remove_documents(name: str, settings: Settings) -> int:
    """Remove a document with all its versions, and return how many passages are no longer searched.

    Parameters
    ----------
    name
        The path it was added from, the id of one of its passages, or what these ids begin with.

    Raises
    ------
    KnowledgeInvalid
        Nothing of that name was added.
    """
    newest, older = stored(settings)
    keys = {v.document for v in (*newest, *older) if name == v.key or name.startswith(f"{v.key}:")}
    documents = keys or {_document(Path(name))} | _same_content(Path(name), newest)
    gone = [v for v in newest if v.document in documents]
    if not gone:
        raise KnowledgeInvalid(f"{name} was not added: see `knowledge list` for what was")
    count = sum(len(v.records()) for v in gone)
    for version in (v for v in (*newest, *older) if v.document in documents):
        version.path.unlink()
    return count


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(p for p in path.rglob("*") if p.is_file() and not p.name.startswith("."))
        else:
            yield path


def _add(path: Path, settings: Settings, told: dict[str, Any]) -> int:
    """Store one file and return the number of its passages, 0 where it is there already."""
    content = read_bytes(path)
    sha256 = hashlib.sha256(content).hexdigest()
    newest, _ = stored(settings)
    # The same content under another name is the same document.
    known = next((v for v in newest if v.sha256 == sha256), None)
    if known and told in ({}, known.told):
        return 0
    document = parse(content, path.suffix.lower())
    about = {"title": path.stem.replace("_", " "), "source": path.name, "url": "", "audience": "clinician"}
    about |= document.about | {"year": _year(path, document.about)} | told
    about.pop("made", None)
    name = known.document if known else _document(path)
    version = 1 + max((v.version for v in newest if v.document == name), default=0)
    key = f"added:{hashlib.sha256(f'{sha256}{sorted(told.items())}'.encode()).hexdigest()[:12]}"
    records = records_of(document, key, about)
    header = json.dumps({"key": key, "sha256": sha256, "told": told})
    target = added_folder(settings) / f"{name}.{version:04d}.jsonl"
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_suffix(".part")
    part.write_text("\n".join([header, *(r.model_dump_json() for r in records)]), encoding="utf-8")
    part.replace(target)
    return len(records)


def _document(path: Path) -> str:
    # The path is hashed: a folder's name may carry a person's.
    return hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:16]


def _same_content(path: Path, versions: Sequence[Stored]) -> set[str]:
    if not path.is_file():
        return set()
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    return {v.document for v in versions if v.sha256 == sha256}


def _year(path: Path, about: Mapping[str, Any]) -> Any:
    """Return the year that the document states, else that in its name, else of its making, else of the last change."""
    named = _YEAR.search(path.stem)
    changed = datetime.fromtimestamp(path.stat().st_mtime, UTC).year
    return about.get("year") or (int(named[0]) if named else 0) or about.get("made") or changed
