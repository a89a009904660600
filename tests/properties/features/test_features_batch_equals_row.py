"""A feature of a row is the same whether the row is asked for alone or stands in a table."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headway.contract.columns import cast
from headway.contract.record import compile_record
from headway.features.arrays import to_numpy
from headway.features.columns import compute
from headway.features.functions import load
from headway.features.row import RowFunctions
from headway.spec.contract import Column, Contract

CONTRACT = Contract(
    columns={
        "t": Column(type="time", nulls=True),
        "n": Column(type="integer"),
        "m": Column(type="integer", nulls=True),
        "x": Column(type="number", nulls=True),
        "s": Column(type="text", nulls=True),
        "b": Column(type="boolean", nulls=True),
        "day": Column(type="date", nulls=True),
    }
)
times = st.datetimes(timezones=st.just(UTC))
rows = st.fixed_dictionaries(
    {
        "t": st.none() | times,
        "n": st.integers(-(2**63), 2**63 - 1),
        "m": st.none() | st.integers(-(2**53), 2**53),
        "x": st.none() | st.floats(allow_infinity=False, allow_nan=False),
        "s": st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=4),
        "b": st.none() | st.booleans(),
        "day": st.none() | st.dates(),
    }
)
tables = st.lists(rows, min_size=1, max_size=5)


def hour(t: np.ndarray) -> np.ndarray:
    hours = (t - t.astype("datetime64[D]")) / np.timedelta64(1, "h")
    return np.where(np.isnat(t), np.nan, hours)


def is_evening(hour: np.ndarray) -> np.ndarray:
    return hour > 18


def half(n: np.ndarray) -> np.ndarray:
    return n // 2


def missing(m: np.ndarray, x: np.ndarray) -> np.ndarray:
    return np.isnan(m) | np.isnan(x)


def squashed(x: np.ndarray) -> np.ndarray:
    return np.tanh(x)


def shouted(s: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.array(
        [None if v is None else v.upper() if loud else v for v, loud in zip(s, b, strict=True)], object
    )


def shouted_size(shouted: np.ndarray) -> np.ndarray:
    return np.array([np.nan if v is None else len(v) for v in shouted])


def trimmed(s: pd.Series) -> pd.Series:
    return s.str.strip()


def sure(b: pl.Series) -> pl.Series:
    return b.fill_null(value=False)


def tenth(m: pl.Series) -> pl.Series:
    return m / 10


def first(s: pl.Series) -> pl.Series:
    return s.str.slice(0, 1)


def month(day: np.ndarray) -> np.ndarray:
    months = day.astype("datetime64[M]").astype(np.int64) % 12
    return np.where(np.isnat(day), -1, months)


FUNCTIONS = load(sys.modules[__name__])
"""Every function above; this module is the product's here."""


def frame_of(table: list[dict[str, Any]]) -> pl.DataFrame:
    schema = {
        "t": pl.Datetime("us", "UTC"),
        "n": pl.Int64,
        "m": pl.Int64,
        "x": pl.Float64,
        "s": pl.String,
        "b": pl.Boolean,
        "day": pl.Date,
    }
    return cast(pl.DataFrame(table, schema=schema), CONTRACT)


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
@settings(max_examples=60, deadline=None)
@given(tables)
def test_a_row_alone_has_the_features_that_it_has_in_a_table(table: list[dict[str, Any]]) -> None:
    decoder = compile_record(CONTRACT, tuple(CONTRACT.columns))
    batch = compute(FUNCTIONS, frame_of(table), CONTRACT.columns)
    row_functions = RowFunctions(FUNCTIONS, CONTRACT.columns)
    for row, expected in zip(table, batch.iter_rows(named=True), strict=True):
        found = row_functions(decoder.to_columns(decoder.from_rows([row])))
        assert {name: plain(values[0]) for name, values in found.items()} == expected


def plain(value: Any) -> Any:
    return None if value is None or value != value else value  # noqa: PLR0124 -- NaN


@settings(max_examples=60, deadline=None)
@given(tables)
def test_requests_and_tables_become_the_same_arrays(table: list[dict[str, Any]]) -> None:
    decoder = compile_record(CONTRACT, tuple(CONTRACT.columns))
    requested = decoder.to_columns(decoder.from_rows(table))
    frame = frame_of(table)
    for name, column in CONTRACT.columns.items():
        stored = to_numpy(frame[name], column)
        assert stored.dtype == requested[name].dtype
        np.testing.assert_array_equal(stored, requested[name])


def test_the_epoch_is_no_null() -> None:
    moment = {
        "t": datetime(1970, 1, 1, tzinfo=UTC),
        "n": 0,
        "m": 0,
        "x": 0.0,
        "s": "",
        "b": False,
        "day": None,
    }
    found = compute(FUNCTIONS, frame_of([moment]), CONTRACT.columns)
    assert found["hour"].to_list() == [0.0]
    assert found["shouted"].to_list() == [""]
