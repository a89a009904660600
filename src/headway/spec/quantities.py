"""Durations, sizes, percentages and rates: one parser and one printer for each.

Durations are `timedelta`, sizes are whole bytes, percentages are shares between 0 and 1, rates are
events per second. A bare number is never a quantity: the unit is written.
"""

from __future__ import annotations

import re
from datetime import timedelta

UNITS = {
    "us": timedelta(microseconds=1),
    "ms": timedelta(milliseconds=1),
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
"""Units of time, smallest first."""

SIZES = {
    "B": 1,
    "kB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
    "TB": 10**12,
    "KiB": 2**10,
    "MiB": 2**20,
    "GiB": 2**30,
    "TiB": 2**40,
}

_STEP = re.compile(r"(\d+(?:\.\d+)?)(us|ms|s|m|h|d|w)")
_DURATION = re.compile(rf"(?:{_STEP.pattern})+")
_SIZE = re.compile(rf"(\d+(?:\.\d+)?) ?({'|'.join(sorted(SIZES, key=len, reverse=True))})")
_PERCENT = re.compile(r"(\d+(?:\.\d+)?) ?%")
_PER = re.compile(r"(\d+(?:\.\d+)?) ?(?:/ ?(us|ms|s|m|h|d|w)|per (\S+))")

DURATION = "a duration such as `200ms`, `10m`, `1h30m`, `28d`"
SIZE = "a size such as `512 MB` or `1 GiB`"
PERCENT = "a percentage such as `70%`"
RATE = "a rate such as `500/s` or `1 per 30d`"


def parse_duration(text: str) -> timedelta:
    """`1h30m` as a time span.

    Raises:
        ValueError: The text is no duration, or one longer than a thousand years.
    """
    if not _DURATION.fullmatch(text):
        raise ValueError(DURATION)
    try:
        return sum((float(number) * UNITS[unit] for number, unit in _STEP.findall(text)), timedelta(0))
    except OverflowError as error:
        raise ValueError(DURATION) from error


def duration_text(value: timedelta) -> str:
    """The shortest text that parses to this duration: `90m` is `1h30m`; a negative one has a sign."""
    if value < timedelta(0):
        return f"-{duration_text(-value)}"
    left = value // timedelta(microseconds=1)
    parts = []
    for unit in ("d", "h", "m", "s", "ms", "us"):
        size = UNITS[unit] // timedelta(microseconds=1)
        number, left = divmod(left, size)
        if number:
            parts.append(f"{number}{unit}")
    return "".join(parts) or "0s"


def parse_size(text: str) -> int:
    """`1 GiB` in bytes.

    Raises:
        ValueError: The text is no size.
    """
    found = _SIZE.fullmatch(text)
    if not found:
        raise ValueError(SIZE)
    return round(float(found[1]) * SIZES[found[2]])


def size_text(value: int) -> str:
    """Bytes for people, exact: the largest decimal unit that divides, else bytes."""
    for unit in ("TB", "GB", "MB", "kB"):
        if value and value % SIZES[unit] == 0:
            return f"{value // SIZES[unit]} {unit}"
    return f"{value} B"


def parse_percent(text: str) -> float:
    """`70%` as 0.7.

    Raises:
        ValueError: The text is no percentage between 0 and 100.
    """
    found = _PERCENT.fullmatch(text)
    if not found or float(found[1]) > 100:  # noqa: PLR2004 -- a percentage
        raise ValueError(PERCENT)
    return float(found[1]) / 100


def percent_text(share: float) -> str:
    """A share as a percentage that parses back to it."""
    return f"{round(share * 100, 10):g}%"


def parse_rate(text: str) -> float:
    """`500/s` or `1 per 30d` in events per second.

    Raises:
        ValueError: The text is no rate.
    """
    found = _PER.fullmatch(text)
    if not found:
        raise ValueError(RATE)
    span = UNITS[found[2]] if found[2] else parse_duration(found[3])
    if not span:
        raise ValueError(RATE)
    return float(found[1]) / span.total_seconds()


def rate_text(per_second: float) -> str:
    """A rate for people, per second."""
    return f"{per_second:g}/s"
