"""Counts requests and times them: plain numbers in this process, cheap enough for every request.

`headway.serve.control` renders them for Prometheus; nothing here imports a metrics library.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from headway.contract import verdict

BOUNDS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
"""Upper bounds of the latency buckets, seconds, inclusive."""
CHECK_BOUNDS = (1e-06, 2.5e-06, 5e-06, 1e-05, 2.5e-05, 5e-05, 0.0001, 0.00025, 0.001, 0.01, 0.1)
"""The same of the time that reading and checking a request takes: a thousandth of the rest."""


class Label(NamedTuple):
    """What a request is counted under; never a text that a caller chose."""

    endpoint: str
    release: str
    status: int


class Meter:
    """Requests of one label: how many, how many rows, and how long they took.

    Args:
        bounds: Upper bounds of its buckets, seconds, inclusive.
    """

    __slots__ = ("bounds", "buckets", "count", "rows", "seconds")

    def __init__(self, bounds: Sequence[float] = BOUNDS) -> None:
        self.bounds = bounds
        self.count = 0
        self.rows = 0
        self.seconds = 0.0
        self.buckets = [0] * (len(bounds) + 1)

    def record(self, seconds: float, rows: int) -> None:
        """Count one request."""
        self.count += 1
        self.rows += rows
        self.seconds += seconds
        self.buckets[bisect_left(self.bounds, seconds)] += 1


class Checked(NamedTuple):
    """What the time of a check is counted under."""

    endpoint: str
    release: str


class Warned(NamedTuple):
    """What a row is counted under that was answered though it breaks an expectation; never a caller's text."""

    endpoint: str
    release: str
    expectation: str


class Meters:
    """What this process did: requests by endpoint, release and status; how long their checks took; rows with a warning."""

    def __init__(self) -> None:
        self.requests: dict[Label, Meter] = {}
        self.checked: dict[Checked, Meter] = {}
        self.warned: dict[Warned, int] = {}

    def record(self, label: Label, seconds: float, rows: int) -> None:
        """Count one request under its label."""
        meter = self.requests.get(label)
        if meter is None:
            meter = self.requests[label] = Meter()
        meter.record(seconds, rows)

    def check(self, label: Checked, seconds: float, rows: int) -> None:
        """Count how long one request was read and checked, whether it was let in or not."""
        meter = self.checked.get(label)
        if meter is None:
            meter = self.checked[label] = Meter(CHECK_BOUNDS)
        meter.record(seconds, rows)

    def warn(self, endpoint: str, release: str, warned: Sequence[verdict.Warned]) -> None:
        """Count rows of an answered request that break an expectation."""
        for item in warned:
            label = Warned(endpoint, release, item.expectation)
            self.warned[label] = self.warned.get(label, 0) + len(item.rows)
