"""The HTTP client for servers on the premises: straight to the server, and never longer than was asked."""

from __future__ import annotations

import time
from collections.abc import Iterator

import httpx


def client(seconds: float) -> httpx.Client:
    """Return a client that uses no proxy of the environment and follows no redirect elsewhere.

    ``seconds`` bounds every reply as a whole, unless a request brings its own time-out.
    """
    return httpx.Client(timeout=seconds, trust_env=False, follow_redirects=False, transport=_Bounded())


class _Bounded(httpx.HTTPTransport):
    """Bounds a reply as a whole: httpx's read time-out starts anew with every byte, even of an endless reply."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        seconds = request.extensions.get("timeout", {}).get("read")
        deadline = time.monotonic() + seconds if seconds is not None else float("inf")
        response = super().handle_request(request)
        assert isinstance(response.stream, httpx.SyncByteStream)  # noqa: S101  -- a synchronous transport's contract
        response.stream = _BoundedStream(response.stream, deadline)
        return response


class _BoundedStream(httpx.SyncByteStream):
    def __init__(self, stream: httpx.SyncByteStream, deadline: float) -> None:
        self._stream, self._deadline = stream, deadline

    def __iter__(self) -> Iterator[bytes]:
        for part in self._stream:
            if time.monotonic() >= self._deadline:
                raise httpx.ReadTimeout("the reply took longer than it was given")
            yield part

    def close(self) -> None:
        self._stream.close()
