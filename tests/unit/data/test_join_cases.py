from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from headway.data.join import Lookup, as_of
from headway.errors import SpecError

DAY = datetime(2024, 1, 1, tzinfo=UTC)
INSTANT = pl.Datetime("us", "UTC")


def hours(*values: float) -> pl.Series:
    return pl.Series([DAY + timedelta(hours=value) for value in values], dtype=INSTANT)


def table(event: tuple[float, ...], known: tuple[float, ...], values: list[float | None]) -> pl.DataFrame:
    columns = {"k": ["a"] * len(event), "event_time": hours(*event), "known_time": hours(*known), "x": values}
    return pl.DataFrame(columns)


def ask(at: float, known: pl.DataFrame, ttl: timedelta | None = None) -> float | None:
    rows = pl.DataFrame({"k": ["a"], "at": hours(at)})
    return as_of(rows, "at", [Lookup(known, {"k": "k"}, {"x": "x"}, ttl=ttl)])[0]["x"][0]


def test_a_late_row_never_enters_the_past() -> None:
    late = table((0, 1), (0, 9), [1.0, 2.0])
    assert ask(5, late) == 1.0
    assert ask(9, late) == 2.0


def test_a_correction_counts_from_the_moment_it_became_known() -> None:
    corrected = table((0, 0, 1), (0, 5, 9), [1.0, 1.5, 2.0])
    assert [ask(at, corrected) for at in (0, 4.9, 5, 8, 9)] == [1.0, 1.0, 1.5, 1.5, 2.0]


def test_a_forecast_waits_for_its_event() -> None:
    forecast = table((0, 6), (-1, 0), [1.0, 2.0])
    assert ask(5, forecast) == 1.0
    assert ask(6, forecast) == 2.0


def test_a_null_feature_of_the_newest_row_stays_null() -> None:
    assert ask(5, table((0, 1), (0, 1), [1.0, None])) is None


def test_a_value_is_missing_once_it_is_older_than_its_ttl() -> None:
    old = table((0,), (0,), [1.0])
    assert ask(3, old, timedelta(hours=3)) == 1.0
    assert ask(3.001, old, timedelta(hours=3)) is None


def test_every_row_stays_when_the_table_is_empty() -> None:
    rows = pl.DataFrame({"k": ["a", None, "b"], "at": hours(1, 2, 3)})
    found = as_of(rows, "at", [Lookup(table((0,), (0,), [1.0]).clear(), {"k": "k"}, {"x": "y"})])[0]
    assert found.to_dict(as_series=False) == {"y": [None, None, None]}
    assert found.schema["y"] == pl.Float64


def test_keys_of_several_columns_match_only_as_a_whole() -> None:
    known = pl.DataFrame(
        {
            "p": ["a", "a", "b"],
            "q": [1, 2, 1],
            "event_time": hours(0, 0, 0),
            "known_time": hours(0, 0, 0),
            "x": [1, 2, 3],
        }
    )
    rows = pl.DataFrame({"p": ["a", "a", "b", "b", None], "s": [2, 1, 1, 2, 1], "at": hours(1, 1, 1, 1, 1)})
    assert as_of(rows, "at", [Lookup(known, {"p": "p", "q": "s"}, {"x": "x"})])[0]["x"].to_list() == [
        2,
        1,
        3,
        None,
        None,
    ]


def test_keys_of_different_types_are_refused_because_they_would_never_match() -> None:
    rows = pl.DataFrame({"k": [1], "at": hours(1)})
    with pytest.raises(SpecError, match="Int64"):
        as_of(rows, "at", [Lookup(table((0,), (0,), [1.0]), {"k": "k"}, {"x": "x"}, where="dataset `d`")])[0]


def test_a_long_run_of_rows_not_yet_known_is_skipped_in_one_step() -> None:
    n = 20_000
    event = pl.Series(range(n)).cast(pl.Int64) * 60_000_000 + 1_700_000_000_000_000
    known = pl.DataFrame(
        {
            "k": ["a"] * n,
            "event_time": event.cast(INSTANT),
            "known_time": (event + n * 60_000_000).cast(INSTANT),
        }
    ).with_columns(x=pl.Series(range(n)))
    rows = pl.DataFrame({"k": ["a"] * n, "at": known["known_time"]})
    assert as_of(rows, "at", [Lookup(known, {"k": "k"}, {"x": "x"})])[0]["x"].to_list() == list(range(n))
