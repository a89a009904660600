"""The weather at an airport, one row per observation: each public function is a feature.

A missing measurement is NaN, and so is whatever is computed from it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

MILD_F = 50.0
CALM_MPH = 3.0


def temperature(temp: Numbers) -> Numbers:
    """Air temperature, in degrees Fahrenheit."""
    return temp


def wind_chill(temp: Numbers, wind_speed: Numbers) -> Numbers:
    """Temperature as it feels, in degrees Fahrenheit; below it, de-icing takes longer."""
    is_chilling = (temp <= MILD_F) & (wind_speed >= CALM_MPH)
    felt = np.where(is_chilling, _chilled(temp, wind_speed), temp)
    return np.where(np.isnan(wind_speed), np.nan, felt)


def dew_spread(temp: Numbers, dewp: Numbers) -> Numbers:
    """Degrees Fahrenheit above the dew point; near zero there is fog."""
    return temp - dewp


def humidity(humid: Numbers) -> Numbers:
    """Relative humidity, in percent."""
    return humid


def wind(wind_speed: Numbers) -> Numbers:
    """Mean wind speed, in miles per hour."""
    return wind_speed


def gust(wind_gust: Numbers, wind_speed: Numbers) -> Numbers:
    """Strongest wind, in miles per hour; where no gust is reported, the wind is steady."""
    return np.fmax(wind_gust, wind_speed)


def wind_north(wind_dir: Numbers, wind_speed: Numbers) -> Numbers:
    """Wind out of the north, in miles per hour; negative out of the south."""
    return wind_speed * np.cos(np.radians(wind_dir))


def wind_east(wind_dir: Numbers, wind_speed: Numbers) -> Numbers:
    """Wind out of the east, in miles per hour; negative out of the west."""
    return wind_speed * np.sin(np.radians(wind_dir))


def rain(precip: Numbers) -> Numbers:
    """Rain of the hour, in inches."""
    return precip


def air_pressure(pressure: Numbers) -> Numbers:
    """Pressure at sea level, in hectopascals."""
    return pressure


def visibility(visib: Numbers) -> Numbers:
    """How far one sees, in miles; 10 is the most that is reported."""
    return visib


def _chilled(temp: Numbers, wind_speed: Numbers) -> Numbers:
    """Wind chill in degrees Fahrenheit, as the US National Weather Service has computed it since 2001."""
    power = wind_speed**0.16
    return 35.74 + 0.6215 * temp - 35.75 * power + 0.4275 * temp * power
