"""API keys: 256 random bits, shown once and stored as their sha256.

A fast hash is right here: nobody can guess 256 random bits, so there is nothing to slow down (unlike with passwords).
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

from chatcad.access.names import Names
from chatcad.config import Settings

PREFIX = "chatcad_"


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of this installation by the names of those who hold them."""

    names: Names

    @classmethod
    def of(cls, settings: Settings) -> Keys:
        """Return those that lie in the cache folder."""
        return cls(Names(settings.cache / "access" / "keys.json"))

    def add(self, name: str) -> str:
        """Make a key and return it; it can't be shown again."""
        key = PREFIX + secrets.token_urlsafe(32)
        self.names.put(name, _digest(key))
        return key

    def holder(self, key: str) -> str | None:
        """Return who holds a key, ``None`` for an unknown one; revoked keys are unknown at once."""
        asked = _digest(key)
        found = [name for name, digest in self.names.all().items() if secrets.compare_digest(digest, asked)]
        return found[0] if found else None

    def __bool__(self) -> bool:
        return bool(self.names.all())


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
