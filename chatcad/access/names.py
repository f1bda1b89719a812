"""A small file of names and what is stored of each: written whole or not at all, readable by its owner only."""

from __future__ import annotations

import json
import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

import msgspec
from filelock import FileLock

from chatcad.errors import UsageError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")


@dataclass(frozen=True, slots=True)
class Names:
    """Names with a text each, such as a password's hash."""

    path: Path

    def all(self) -> dict[str, str]:
        """Return every name with its text.

        Raises
        ------
        UsageError
            The file is damaged.
        """
        try:
            return msgspec.json.decode(self.path.read_bytes(), type=dict[str, str])
        except FileNotFoundError:
            return {}
        except (OSError, msgspec.DecodeError) as error:
            raise UsageError(f"{self.path} can't be read ({error}): restore it, or remove it and add again") from error

    def put(self, name: str, text: str) -> None:
        """Store a name.

        Raises
        ------
        UsageError
            It is there already, or is no name.
        """
        if not _NAME.fullmatch(name):
            raise UsageError(f"{name!r} is no name: use up to 64 letters, digits, dots, dashes, underscores and @")
        with self._locked():
            if name in (there := self.all()):
                raise UsageError(f"{name} is there already: remove it first, or choose another name")
            self._write({**there, name: text})

    def remove(self, name: str) -> None:
        """Take a name out.

        Raises
        ------
        UsageError
            There is none such.
        """
        with self._locked():
            if name not in (there := self.all()):
                raise UsageError(f"{name} is not there: see `list`")
            self._write({n: text for n, text in there.items() if n != name})

    def _locked(self) -> FileLock:
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        return FileLock(self.path.with_suffix(".lock"), timeout=10, mode=0o600)

    def _write(self, names: dict[str, str]) -> None:
        # mkstemp makes files that only their owner can read
        handle, new = tempfile.mkstemp(dir=self.path.parent)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(names, file, indent=1)
        Path(new).replace(self.path)
