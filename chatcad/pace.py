"""How often one owner may ask: a moving window of a minute, in this process's memory."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from chatcad.errors import TooMany


@dataclass(frozen=True, slots=True)
class Pace:
    """At most ``a_minute`` requests of one owner in any minute."""

    a_minute: int = 60
    _limiter: MovingWindowRateLimiter = field(default_factory=lambda: MovingWindowRateLimiter(MemoryStorage()))

    def take(self, owner: str) -> None:
        """Count one request.

        Raises
        ------
        TooMany
            The owner has made as many as it may; the message says when the next one may come.
        """
        most = RateLimitItemPerMinute(self.a_minute)
        if not self._limiter.hit(most, owner):
            wait = math.ceil(max(1.0, self._limiter.get_window_stats(most, owner).reset_time - time.time()))
            raise TooMany(f"more than {self.a_minute} requests in a minute: try again in {wait} s")
