"""Whose a conversation is: the login's, or that of a random token which one browser keeps. Never both.

The store sees only a hash, so that neither a token nor a login name can be read from it.
"""

from __future__ import annotations

import hashlib
import re
import secrets

_TOKEN_BYTES = 16
_TOKEN = re.compile(rf"[0-9a-f]{{{2 * _TOKEN_BYTES}}}")


def new_token() -> str:
    """Return a random 128-bit token: it says nothing of its visitor."""
    return secrets.token_hex(_TOKEN_BYTES)


def is_token(given: object) -> bool:
    """Tell whether a browser's value is a token of ours."""
    return isinstance(given, str) and _TOKEN.fullmatch(given) is not None


def owner_id(login: str | None, token: object) -> str:
    """Return the owner: of the login where there is one, else of the browser's token; ``""``, who owns nothing, else.

    The two are hashed apart, so that no token can stand for a login.
    """
    if not login and not is_token(token):
        return ""
    named = f"login:{login}" if login else f"browser:{token}"
    return hashlib.sha256(named.encode()).hexdigest()
