"""Gathers refused requests until they are written: equal ones as one, few kinds at once, few records in the long run.

A flood of bad requests costs one record a second, whatever it sends; nothing of it is left uncounted.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, NamedTuple

from headway.predictions import frame
from headway.predictions.record import Refusals

if TYPE_CHECKING:
    from headway.predictions.frame import FramedOrigin

MOST_KINDS = 16
"""Kinds told apart between two writes; of others only the number is kept, by release."""
SECONDS_PER_RECORD = 1.0
"""After n records the next ones wait n times as long."""


class _Kind(NamedTuple):
    """What equal refusals have in common; without status, code and faults it stands for several kinds."""

    origin: int
    status: int = 0
    code: str = ""
    faults: tuple[tuple[str, str], ...] = ()


class _Gathered:
    """Refusals of one kind: when the first and the last came, and how many there were."""

    __slots__ = ("count", "first", "last")

    def __init__(self, at: int) -> None:
        self.first = self.last = at
        self.count = 0

    def add(self, at: int) -> None:
        """One more."""
        self.first, self.last = min(self.first, at), max(self.last, at)
        self.count += 1


class GatheredRefusals:
    """Refused requests that are not written yet; any thread may add to them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._origins: dict[int, FramedOrigin] = {}
        self._kinds: dict[_Kind, _Gathered] = {}
        self._next = 0.0

    def add(
        self, origin: FramedOrigin, at: int, status: int, code: str, faults: tuple[tuple[str, str], ...]
    ) -> None:
        """Count one; never waits for a disk.

        Args:
            origin: Who refused.
            at: When, microseconds since the epoch.
            status: HTTP status.
            code: Of the error.
            faults: (column, rule), bounded, without anything that was sent.
        """
        kind = _Kind(origin.key, status, code, faults)
        with self._lock:
            if kind not in self._kinds and len(self._kinds) >= MOST_KINDS:
                kind = _Kind(origin.key)
            self._origins[origin.key] = origin
            self._kinds.setdefault(kind, _Gathered(at)).add(at)

    def take(self, now: float | None = None) -> bytes:
        """The records that are due, each after its origin; nothing when none are.

        Args:
            now: Monotonic seconds; None takes all, due or not.
        """
        with self._lock:
            if not self._kinds or (now is not None and now < self._next):
                return b""
            kinds, self._kinds = self._kinds, {}
            origins, self._origins = self._origins, {}
            if now is not None:
                self._next = now + len(kinds) * SECONDS_PER_RECORD
        told = [
            frame.refusals_bytes(Refusals(kind.origin, found.first, found.last, found.count, *kind[1:]))
            for kind, found in kinds.items()
        ]
        return b"".join([*(origin.record for origin in origins.values()), *told])
