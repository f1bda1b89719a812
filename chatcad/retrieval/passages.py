"""The format of the project's own passages: parse it, check it, name the file and field that break it.

It knows ``knowledge/passages/*.md`` (described in ``knowledge/README.md``) and the record that every kind of
text becomes before it is indexed. It knows nothing of search.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, overload

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from chatcad.errors import KnowledgeInvalid
from chatcad.retrieval.terms import LABELS, TOPICS
from chatcad.types import Audience, Passage, Urgency

Evidence = Literal["guideline", "review", "textbook", "consensus", "local"]
Origin = Literal["own", "added", "medquad"]

_FRONT_MATTER = re.compile(r"\A---\n(.*?)\n---\n", re.DOTALL)
_HEADING = re.compile(r"\A([a-z0-9][a-z0-9-]*): (\S.*)\Z")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z\"“])")


class Record(BaseModel):
    """One indexed piece of text with its provenance.

    ``evidence`` says what kind of publication stands behind it (``local``: a document the user added);
    ``origin`` says which of the three sources of text it came from; ``supersedes`` names the ids of older
    passages that it replaces; ``page`` is the page of the added document, where it has pages, and
    ``section`` the heading above it there, which is searched and not quoted. So are ``asks``, questions that the
    passage answers, in readers' words.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str = Field(min_length=3)
    title: str = Field(min_length=3)
    text: str = Field(min_length=20, max_length=900)
    source: str = Field(min_length=3)
    url: str = Field(pattern=r"^(https?://\S+)?$")
    year: int = Field(ge=1900, le=2100)
    evidence: Evidence
    audience: Audience
    findings: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    urgency: Urgency = "none"
    origin: Origin = "own"
    supersedes: tuple[str, ...] = ()
    page: int | None = Field(default=None, ge=1)
    section: str = ""
    asks: tuple[str, ...] = ()

    @field_validator("findings")
    @classmethod
    def _known_labels(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return _only(value, LABELS)

    @field_validator("topics")
    @classmethod
    def _known_topics(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return _only(value, TOPICS)

    def passage(self, passage_id: str, score: float = 0.0) -> Passage:
        """Return what travels to the next stage, numbered ``passage_id`` and scored in ``[0, 1]``."""
        return Passage(
            id=passage_id,
            score=score,
            **self.model_dump(include=_SHARED_FIELDS),
        )


class Records(Sequence[Record]):
    """Records as they lie on disk, each read when it is asked for: a search looks at few of many.

    Parameters
    ----------
    lines
        One record a line, as JSON.
    """

    def __init__(self, lines: Sequence[bytes]) -> None:
        self._lines = lines
        self._read: dict[int, Record] = {}

    def __len__(self) -> int:
        return len(self._lines)

    @overload
    def __getitem__(self, row: int) -> Record: ...
    @overload
    def __getitem__(self, row: slice) -> Sequence[Record]: ...
    def __getitem__(self, row: int | slice) -> Record | Sequence[Record]:
        """Return a record, or several."""
        if isinstance(row, slice):
            return [self[i] for i in range(*row.indices(len(self)))]
        if row not in self._read:
            self._read[row] = Record.model_validate_json(self._lines[row])
        return self._read[row]


_SHARED_FIELDS = {"key", "title", "text", "source", "url", "year", "audience", "findings", "topics", "urgency", "page"}


def _only(value: tuple[str, ...], known: frozenset[str]) -> tuple[str, ...]:
    unknown = sorted(set(value) - known)
    if unknown:
        raise ValueError(f"unknown {', '.join(unknown)}; known are {', '.join(sorted(known))}")
    return value


def sentences(text: str) -> tuple[str, ...]:
    """Split ``text`` where a full stop, question or exclamation mark is followed by a capital."""
    return tuple(s for s in _SENTENCE_END.split(" ".join(text.split())) if s)


def asks_path(folder: Path) -> Path:
    """Return the file of the questions that the passages of ``folder`` answer; it may be missing."""
    return folder.parent / "asks.yaml"


def load_passages(folder: Path) -> tuple[Record, ...]:
    """Return every passage of ``folder``, in the order of file name and position.

    Parameters
    ----------
    folder
        Holds ``*.md`` files in the format of ``knowledge/README.md``; ``asks.yaml`` beside it gives questions by id.

    Raises
    ------
    KnowledgeInvalid
        A file breaks the format, two passages share an id, or a question is of no passage; the message names
        file and field.
    """
    seen: dict[str, str] = {}
    records: list[Record] = []
    asked = _asks(asks_path(folder))
    for path in sorted(folder.glob("*.md")):
        for record in parse_file(path):
            if record.key in seen:
                raise KnowledgeInvalid(f"{path.name}: id {record.key!r} is already used in {seen[record.key]}")
            seen[record.key] = path.name
            records.append(record.model_copy(update={"asks": asked.pop(record.key, ())}))
    if asked:
        raise KnowledgeInvalid(f"asks.yaml: no passage is called {', '.join(sorted(asked)[:3])}: rename or remove it")
    return tuple(records)


def _asks(path: Path) -> dict[str, tuple[str, ...]]:
    """Return questions by the id of the passage that answers them."""
    if not path.is_file():
        return {}
    listed = _mapping(path.read_text(encoding="utf-8"), path.name)
    if any(not isinstance(q, list) or not all(isinstance(text, str) for text in q) for q in listed.values()):
        raise KnowledgeInvalid(f"{path.name}: a passage's questions are not a list of texts")
    return {key: tuple(questions) for key, questions in listed.items()}


def parse_file(path: Path) -> tuple[Record, ...]:
    """Return the passages of one file.

    Raises
    ------
    KnowledgeInvalid
        The front matter or a block breaks the format.
    """
    text = path.read_text(encoding="utf-8")
    front = _FRONT_MATTER.match(text)
    if front is None:
        raise KnowledgeInvalid(f"{path.name}: no front matter between two lines of ---")
    shared = _mapping(front.group(1), path.name)
    if not isinstance(shared.pop("topic", None), str):
        raise KnowledgeInvalid(f"{path.name}: field topic is missing from the front matter")
    blocks = re.split(r"^## ", text[front.end() :], flags=re.MULTILINE)[1:]
    if not blocks:
        raise KnowledgeInvalid(f"{path.name}: holds no passage (a block starts with '## id: title')")
    return tuple(_record(block, shared, path.name) for block in blocks)


def _record(block: str, shared: dict[str, Any], name: str) -> Record:
    heading, _, rest = block.partition("\n")
    match = _HEADING.match(heading.strip())
    if match is None:
        raise KnowledgeInvalid(f"{name}: heading {heading!r} is not 'id: title' with an id of a-z, 0-9 and -")
    header, _, body = rest.partition("\n\n")
    fields = shared | _mapping(header, f"{name} {match[1]}")
    try:
        return Record.model_validate({"key": match[1], "title": match[2], "text": " ".join(body.split())} | fields)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise KnowledgeInvalid(f"{name} {match[1]}: field {field}: {first['msg']}") from error


def _mapping(text: str, where: str) -> dict[str, Any]:
    try:
        value = yaml.load(text, yaml.CSafeLoader)  # the safe loader, in C
    except yaml.YAMLError as error:
        raise KnowledgeInvalid(f"{where}: the header is not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(value, dict):
        raise KnowledgeInvalid(f"{where}: the header is not 'field: value' lines")
    return {str(k): v for k, v in value.items()}
