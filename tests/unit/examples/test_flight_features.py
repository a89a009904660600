"""The flights product's own functions, on arrays made by hand."""

from __future__ import annotations

import importlib
from datetime import date
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from headway.features.functions import load, needed


@pytest.fixture
def weather(flights: Path) -> ModuleType:
    return importlib.import_module("delay.features.weather")


@pytest.fixture
def on_demand(flights: Path) -> ModuleType:
    return importlib.import_module("delay.features.on_demand")


@pytest.fixture
def calendar(flights: Path) -> ModuleType:
    return importlib.import_module("delay.calendar")


def times(*texts: str) -> np.ndarray:
    return np.array(texts, dtype="datetime64[us]")


def numbers(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float64)


# -- local time ------------------------------------------------------------------------------------


def test_the_hour_that_daylight_saving_skips_is_never_shown(on_demand: ModuleType) -> None:
    around = times("2013-03-10T06:59", "2013-03-10T07:00", "2013-03-10T08:00")
    assert on_demand.minute_of_day(around).tolist() == [119, 180, 240]
    assert on_demand.hour(on_demand.minute_of_day(around)).tolist() == [1, 3, 4]


def test_the_hour_that_daylight_saving_repeats_is_shown_twice(on_demand: ModuleType) -> None:
    around = times("2013-11-03T05:30", "2013-11-03T06:30", "2013-11-03T07:30")
    assert on_demand.minute_of_day(around).tolist() == [90, 90, 150]


def test_the_day_changes_at_midnight_in_new_york_and_not_in_utc(on_demand: ModuleType) -> None:
    around = times("2013-07-01T03:59", "2013-07-01T04:00", "2013-07-08T03:59")
    assert on_demand.weekday(around).tolist() == [6, 0, 6]


def test_times_before_1970_and_in_the_far_future_keep_their_clock(on_demand: ModuleType) -> None:
    far = times("1969-12-31T17:00", "2099-07-01T12:00")
    assert on_demand.minute_of_day(far).tolist() == [12 * 60, 8 * 60]


def test_local_time_is_that_of_the_time_zone_data_for_every_hour_of_a_year(calendar: ModuleType) -> None:
    import polars as pl

    utc = np.arange("2013-01-01", "2014-01-02", dtype="datetime64[h]").astype("datetime64[us]")
    there = pl.Series(utc).dt.replace_time_zone("UTC").dt.convert_time_zone("America/New_York")
    assert (calendar.new_york(utc) == there.dt.replace_time_zone(None).to_numpy()).all()


@pytest.mark.parametrize("name", ["minute_of_day", "weekday", "holiday_distance"])
def test_an_unknown_time_gives_nan_and_leaves_its_neighbours_alone(on_demand: ModuleType, name: str) -> None:
    values = getattr(on_demand, name)(times("2013-07-03T16:00", "NaT"))
    assert not np.isnan(values[0])
    assert np.isnan(values[1])


@pytest.mark.parametrize("name", ["minute_of_day", "weekday", "holiday_distance"])
def test_a_row_alone_gets_what_it_gets_among_others_and_none_gets_none(
    on_demand: ModuleType, name: str
) -> None:
    function = getattr(on_demand, name)
    many = times("2013-12-24T23:00", "2013-03-10T07:00", "2013-12-24T23:00", "2013-08-15T10:00")
    assert function(many).tolist() == [function(many[[row]])[0] for row in range(len(many))]
    assert function(many[:0]).shape == (0,)


# -- holidays --------------------------------------------------------------------------------------


def test_the_holidays_of_2013_are_those_of_the_almanac(calendar: ModuleType) -> None:
    expected = [(1, 1), (5, 27), (7, 4), (9, 2), (11, 28), (12, 25)]
    assert calendar.holidays(2013) == tuple(date(2013, month, day) for month, day in expected)


def test_thanksgiving_is_the_fourth_thursday_in_every_year(calendar: ModuleType) -> None:
    for year in range(1990, 2060):
        day = calendar.holidays(year)[4]
        assert day.weekday() == 3
        assert 22 <= day.day <= 28


def test_the_distance_to_a_holiday_reaches_over_the_new_year(on_demand: ModuleType) -> None:
    noon = times("2013-12-30T17:00", "2013-12-25T17:00", "2013-08-10T17:00", "2014-01-03T17:00")
    assert on_demand.holiday_distance(noon).tolist() == [2, 0, 7, 2]


# -- weather ---------------------------------------------------------------------------------------


def test_wind_chill_is_that_of_the_weather_service_table(weather: ModuleType) -> None:
    felt = weather.wind_chill(numbers(0, 30, 40), numbers(15, 10, 5))
    assert np.round(felt).tolist() == [-19, 21, 36]


def test_mild_air_and_calm_air_feel_as_warm_as_they_are(weather: ModuleType) -> None:
    assert weather.wind_chill(numbers(51, 20, 20), numbers(40, 2.9, 0)).tolist() == [51, 20, 20]


def test_what_is_not_measured_is_nan_in_every_feature_that_needs_it(weather: ModuleType) -> None:
    nan, ten = numbers(np.nan), numbers(10)
    assert np.isnan(weather.wind_chill(nan, ten))
    assert np.isnan(weather.wind_chill(ten, nan))
    assert np.isnan(weather.dew_spread(ten, nan))
    assert np.isnan(weather.wind_north(nan, ten))
    assert np.isnan(weather.gust(nan, nan))


def test_without_a_gust_the_wind_is_steady(weather: ModuleType) -> None:
    assert weather.gust(numbers(np.nan, 30), numbers(12, 20)).tolist() == [12, 30]


def test_wind_is_split_by_where_it_comes_from(weather: ModuleType) -> None:
    north = weather.wind_north(numbers(360, 90, 180), numbers(10, 10, 10))
    east = weather.wind_east(numbers(360, 90, 180), numbers(10, 10, 10))
    assert np.allclose(north, [10, 0, -10])
    assert np.allclose(east, [0, 10, 0])


# -- as features -----------------------------------------------------------------------------------


def test_private_functions_and_imported_ones_are_no_features(flights: Path) -> None:
    found = load("delay.features.on_demand")
    assert [function.name for function in found] == ["minute_of_day", "hour", "weekday", "holiday_distance"]
    assert needed(found) == ("scheduled_at",)
    assert "_chilled" not in {function.name for function in load("delay.features.weather")}


# -- cost ------------------------------------------------------------------------------------------


def test_a_missed_flight_costs_more_than_a_vain_warning(flights: Path) -> None:
    metrics = importlib.import_module("delay.metrics")
    assert metrics.cost.direction == "lower"
    label = np.array([1, 0, 0, 1])
    assert metrics.cost(label, numbers(0.9, 0.1, 0.0, 0.25)) == 0
    assert metrics.cost(label, numbers(0.0, 0.1, 0.3, 0.9)) == (15 + 5) / 4
