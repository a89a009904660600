"""Reading again what failed for the moment: a bounded number of times, with growing waits."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from headway.errors import EngineError

T = TypeVar("T")
Pause = Callable[[float], None]
"""Waits so many seconds; tests give one that only counts."""

WAITS = (0.25, 1.0)
"""Seconds before the second and the third attempt."""


def again(read: Callable[[], T], pause: Pause) -> tuple[T, int]:
    """What `read` gives, and at which attempt; each attempt begins from nothing.

    Args:
        read: Called until it succeeds, at most three times.
        pause: Waits between attempts.

    Raises:
        EngineError: The last attempt failed too, or an error is not worth another.
    """
    for attempt, wait in enumerate(WAITS, start=1):
        try:
            return read(), attempt
        except EngineError as error:
            if not error.retryable:
                raise
            pause(wait)
    return read(), len(WAITS) + 1
