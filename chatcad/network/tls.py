"""TLS for DIMSE, both ways: films come in and results go out over encrypted associations (PS3.15 annex B, RFC 9325)."""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chatcad.errors import UsageError

SECONDS = 30
"""How long a handshake or one read or write may take."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who this program is to its peers, and whom it believes: files in PEM form.

    ``authority`` is whose certificates peers must hold, senders too. Without it anybody may send, and a receiver of
    results must be known to the system's authorities.
    """

    certificate: Path
    key: Path
    authority: Path | None = None

    def receiving(self) -> ssl.SSLContext:
        """Return what a listening entity wraps its connections in.

        Raises
        ------
        UsageError
            A file can't be read or is no such thing, or the key is another certificate's.
        """
        context = self._loaded(_Unhurried(ssl.PROTOCOL_TLS_SERVER))
        if self.authority is not None:
            context.verify_mode = ssl.CERT_REQUIRED
        return context

    def sending(self) -> ssl.SSLContext:
        """Return what a connection to a peer is wrapped in: it must prove its host's name.

        Raises
        ------
        UsageError
            As for `receiving`.
        """
        context = self._loaded(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
        if self.authority is None:
            context.load_default_certs()
        return context

    def _loaded(self, context: ssl.SSLContext) -> ssl.SSLContext:
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        try:
            context.load_cert_chain(self.certificate, self.key, password="")  # or it asks the terminal
            if self.authority is not None:
                context.load_verify_locations(self.authority)
        except OSError as error:  # ssl.SSLError is one
            raise UsageError(
                f"TLS can't be set up ({type(error).__name__}): --tls-cert, --tls-key and --tls-ca must be PEM files, "
                "and the key the certificate's own, without a password"
            ) from error
        return context


class _Unhurried(ssl.SSLContext):
    """Leaves the handshake to the first read, in the connection's own thread.

    pynetdicom wraps connections in the thread that accepts them all, where a silent stranger would keep others out.
    """

    def wrap_socket(self, sock: socket.socket, *_: Any, **__: Any) -> ssl.SSLSocket:
        """Return a connection that came in, wrapped, in which no read or write takes for ever."""
        sock.settimeout(SECONDS)
        return super().wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
