"""How long a model that failed is left alone."""

from __future__ import annotations

import time

COOL_DOWN = 60.0
"""Seconds: a server that is started again needs about as long to load its weights."""


class Rest:
    """A pause that ends by itself. It is one value that is replaced whole, so threads may share it."""

    def __init__(self, seconds: float = COOL_DOWN) -> None:
        self.seconds = seconds
        self._pause = (0.0, "")

    def begin(self, reason: str) -> None:
        """Start the pause, or start it anew."""
        self._pause = (time.monotonic() + self.seconds, reason)

    @property
    def reason(self) -> str:
        """Why there is a pause; empty when there is none."""
        end, reason = self._pause
        return reason if time.monotonic() < end else ""
