"""Local time in New York, and the holidays that people fly for; on arrays, of any length."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

Times = NDArray[np.datetime64]
Numbers = NDArray[np.float64]
LookUp = Callable[[int], float]

NEW_YORK = ZoneInfo("America/New_York")
NAT = np.datetime64("NaT").astype(np.int64).item()
FAR = 7.0
"""Days from which on a holiday no longer matters."""


def new_york(utc: Times) -> Times:
    """Wall-clock time in New York for instants in UTC; NaT stays NaT.

    The clock is set on the full hour (UTC), so one look-up per hour is exact.
    """
    seconds = _each(utc.astype("datetime64[h]"), _offset)
    return utc + np.nan_to_num(seconds).astype("timedelta64[s]")


def days_to_holiday(day: Times) -> Numbers:
    """Days to the nearest holiday, 0 to `FAR`; NaT gives NaN."""
    return _each(day, _nearest)


def holidays(year: int) -> tuple[date, ...]:
    """The days around which New York travels."""
    return (
        date(year, 1, 1),
        _monday_until(date(year, 5, 31)),  # Memorial Day, the last Monday of May
        date(year, 7, 4),
        _monday_until(date(year, 9, 7)),  # Labor Day, the first Monday of September
        _monday_until(date(year, 11, 25)) + timedelta(days=3),  # Thanksgiving, the fourth Thursday
        date(year, 12, 25),
    )


def _monday_until(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _each(moments: Times, look_up: LookUp) -> Numbers:
    """`look_up` of every moment, as a count since 1970; it remembers, so that many rows cost little."""
    counts = moments.astype(np.int64).tolist()
    return np.array([np.nan if count == NAT else look_up(count) for count in counts], dtype=np.float64)


@lru_cache(maxsize=100_000)
def _offset(hour: int) -> float:
    """Seconds that New York is ahead of UTC in an hour, counted since 1970."""
    ahead = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(hours=hour)).astimezone(NEW_YORK).utcoffset()
    return ahead.total_seconds() if ahead is not None else 0.0


@lru_cache(maxsize=10_000)
def _nearest(count: int) -> float:
    day = date(1970, 1, 1) + timedelta(days=count)
    near = (holiday for year in (day.year - 1, day.year, day.year + 1) for holiday in holidays(year))
    return min(FAR, *(float(abs((day - holiday).days)) for holiday in near))
