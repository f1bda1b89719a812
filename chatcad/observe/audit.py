"""Who read, asked, opened, exported and erased what, and when: append-only JSON lines, each sealed by the next one.

A record holds the sha256 of the line before it, so a changed, removed or moved line breaks the chain there. The last
line's number and sha256 stand in a second file, so removing lines at the end is found as well. Whoever can write both
files can forge both: copy the head that ``audit verify`` prints to another machine to find even that.

No name of a patient, no question (its sha256 and kind instead, unless the settings say otherwise), no file's name.
"""

from __future__ import annotations

import datetime
import errno
import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from chatcad.config import Settings
from chatcad.errors import AuditFailed

START = "0" * 64
_LOCK_SECONDS = 10
_LONGEST_LINE = 64 * 2**10


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the check of a log found; ``head`` is the last line's sha256, ``remarks`` are no faults."""

    lines: int
    head: str
    faults: tuple[str, ...]
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Audit:
    """A log that many threads and processes may write; ``questions`` keeps their words."""

    path: Path
    questions: bool = False

    def write(self, action: str, owner: str, *, film: str = "", kind: str = "", question: str | None = None) -> None:
        """Append one record and wait until it is on the disk.

        Parameters
        ----------
        action
            ``"read"``, ``"refused"``, ``"asked"``, ``"opened"``, ``"exported"`` or ``"erased"``.
        owner
            Who did it: a user's or a key's name, or an address.
        film
            The film's sha256.
        kind
            The question's kind, the error's class or the export's format.
        question
            As it was asked; only its sha256 is kept unless ``questions``.

        Raises
        ------
        AuditFailed
            The log can't be written.
        """
        record: dict[str, Any] = {"time": _now(), "owner": owner, "action": action, "film": film, "kind": kind}
        if question is not None:
            record["question_sha256"] = hashlib.sha256(question.encode(errors="replace")).hexdigest()
            if self.questions:
                record["question"] = question
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with FileLock(self.path.with_suffix(".lock"), timeout=_LOCK_SECONDS, mode=0o600):
                self._append(record)
        except (OSError, Timeout) as error:
            raise AuditFailed(
                f"the audit log {self.path} can't be written ({type(error).__name__}): make room there, or set "
                "CHATCAD_AUDIT=off"
            ) from error

    def _append(self, record: dict[str, Any]) -> None:
        handle = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            last = _last_line(handle)
            torn = bool(last) and not last.endswith(b"\n")
            sealed = {"previous": _seal(last) if last else START, **record}
            if torn:
                sealed["after_torn_line"] = True
            line = json.dumps(sealed).encode() + b"\n"
            whole = b"\n" + line if torn else line
            if os.write(handle, whole) < len(whole):  # as a disk does that gets full on the way
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(handle)
            self._note_head(os.fstat(handle).st_size, _seal(line))
        finally:
            os.close(handle)

    def _note_head(self, size: int, seal: str) -> None:
        new = self.path.with_suffix(".head.new")
        new.write_text(f"{size} {seal}\n")
        new.replace(self._head_file())  # whole or not at all

    def _head_file(self) -> Path:
        return self.path.with_suffix(".head")

    def records(self) -> list[dict[str, Any]]:
        """Return every record that can be read, the oldest first."""
        lines = self.path.read_bytes().splitlines() if self.path.exists() else []
        return [record for record in map(_parsed, lines) if record is not None]

    def verify(self) -> Verdict:
        """Check every seal, and that nothing is missing at the end."""
        lines = self.path.read_bytes().splitlines(keepends=True) if self.path.exists() else []
        faults: list[str] = []
        remarks: list[str] = []
        previous = START
        for number, line in enumerate(lines, start=1):
            record = _parsed(line)
            following = _parsed(lines[number]) if number < len(lines) else None
            if record is None:
                end = number == len(lines) and not line.endswith(b"\n")
                torn = end or (following or {}).get("after_torn_line") is True
                said = (
                    f"line {number} is torn: the process ended while writing it"
                    if torn
                    else f"line {number} is no record"
                )
                (remarks if torn else faults).append(said)
            elif record.get("previous") != previous:
                faults.append(f"line {number} doesn't follow line {number - 1}: one of them was changed or removed")
            previous = _seal(line)
        faults += self._missing_at_the_end(lines)
        return Verdict(len(lines), previous, tuple(faults), tuple(remarks))

    def _missing_at_the_end(self, lines: list[bytes]) -> list[str]:
        """Compare with the head file; a log that is longer is sound: a process ended between the two writes."""
        try:
            size, seal = self._head_file().read_text().split()
        except (OSError, ValueError):
            return ["the head file is missing or damaged: lines may have been removed at the end"] if lines else []
        reached = 0
        for line in lines:
            reached += len(line)
            if reached == int(size):
                return [] if _seal(line) == seal else ["the last line was changed after it was written"]
        return ["lines were removed at the end, or the log was shortened"]


def path_of(settings: Settings) -> Path:
    """Return where the log lies."""
    return settings.cache / "audit" / "audit.jsonl"


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")


def _seal(line: bytes) -> str:
    """Return the sha256 of a line without its end, so that a torn line's seal doesn't change when it is ended."""
    return hashlib.sha256(line.removesuffix(b"\n")).hexdigest()


def _last_line(handle: int) -> bytes:
    size = os.fstat(handle).st_size
    start = max(0, size - _LONGEST_LINE)
    tail = os.pread(handle, size - start, start)
    return tail[tail.rfind(b"\n", 0, max(0, len(tail) - 1)) + 1 :]


def _parsed(line: bytes) -> dict[str, Any] | None:
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) else None
