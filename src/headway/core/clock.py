"""Time as a port: every time in Headway is aware and in UTC, and comes from a clock."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the time; tests set it, production reads the system's."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        return datetime.now(UTC)


def to_text(moment: datetime) -> str:
    """RFC 3339 text in UTC with microseconds, which sorts as time does."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def from_text(text: str) -> datetime:
    """The aware instant that `to_text` wrote.

    Raises:
        ValueError: The text is not RFC 3339.
    """
    return datetime.fromisoformat(text).astimezone(UTC)
