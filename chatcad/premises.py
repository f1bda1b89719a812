"""Which servers are on the premises: nothing about a patient is sent to others unless the user says so.

It knows addresses; it opens no connection and asks no name server.
"""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from chatcad.errors import UsageError

_LOCAL_ENDINGS = (".local", ".localhost", ".internal", ".lan", ".home.arpa")


def on_premises(url: str) -> bool:
    """Return whether a URL's host is this machine or one of a private network, by its address or name alone.

    Loopback, private and link-local addresses are (RFC 1918, RFC 4193, RFC 3927), and names without a dot or in a
    domain that is never public (RFC 6761, RFC 6762, RFC 8375).
    """
    host = (urlsplit(url).hostname or "").rstrip(".").lower()
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return (
            bool(host)
            and not re.fullmatch(r"0x[0-9a-f]+|\d+", host)
            and ("." not in host or host.endswith(_LOCAL_ENDINGS))
        )
    return address.is_loopback or address.is_private or address.is_link_local


def keep_on_premises(url: str, what: str, *, allow_remote: bool) -> None:
    """Refuse an address to which ``what`` would leave the premises.

    Raises
    ------
    UsageError
        It is on a public network, and ``allow_remote`` isn't set.
    """
    if not (allow_remote or on_premises(url)):
        raise UsageError(f"{url} is not on the premises, and {what} would leave them: set CHATCAD_ALLOW_REMOTE=1")
