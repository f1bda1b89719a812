"""Who asks: by the socket's address, and by a header only where the socket belongs to a proxy that the settings name.

uvicorn must not rewrite the address before (``app.py`` sees to that): a header that anybody can send is no address.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.types import Scope

from chatcad.config import Settings
from chatcad.errors import UsageError

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
LONGEST_NAME = 100


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine only, by its address or as ``localhost``."""
    address = _address(host)
    return host == "localhost" if address is None else address.is_loopback


@dataclass(frozen=True, slots=True)
class Proxies:
    """The reverse proxies whose headers are believed, and the header in which they name the user."""

    networks: tuple[Network, ...]
    header: str

    @classmethod
    def of(cls, settings: Settings) -> Proxies:
        """Return those of ``CHATCAD_PROXIES``.

        Raises
        ------
        UsageError
            One is no address, or a network so large that it is everybody.
        """
        networks = []
        for word in settings.proxies.replace(",", " ").split():
            try:
                network = ipaddress.ip_network(word)
            except ValueError as error:
                raise UsageError(f"CHATCAD_PROXIES: {word!r} is no address or network ({error})") from error
            if network.prefixlen < 8:
                raise UsageError(f"CHATCAD_PROXIES: {word} trusts everybody: name the proxy's own address")
            networks.append(network)
        return cls(tuple(networks), settings.auth_header)

    def user(self, scope: Scope) -> str | None:
        """Return whom the proxy names; ``None`` from any other address, or when it names nobody, or two."""
        named = [name.strip() for name in Headers(scope=scope).getlist(self.header)]
        if len(named) != 1 or not 0 < len(named[0]) <= LONGEST_NAME or not named[0].isprintable():
            return None
        return named[0] if self._believed(_peer(scope)) else None

    def client(self, scope: Scope) -> str:
        """Return the address of who asks: the last one in ``X-Forwarded-For`` that no proxy of ours has."""
        address = _peer(scope)
        forwarded = ",".join(Headers(scope=scope).getlist("X-Forwarded-For")).split(",")
        while self._believed(address) and forwarded and (before := forwarded.pop().strip()):
            address = before
        return address[:LONGEST_NAME]

    def _believed(self, host: str) -> bool:
        address = _address(host)
        return address is not None and any(address in network for network in self.networks)


def _peer(scope: Scope) -> str:
    client = scope.get("client")
    return client[0] if client else ""


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return None
    # ::ffff:10.0.0.1 is 10.0.0.1 on a socket that takes both kinds
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
