"""The user's own guidelines: plain text taken into the store, chunked, and kept apart from the project's.

It knows ``<cache>/added``, one JSON-lines file a document. A document is read as text only; what it says is
data for the answer and never an instruction.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from chatcad.config import Settings
from chatcad.errors import KnowledgeInvalid
from chatcad.retrieval.passages import Record
from chatcad.vocabulary import labels_in

FORMATS = frozenset({".md", ".txt"})
MAX_BYTES = 4 * 2**20
CHUNK_CHARACTERS = 500
_FRONT_MATTER = re.compile(r"\A---\n(.*?)\n---\n", re.DOTALL)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]|[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_YEAR_IN_NAME = re.compile(r"(?:19|20)\d\d")


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


def added_folder(settings: Settings) -> Path:
    """Return where the user's documents are kept."""
    return settings.cache / "added"


def added_files(settings: Settings) -> list[Path]:
    """Return the stored documents, in the order of their names."""
    return sorted(added_folder(settings).glob("*.jsonl"))


def load_added(settings: Settings) -> tuple[Record, ...]:
    """Return the passages of every document that the user has added."""
    return tuple(
        Record.model_validate_json(line)
        for path in added_files(settings)
        for line in path.read_text(encoding="utf-8").splitlines()[1:]
    )


def add_documents(paths: Sequence[Path], settings: Settings) -> AddReport:
    """Take ``paths`` (files, or folders searched for files) into the store; a second time changes nothing.

    A changed file replaces what was stored of it before.
    """
    added, unchanged, refused, passages = [], [], [], 0
    for path in _files(paths):
        try:
            content = _content(path)
            records = None if _stored(path, content, settings) else _records(path, content)
        except KnowledgeInvalid as error:
            refused.append((str(path), str(error)))
            continue
        if records is None:
            unchanged.append(str(path))
        else:
            _write(path, content, records, settings)
            added.append(str(path))
            passages += len(records)
    return AddReport(tuple(added), tuple(unchanged), tuple(refused), passages)


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(p for p in path.rglob("*") if p.is_file() and not p.name.startswith("."))
        else:
            yield path


def _content(path: Path) -> str:
    if path.suffix.lower() not in FORMATS:
        raise KnowledgeInvalid(f"{path.suffix or 'no suffix'} isn't read yet: save it as .txt or .md")
    try:
        if path.stat().st_size > MAX_BYTES:
            raise KnowledgeInvalid(f"larger than {MAX_BYTES // 2**20} MB: split it")
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise KnowledgeInvalid(f"can't be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise KnowledgeInvalid("isn't UTF-8 text: save it as UTF-8") from error
    return _CONTROL.sub("", text.replace("\r\n", "\n"))


def _records(path: Path, content: str) -> list[Record]:
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    front, body = _front_matter(content)
    splitter = RecursiveCharacterTextSplitter(
        chunk_size=CHUNK_CHARACTERS,
        chunk_overlap=0,
        separators=["\n## ", "\n# ", "\n\n", ". ", "\n", " "],
        keep_separator="end",
    )
    chunks = [" ".join(chunk.replace("#", " ").split()) for chunk in splitter.split_text(body)]
    title = str(front.get("title") or _heading(body) or path.stem.replace("_", " "))
    key = hashlib.sha256(content.encode()).hexdigest()[:12]
    shared: dict[str, Any] = {
        "source": str(front.get("source") or path.name),
        "url": front.get("url") or "",
        "year": front.get("year") or _year(path),
        "audience": front.get("audience") or "clinician",
        "evidence": "local",
        "origin": "added",
    }
    try:
        records = [
            Record(key=f"added:{key}:{n}", title=title, text=text, findings=labels_in(text), **shared)
            for n, text in enumerate(c for c in chunks if len(c) >= 20)
        ]
    except ValidationError as error:
        first = error.errors()[0]
        raise KnowledgeInvalid(f"field {'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    if not records:
        raise KnowledgeInvalid("holds no text")
    return records


def _front_matter(content: str) -> tuple[dict[str, Any], str]:
    match = _FRONT_MATTER.match(content)
    if match is None:
        return {}, content
    try:
        front = yaml.safe_load(match[1])
    except yaml.YAMLError as error:
        raise KnowledgeInvalid("the front matter between --- lines isn't YAML: mend or remove it") from error
    return (front if isinstance(front, dict) else {}), content[match.end() :]


def _heading(body: str) -> str | None:
    match = re.search(r"^#+\s+(\S.*)$", body, re.MULTILINE)
    return match[1].strip() if match else None


def _year(path: Path) -> int:
    """Return the year in the file's name, else that of its last change."""
    match = _YEAR_IN_NAME.search(path.stem)
    return int(match[0]) if match else datetime.fromtimestamp(path.stat().st_mtime, UTC).year


def _target(path: Path, settings: Settings) -> Path:
    # The path is hashed: a folder's name may carry a person's.
    return added_folder(settings) / f"{hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:16]}.jsonl"


def _header(content: str) -> str:
    return json.dumps({"sha256": hashlib.sha256(content.encode()).hexdigest()})


def _stored(path: Path, content: str, settings: Settings) -> bool:
    """Whether this very text is in the store already, under this path or another."""
    return any(p.read_text(encoding="utf-8").split("\n", 1)[0] == _header(content) for p in added_files(settings))


def _write(path: Path, content: str, records: Sequence[Record], settings: Settings) -> None:
    target = _target(path, settings)
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_suffix(".part")
    part.write_text("\n".join([_header(content), *(r.model_dump_json() for r in records)]), encoding="utf-8")
    part.replace(target)
