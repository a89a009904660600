from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any

import pandas as pd
import polars as pl
import pytest

from headway.data.groups import GroupTable, SourceTable, compute
from headway.data.sources import inferred
from headway.errors import ContractError, SpecError, UserCodeError
from headway.features.functions import load
from headway.spec.product import FeatureGroup, Known, Source

INSTANT = pl.Datetime("us", "UTC")
DAY = datetime(2024, 1, 1, tzinfo=UTC)
LAG = Known(lag=timedelta(minutes=10))

WEATHER = pl.DataFrame(
    {
        "origin": ["JFK", "LGA", "JFK", None],
        "observed_at": [DAY + timedelta(hours=h) for h in (1, 0, 0, 0)],
        "temp": [1.0, 2.0, None, 4.0],
        "gusts": [3, 4, 5, 6],
    },
    schema_overrides={"observed_at": INSTANT},
)
HOURLY = FeatureGroup(from_=("weather",), key=("origin",), columns="features")


def module(text: str) -> ModuleType:
    made = ModuleType("weather_features")
    exec(text, made.__dict__)
    return made


FEATURES = """
def wind_chill(temp, gusts):
    return temp - gusts

def calm(gusts):
    return gusts < 4
"""


def table(frame: pl.DataFrame = WEATHER, known: Known | None = LAG) -> SourceTable:
    source = Source(load="weather.parquet", event_time="observed_at", known=known)
    return SourceTable(frame, source, inferred(frame, "weather"))


def by_columns(text: str = FEATURES, frame: pl.DataFrame = WEATHER) -> GroupTable:
    return compute(HOURLY, "hourly", {"weather": table(frame)}, functions=load(module(text)))


def by_frame(function: Callable[..., Any], known: Known | None = LAG, **more: Any) -> GroupTable:
    group = FeatureGroup(from_=("weather",), key=("origin",), frame="features:daily", **more)
    return compute(group, "daily", {"weather": table(known=known)}, resolve=lambda _: function)


def test_a_group_has_key_times_and_features_sorted_and_without_null_keys() -> None:
    made = by_columns()
    assert made.frame.columns[:3] == ["origin", "event_time", "known_time"]
    assert made.features == ("wind_chill", "calm")
    assert made.frame.select("origin", "wind_chill", "calm").rows() == [
        ("JFK", None, 0.0),
        ("JFK", -2.0, 1.0),
        ("LGA", -2.0, 0.0),
    ]
    assert made.frame["known_time"].to_list()[0] == DAY + timedelta(minutes=10)
    assert (made.repeated, made.without_key) == (0, 1)


def test_a_row_whose_key_is_no_number_matches_nothing_and_is_left_out() -> None:
    numbered = WEATHER.with_columns(origin=pl.Series([1.0, float("nan"), None, 2.0][: WEATHER.height]))
    made = by_columns(frame=numbered)
    assert not made.frame["origin"].is_nan().any()
    assert made.without_key == numbered.height - made.frame.height > 0


def test_the_order_of_source_rows_does_not_matter() -> None:
    rows = WEATHER.to_dicts()
    random.Random(1).shuffle(rows)
    assert by_columns(frame=pl.DataFrame(rows, schema=WEATHER.schema)).frame.equals(by_columns().frame)


def test_rows_that_say_the_same_are_counted_once() -> None:
    made = by_columns(frame=pl.concat([WEATHER, WEATHER]))
    assert made.frame.equals(by_columns().frame)
    assert made.repeated == 3


def test_rows_that_differ_and_were_known_at_once_are_ambiguous() -> None:
    twice = pl.concat([WEATHER, WEATHER.with_columns(pl.col("temp") + 1)])
    with pytest.raises(ContractError, match="2 entities and times") as caught:
        by_columns(frame=twice)
    assert "origin JFK" in caught.value.evidence[0]


def test_infinite_features_are_refused_and_nan_is_missing() -> None:
    made = by_frame(lambda weather: weather.with_columns(temp=float("nan")).drop("observed_at"))
    assert made.frame["temp"].null_count() == 3
    with pytest.raises(ContractError, match="infinite") as caught:
        by_frame(lambda weather: weather.with_columns(pl.col("temp") / 0).drop("observed_at"))
    assert caught.value.evidence == ("column `temp`: 3 of 4 values",)
    with pytest.raises(UserCodeError, match="infinite"):
        by_columns("def ratio(temp):\n    return temp + float('inf')")


def test_a_feature_of_an_unknown_column_names_the_nearest() -> None:
    with pytest.raises(SpecError, match="gust") as caught:
        by_columns("def calm(gust):\n    return gust")
    assert "`gusts`" in caught.value.mend


def test_a_feature_may_not_be_called_as_the_key_or_a_time() -> None:
    for name in ("origin", "event_time"):
        with pytest.raises(SpecError, match=name):
            by_columns(f"def {name}(temp):\n    return temp")


def test_a_group_of_columns_reads_one_source() -> None:
    group = FeatureGroup(from_=("weather", "other"), key=("origin",), columns="features")
    with pytest.raises(SpecError, match="one source"):
        compute(group, "g", {"weather": table(), "other": table()}, functions=load(module(FEATURES)))


def test_a_missing_key_or_known_time_is_refused() -> None:
    keyed = FeatureGroup(from_=("weather",), key=("airport",), columns="features")
    with pytest.raises(SpecError, match="airport"):
        compute(keyed, "g", {"weather": table()}, functions=load(module(FEATURES)))
    with pytest.raises(SpecError, match="known"):
        compute(HOURLY, "g", {"weather": table(known=None)}, functions=load(module(FEATURES)))


# -- frame functions -------------------------------------------------------------------------


def daily(weather: pl.DataFrame) -> pl.DataFrame:
    return weather.group_by("origin", event_time=pl.col("event_time").dt.truncate("1d")).agg(
        mean_temp=pl.col("temp").mean(), rows=pl.len(), word=pl.lit("x")
    )


def test_a_frame_function_returns_key_time_and_features() -> None:
    made = by_frame(daily)
    assert made.frame.schema == {
        "origin": pl.String,
        "event_time": INSTANT,
        "known_time": INSTANT,
        "mean_temp": pl.Float64,
        "rows": pl.Float64,
        "word": pl.String,
    }
    assert made.frame.select("origin", "mean_temp", "rows").rows() == [("JFK", 1.0, 2.0), ("LGA", 2.0, 1.0)]
    assert made.frame["known_time"].to_list()[0] == DAY + timedelta(minutes=10)


def test_a_frame_function_may_ask_for_pandas() -> None:
    def in_pandas(weather: pd.DataFrame) -> pd.DataFrame:
        assert isinstance(weather, pd.DataFrame)
        return weather.dropna(subset=["origin"])[["origin", "event_time", "known_time", "temp"]]

    assert by_frame(in_pandas).frame["temp"].to_list() == [None, 1.0, 2.0]


def test_a_frame_function_may_say_itself_when_its_rows_were_known() -> None:
    def told(weather: pl.DataFrame) -> pl.DataFrame:
        return weather.select("origin", "event_time", pl.col("known_time") + timedelta(days=1), "temp")

    made = by_frame(told, known=Known(column="observed_at"))
    assert made.frame["known_time"].to_list()[0] == DAY + timedelta(days=1)


def test_without_lags_a_frame_function_must_say_when_its_rows_were_known() -> None:
    with pytest.raises(SpecError, match="no lag"):
        by_frame(daily, known=Known(column="observed_at"))


def test_several_sources_come_in_their_order_and_the_longest_lag_counts() -> None:
    group = FeatureGroup(from_=("weather", "late"), key=("origin",), frame="features:both")
    tables = {"weather": table(), "late": table(known=Known(lag=timedelta(hours=2)))}

    def both(weather: pl.DataFrame, late: pl.DataFrame) -> pl.DataFrame:
        assert weather["known_time"][0] < late["known_time"][0]
        return late.select("origin", "event_time", "temp")

    made = compute(group, "both", tables, resolve=lambda _: both)
    assert made.frame["known_time"].to_list()[0] == DAY + timedelta(hours=2)


WRONG: list[tuple[Callable[[pl.DataFrame], Any], str]] = [
    (lambda _: None, "not a table"),
    (lambda weather: weather.drop("event_time"), "does not fit"),
    (lambda weather: weather.drop("origin"), "does not fit"),
    (lambda weather: weather.with_columns(event_time=pl.lit("now")), "does not fit"),
    (lambda weather: weather.with_columns(known_time=pl.lit(None, INSTANT)), "does not fit"),
    (lambda weather: weather["absent"], "raised ColumnNotFoundError"),
]


@pytest.mark.parametrize(("function", "what"), WRONG)
def test_a_frame_that_does_not_fit_is_the_fault_of_the_function(
    function: Callable[..., Any], what: str
) -> None:
    with pytest.raises(UserCodeError, match=what):
        by_frame(function)


def test_a_group_without_features_is_refused() -> None:
    with pytest.raises(SpecError, match="no features"):
        by_frame(lambda weather: weather.select("origin", "event_time"))


def test_an_annotation_may_be_a_class_or_its_name() -> None:
    def told(weather: Any) -> Any:
        return pl.from_pandas(weather).select("origin", "event_time", "temp")

    for annotation in (pd.DataFrame, "pd.DataFrame", "pandas.DataFrame"):
        told.__annotations__["weather"] = annotation
        assert by_frame(told).frame.height == 3


def test_a_feature_that_is_a_time_is_refused() -> None:
    with pytest.raises(SpecError, match="observed_at"):
        by_frame(lambda weather: weather)
