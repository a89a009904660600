"""Counts requests and times them: plain numbers in this process, cheap enough for every request.

`headway.serve.control` renders them for Prometheus; nothing here imports a metrics library.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from typing import NamedTuple

BOUNDS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
"""Upper bounds of the latency buckets, seconds, inclusive."""


class Label(NamedTuple):
    """What a request is counted under; never a text that a caller chose."""

    endpoint: str
    release: str
    status: int


class Meter:
    """Requests of one label: how many, how many rows, and how long they took."""

    __slots__ = ("buckets", "count", "rows", "seconds")

    def __init__(self) -> None:
        self.count = 0
        self.rows = 0
        self.seconds = 0.0
        self.buckets = [0] * (len(BOUNDS) + 1)

    def record(self, seconds: float, rows: int) -> None:
        """Count one request."""
        self.count += 1
        self.rows += rows
        self.seconds += seconds
        self.buckets[bisect_left(BOUNDS, seconds)] += 1


class Warned(NamedTuple):
    """What a row is counted under that was answered though it breaks an expectation; never a caller's text."""

    endpoint: str
    release: str
    expectation: str


class Meters:
    """All requests of this process, by endpoint, release and status; and rows that were let pass with a warning."""

    def __init__(self) -> None:
        self.requests: dict[Label, Meter] = {}
        self.warned: dict[Warned, int] = {}

    def record(self, label: Label, seconds: float, rows: int) -> None:
        """Count one request under its label."""
        meter = self.requests.get(label)
        if meter is None:
            meter = self.requests[label] = Meter()
        meter.record(seconds, rows)

    def warn(self, endpoint: str, release: str, rows: Mapping[str, int]) -> None:
        """Count rows of an answered request: expectation -> how many break it."""
        for expectation, count in rows.items():
            label = Warned(endpoint, release, expectation)
            self.warned[label] = self.warned.get(label, 0) + count
