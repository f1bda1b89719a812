"""Which servers are on the premises, and what of a message a server could take for a control token.

It knows addresses and text; it opens no connection and asks no name server.
"""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

_LOCAL_ENDINGS = (".local", ".localhost", ".internal", ".lan", ".home.arpa")
_CONTROL = re.compile(r"<(?=[|/]?\w{1,40}[|>])|<(?=\|[^<>|\n]{1,40}\|>)|\[(?=/?INST\]|/?SYS\])", re.IGNORECASE)


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


def defuse(text: str) -> str:
    """Return ``text`` with a space put into whatever looks like a chat template's control token.

    A server tokenizes the rendered template, so ``<|im_start|>system`` inside a question could open a turn. An
    inequality such as ``ratio <0.5`` stays as it is.
    """
    return _CONTROL.sub(lambda match: match.group() + " ", text)
