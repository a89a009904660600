"""Accepts so many requests per second, and says when to ask again."""

from __future__ import annotations

from threading import Lock


class TokenBucket:
    """A bucket that holds one second's requests (at least one) and fills steadily.

    Args:
        rate: Requests per second, above 0.
        now: Seconds, of any monotonic clock.
    """

    def __init__(self, rate: float, now: float) -> None:
        self.rate = rate
        self._most = max(rate, 1.0)
        self._tokens = self._most
        self._at = now
        self._lock = Lock()

    def take(self, now: float) -> float:
        """Take one token, from any thread; 0 when there was one, else the seconds until there is."""
        with self._lock:
            self._tokens = min(self._most, self._tokens + max(now - self._at, 0.0) * self.rate)
            self._at = now
            if self._tokens >= 1.0:
                self._tokens -= 1.0
                return 0.0
            return (1.0 - self._tokens) / self.rate
