"""The calendar of a flight, from its schedule: each public function is a feature.

The same functions run on the rows of a training set and on the one row of a request. People and airports
live by the clock of New York, so every feature is taken from local time; an unknown time gives NaN.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from delay.calendar import days_to_holiday, new_york

Numbers = NDArray[np.float64]
Times = NDArray[np.datetime64]

MONDAY = np.datetime64("1970-01-05", "D")
"""Any Monday, to count weekdays from."""


def minute_of_day(scheduled_at: Times) -> Numbers:
    """Minutes since local midnight on the clock, 0 to 1439."""
    local = new_york(scheduled_at)
    return np.floor((local - local.astype("datetime64[D]")) / np.timedelta64(1, "m"))


def hour(minute_of_day: Numbers) -> Numbers:
    """Hour of local departure, 0 to 23; takes what the function above returns."""
    return minute_of_day // 60


def weekday(scheduled_at: Times) -> Numbers:
    """Day of the local week, 0 on Monday to 6 on Sunday."""
    day = new_york(scheduled_at).astype("datetime64[D]")
    return (day - MONDAY) / np.timedelta64(1, "D") % 7


def holiday_distance(scheduled_at: Times) -> Numbers:
    """Days to the nearest holiday that people fly for, before or after it; at most 7."""
    return days_to_holiday(new_york(scheduled_at).astype("datetime64[D]"))
