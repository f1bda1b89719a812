"""What is stored comes back as it was put in at that very place, or not at all: sealed with a key, or with a checksum.

With a key the bytes are encrypted (AES-256-GCM, NIST SP 800-38D, a fresh 96-bit nonce each). The place (table, id,
column) is bound to them, so that a row can't be swapped for another one's.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from chatcad.errors import StoreUnusable, UsageError
from chatcad.sessions.codec import Unreadable

_KEY_BYTES, _NONCE_BYTES, _SUM_BYTES = 32, 12, 16


@dataclass(frozen=True, slots=True)
class Seal:
    """Seals with ``cipher``; without one the bytes stay readable, followed by a checksum."""

    cipher: AESGCM | None = None

    def close(self, data: bytes, place: str) -> bytes:
        """Return the bytes as they are stored."""
        if self.cipher is None:
            return data + _checksum(data, place)
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self.cipher.encrypt(nonce, data, place.encode())

    def open(self, stored: bytes, place: str) -> bytes:
        """Return what was put in.

        Raises
        ------
        Unreadable
            The bytes were changed, belong to another place, or were sealed otherwise.
        """
        if self.cipher is None:
            data, found = stored[:-_SUM_BYTES], stored[-_SUM_BYTES:]
            if not hmac.compare_digest(found, _checksum(data, place)):
                raise Unreadable("its checksum is wrong")
            return data
        try:
            return self.cipher.decrypt(stored[:_NONCE_BYTES], stored[_NONCE_BYTES:], place.encode())
        except (InvalidTag, ValueError) as error:
            raise Unreadable("it doesn't open with this key") from error


def _checksum(data: bytes, place: str) -> bytes:
    # The place first, and of fixed length: no other pair of place and data runs together into the same bytes.
    return hashlib.blake2b(hashlib.sha256(place.encode()).digest() + data, digest_size=_SUM_BYTES).digest()


def seal_of(key_file: str) -> Seal:
    """Return the seal of a key file, or the one without a key for ``""``.

    Raises
    ------
    StoreUnusable
        The file can't be read, or holds no key.
    """
    if not key_file:
        return Seal()
    try:
        key = base64.b64decode(Path(key_file).read_text(encoding="ascii").strip(), validate=True)
    except OSError as error:
        raise StoreUnusable(
            f"the key file {key_file} can't be read ({error.strerror}): mend CHATCAD_KEY_FILE"
        ) from error
    except (UnicodeDecodeError, binascii.Error):
        key = b""
    if len(key) != _KEY_BYTES:
        raise StoreUnusable(f"{key_file} is no key: make one with `python -m chatcad sessions key PATH`")
    return Seal(AESGCM(key))


def write_key(path: Path) -> None:
    """Write a new key that only its owner may read; an existing file is never overwritten.

    Raises
    ------
    UsageError
        The file is there already, or can't be written.
    """
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise UsageError(f"the key {path} can't be written: {error.strerror}") from error
    with os.fdopen(handle, "wb") as file:
        file.write(base64.b64encode(os.urandom(_KEY_BYTES)) + b"\n")
