"""Several groups, several keys, and one group in several roles, joined into one dataset."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from headway.data.datasets import build
from headway.errors import SpecError
from headway.spec.contract import Column, Contract
from headway.spec.product import Dataset, FeatureGroup, FeaturePick, Known, Label, Moment, Source, Split

INSTANT = pl.Datetime("us", "UTC")
START = datetime(2024, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)

FLIGHTS = Source(load="flights.parquet", event_time="at", known=Known(lag=HOUR))
CONTRACT = Contract(
    columns={
        "at": Column(type="time"),
        "origin": Column(type="text"),
        "dest": Column(type="text"),
        "carrier": Column(type="text"),
        "late": Column(type="boolean"),
    }
)
ROWS = pl.DataFrame(
    {
        "at": [START + hour * HOUR for hour in range(30)],
        "origin": ["JFK", "LGA"] * 15,
        "dest": ["LGA", "BOS", "JFK"] * 10,
        "carrier": ["AA", "UA", "DL", "B6", "AA"] * 6,
        "late": [hour % 3 == 0 for hour in range(30)],
    },
    schema_overrides={"at": INSTANT},
)


def hours(*values: int) -> list[datetime]:
    return [START + value * HOUR for value in values]


WEATHER = pl.DataFrame(
    {
        "airport": ["BOS", "JFK", "JFK", "LGA", "LGA"],
        "event_time": hours(1, 0, 10, 0, 0),
        "known_time": hours(2, 1, 20, 1, 25),
        "wind": [5.0, 1.0, 2.0, 3.0, 4.0],
    },
    schema_overrides={"event_time": INSTANT, "known_time": INSTANT},
)
LINES = pl.DataFrame(
    {
        "origin": ["JFK", "LGA"],
        "carrier": ["AA", "UA"],
        "event_time": hours(0, 0),
        "known_time": hours(0, 0),
        "flights": [10.0, 20.0],
    },
    schema_overrides={"event_time": INSTANT, "known_time": INSTANT},
)
GROUPS = {
    "weather": FeatureGroup(from_=("weather",), key=("airport",), columns="f"),
    "lines": FeatureGroup(from_=("lines",), key=("origin", "carrier"), columns="f", ttl=6 * HOUR),
}
DELAY = Dataset(
    rows="flights",
    label=Label(column="late"),
    split=Split(by="hash", train=0.5, validate=0.0, test=0.5),
    predict_at=Moment(column="at"),
    request=("at", "origin", "dest", "carrier"),
    features=(
        FeaturePick(group="weather", by_key={"airport": "origin"}, prefix="from_"),
        FeaturePick(group="weather", by_key={"airport": "dest"}, prefix="to_"),
        FeaturePick(group="lines"),
    ),
)


def frame(rows: pl.DataFrame = ROWS, declared: Dataset = DELAY) -> pl.DataFrame:
    made = build(
        declared,
        "delay",
        rows=rows,
        source=FLIGHTS,
        contract=CONTRACT,
        now=START + timedelta(days=30),
        groups={"weather": WEATHER, "lines": LINES},
        declared_groups=GROUPS,
    )
    return made.frame.sort("row.at")


def wind(airport: str, hour: int) -> float | None:
    if airport == "BOS":
        return 5.0 if hour >= 2 else None
    if airport == "JFK":
        return 2.0 if hour >= 20 else (1.0 if hour >= 1 else None)
    return 4.0 if hour >= 25 else (3.0 if hour >= 1 else None)


def test_one_group_is_joined_once_for_each_of_its_roles() -> None:
    made = frame()
    assert made["feature.from_wind"].to_list() == [wind(ROWS["origin"][hour], hour) for hour in range(30)]
    assert made["feature.to_wind"].to_list() == [wind(ROWS["dest"][hour], hour) for hour in range(30)]


def test_a_group_of_two_keys_has_its_own_time_to_live() -> None:
    there = {("JFK", "AA"): 10.0, ("LGA", "UA"): 20.0}
    pairs = ROWS.select("origin", "carrier").rows()
    wanted = [there.get(pair) if hour <= 6 else None for hour, pair in enumerate(pairs)]
    assert frame()["feature.flights"].to_list() == wanted


def test_no_row_is_lost_to_a_group_that_knows_nothing_of_it() -> None:
    assert frame(ROWS.with_columns(origin=pl.lit("SFO"), dest=pl.lit("SFO"))).height == 30


def test_two_roles_of_one_name_are_refused() -> None:
    picks = tuple(FeaturePick(group="weather", by_key={"airport": column}) for column in ("origin", "dest"))
    declared = Dataset(
        rows="flights",
        label=DELAY.label,
        split=DELAY.split,
        predict_at=DELAY.predict_at,
        request=DELAY.request,
        features=picks,
    )
    with pytest.raises(SpecError) as caught:
        frame(declared=declared)
    assert caught.value.code == "DA029"
