"""Durations, sizes, percentages and rates: one parser and one printer for each.

Durations are `timedelta`, sizes are whole bytes, percentages are shares between 0 and 1, rates are
events per second. A bare number is never a quantity: the unit is written. A parser's `ValueError`
says in words what is allowed.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from headway.core.clock import to_text

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
"""Units of size; `k` is 1,000 and `Ki` is 1,024 (IEC 80000-13)."""

DURATION = "a duration such as `200ms`, `10m`, `1h30m`, `28d`"
SIZE = "a size such as `512 MB` or `1 GiB`"
PERCENT = "a percentage such as `70%`"
INSTANT = "a date or a time such as `2024-03-01` or `2024-03-01T06:00:00Z`"
RATE = "a rate such as `500/s` or `1 per 30d`"

# Bounded, so that arithmetic on a hostile number stays short; ASCII, for `\d` takes any script's digits.
_DIGITS = r"[0-9]{1,15}(?:\.[0-9]{1,30})?"
_STEP = re.compile(rf"({_DIGITS})(us|ms|s|m|h|d|w)")
_DURATION = re.compile(rf"(?:{_STEP.pattern})+")
_SIZE = re.compile(rf"({_DIGITS}) ?({'|'.join(sorted(SIZES, key=len, reverse=True))})")
_PERCENT = re.compile(rf"({_DIGITS}) ?%")
_PER = re.compile(rf"({_DIGITS}) ?(?:/ ?(us|ms|s|m|h|d|w)|per (\S+))")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9:.]+(?:Z|[+-][0-9]{2}:[0-9]{2})?)?")
_TICK = UNITS["us"]
_LONGEST = timedelta(days=366_000)


def parse_duration(text: str) -> timedelta:
    """`1h30m` as a time span, exact to the microsecond; each unit once, the largest first.

    Raises:
        ValueError: The text is no duration, or one longer than a thousand years.
    """
    steps = _STEP.findall(text)
    order = [list(UNITS).index(unit) for _, unit in steps]
    if not _DURATION.fullmatch(text) or order != sorted(set(order), reverse=True):
        raise ValueError(DURATION)
    ticks = sum((Fraction(number) * (UNITS[unit] // _TICK) for number, unit in steps), Fraction(0))
    if ticks.denominator != 1 or ticks > _LONGEST // _TICK:
        raise ValueError(DURATION)
    return int(ticks) * _TICK


def duration_text(value: timedelta) -> str:
    """The text that parses to this duration: 90 minutes are `1h30m`; a negative one has a sign."""
    if value < timedelta(0):
        return f"-{duration_text(-value)}"
    left = value // _TICK
    parts = []
    for unit in ("d", "h", "m", "s", "ms", "us"):
        number, left = divmod(left, UNITS[unit] // _TICK)
        if number:
            parts.append(f"{number}{unit}")
    return "".join(parts) or "0s"


def parse_instant(text: str) -> str:
    """`2024-03-01` as `2024-03-01T00:00:00.000000Z`, which sorts as time does; without a zone it is UTC.

    Raises:
        ValueError: The text is no date and no time.
    """
    if not _DATE.fullmatch(text):
        raise ValueError(INSTANT)
    try:
        found = datetime.fromisoformat(text)
        return to_text(found if found.tzinfo is not None else found.replace(tzinfo=UTC))
    except (ValueError, OverflowError) as error:
        raise ValueError(INSTANT) from error


def parse_size(text: str) -> int:
    """`1 GiB` in bytes.

    Raises:
        ValueError: The text is no size, or not one of whole bytes.
    """
    found = _SIZE.fullmatch(text)
    if not found:
        raise ValueError(SIZE)
    size = Fraction(found[1]) * SIZES[found[2]]
    if size.denominator != 1:
        raise ValueError(SIZE)
    return int(size)


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
    share = Fraction(found[1]) / 100 if found else Fraction(2)
    if share > 1:
        raise ValueError(PERCENT)
    return float(share)


def percent_text(share: float) -> str:
    """The shortest percentage that parses to this share."""
    return f"{_plain(Decimal(repr(share)) * 100)}%"


def parse_rate(text: str) -> float:
    """`500/s` or `1 per 30d` in events per second.

    Raises:
        ValueError: The text is no rate.
    """
    found = _PER.fullmatch(text)
    if not found:
        raise ValueError(RATE)
    try:
        span = UNITS[found[2]] if found[2] else parse_duration(found[3])
    except ValueError as error:
        raise ValueError(RATE) from error
    if not span:
        raise ValueError(RATE)
    return float(Fraction(found[1]) * 10**6 / (span // _TICK))


def rate_text(per_second: float) -> str:
    """A rate for people that parses to this figure: the first unit in which it is a short number."""
    for per in ("/s", "/m", "/h", "/d", " per 30d"):
        count = per_second / parse_rate(f"1{per}")
        text = f"{_plain(Decimal(f'{count:.9g}'))}{per}"
        if parse_rate(text) == per_second:
            return text
    return f"{_plain(Decimal(repr(per_second)))}/s"


def _plain(number: Decimal) -> str:
    """Digits without an exponent and without idle zeros."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
