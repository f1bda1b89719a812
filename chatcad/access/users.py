"""Users who log in on the page: their passwords as argon2id hashes (RFC 9106, argon2-cffi's defaults)."""

from __future__ import annotations

from dataclasses import dataclass, field

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from chatcad.access.names import Names
from chatcad.config import Settings
from chatcad.errors import UsageError

SHORTEST = 12
_NOBODY = PasswordHasher().hash("nobody's")


@dataclass(frozen=True, slots=True)
class Users:
    """The users of this installation."""

    names: Names
    _hasher: PasswordHasher = field(default_factory=PasswordHasher)

    @classmethod
    def of(cls, settings: Settings) -> Users:
        """Return those that lie in the cache folder."""
        return cls(Names(settings.cache / "access" / "users.json"))

    def add(self, name: str, password: str) -> None:
        """Store a user.

        Raises
        ------
        UsageError
            The password is too short, or the name is taken.
        """
        if len(password) < SHORTEST:
            raise UsageError(f"the password is shorter than {SHORTEST} characters: choose a longer one")
        self.names.put(name, self._hasher.hash(password))

    def fits(self, name: str, password: str) -> bool:
        """Return whether that user has that password; an unknown name takes as long as a wrong password."""
        stored = self.names.all().get(name)
        try:
            return self._hasher.verify(stored or _NOBODY, password) and stored is not None
        except (VerificationError, InvalidHashError):
            return False

    def __bool__(self) -> bool:
        return bool(self.names.all())
