"""What must be set up before anything is served, and who may use the API without a key."""

from __future__ import annotations

from chatcad.access.keys import Keys
from chatcad.access.users import Users
from chatcad.access.who import Proxies, is_loopback
from chatcad.config import Settings
from chatcad.errors import UsageError

OWN_NAMES = ("127.0.0.1", "localhost", "::1", "[::1]")


def require_login(settings: Settings) -> None:
    """Refuse to serve others than this machine's users without a login.

    Raises
    ------
    UsageError
        What is missing, and the command or variable that sets it up.
    """
    if settings.auth == "none" and not is_loopback(settings.host):
        raise UsageError(
            f"CHATCAD_HOST={settings.host} would let anybody on the network in: set CHATCAD_AUTH=basic "
            "(`python -m chatcad users add NAME`) or CHATCAD_AUTH=proxy, or leave CHATCAD_HOST at 127.0.0.1"
        )
    if settings.auth == "basic" and not Users.of(settings):
        raise UsageError("CHATCAD_AUTH=basic has no user yet: run `python -m chatcad users add NAME`")
    if settings.auth == "proxy" and not Proxies.of(settings).networks:
        raise UsageError(
            f"CHATCAD_AUTH=proxy believes {settings.auth_header} from nobody yet: set CHATCAD_PROXIES to the "
            "addresses of your reverse proxy"
        )


def open_to_all(settings: Settings, keys: Keys) -> bool:
    """Return whether the API needs no key: only this machine can reach it, and nobody set up a login or a key."""
    return is_loopback(settings.host) and settings.auth == "none" and not keys


def hosts(settings: Settings) -> list[str]:
    """Return the names by which this server may be called; any, where a login stands before everything.

    A page elsewhere can point its own name at 127.0.0.1 and have a visitor's browser ask this server under that name
    (DNS rebinding); such a request carries the foreign name.
    """
    named = settings.hosts.replace(",", " ").split()
    if settings.auth == "none":
        return [*OWN_NAMES, *named]
    return [*OWN_NAMES, settings.host, *named] if named else ["*"]
