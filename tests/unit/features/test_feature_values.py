"""What feature functions are given, and what may come back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from headway.errors import UserCodeError
from headway.features.arrays import to_numpy
from headway.features.columns import compute
from headway.features.functions import FeatureFunction, Kind, Parameter
from headway.features.row import RowFunctions
from headway.spec.contract import Column

if TYPE_CHECKING:
    from collections.abc import Callable

FRAME = pl.DataFrame(
    {
        "t": [datetime(2013, 1, 1, 22, tzinfo=UTC), None],
        "n": [1, 2],
        "x": [1.5, None],
        "s": ["EWR", None],
        "flag": [True, False],
        "maybe": [True, None],
    }
)
TYPES = {
    "t": Column(type="time", nulls=True),
    "n": Column(type="integer"),
    "x": Column(type="number", nulls=True),
    "s": Column(type="text", nulls=True),
    "flag": Column(type="boolean"),
    "maybe": Column(type="boolean", nulls=True),
}


def feature(
    function: Callable[..., Any], *parameters: str, kind: Kind = "numpy"
) -> tuple[FeatureFunction, ...]:
    named = tuple(Parameter(name, kind) for name in parameters)
    return (FeatureFunction("feature", function, named, "delay.features"),)


def made(function: Callable[..., Any], *parameters: str, kind: Kind = "numpy") -> pl.Series:
    """The feature of the whole frame, which each row alone must give too."""
    functions = feature(function, *parameters, kind=kind)
    batch = compute(functions, FRAME, TYPES)["feature"]
    row = RowFunctions(functions, TYPES)
    for place in range(FRAME.height):
        one = {name: to_numpy(FRAME[name][place : place + 1], TYPES[name]) for name in parameters}
        (value,) = row(one)["feature"].tolist()
        assert (None if value is None or value != value else value) == batch[place]  # noqa: PLR0124 -- NaN
    return batch


@pytest.mark.parametrize(
    ("name", "dtype"),
    [("t", "<M8[us]"), ("n", "<i8"), ("x", "<f8"), ("s", "|O"), ("flag", "|b1"), ("maybe", "|O")],
)
def test_columns_come_as_declared(name: str, dtype: str) -> None:
    seen = []
    made(lambda **columns: (seen.append(columns[name]), np.zeros(len(columns[name])))[1], name)
    assert {values.dtype.str for values in seen} == {dtype}


def test_an_integer_that_may_be_null_is_a_number_in_every_table() -> None:
    declared = Column(type="integer", nulls=True)
    assert to_numpy(pl.Series([1, 2]), declared).dtype == np.float64
    assert to_numpy(pl.Series([1, 2])).dtype == np.int64
    assert np.isnan(to_numpy(pl.Series([1, None]))[1])


@pytest.mark.parametrize(
    ("function", "parameters", "expected"),
    [
        (lambda x: x * 2, ["x"], [3.0, None]),
        (lambda n: n + 1, ["n"], [2.0, 3.0]),
        (lambda n: n > 1, ["n"], [0.0, 1.0]),
        (lambda n: n.astype(np.float32) / 2, ["n"], [0.5, 1.0]),
        (lambda s: np.array([None if v is None else v.lower() for v in s], object), ["s"], ["ewr", None]),
        (lambda n: np.where(n > 1, "b", "a"), ["n"], ["a", "b"]),
        (lambda n: np.array(["a", "é"], np.dtypes.StringDType())[n - 1], ["n"], ["a", "é"]),
        (lambda n: np.array([int(v) for v in n], object), ["n"], [1.0, 2.0]),
        (lambda maybe: np.array([v is None for v in maybe]), ["maybe"], [0.0, 1.0]),
        (lambda t: t.astype("datetime64[h]").astype(float) % 24, ["t"], None),
        (lambda x, n: x + n, ["x", "n"], [2.5, None]),
    ],
    ids=range(11),
)
def test_numbers_booleans_and_text_are_features(
    function: Callable[..., Any], parameters: list[str], expected: list[Any] | None
) -> None:
    found = made(function, *parameters)
    assert found.dtype in (pl.Float64, pl.String)
    assert expected is None or found.to_list() == expected


@pytest.mark.parametrize(
    ("function", "parameter", "expected"),
    [
        (lambda n: n * 2, "n", [2.0, 4.0]),
        (lambda x: x.isna(), "x", [0.0, 1.0]),
        (lambda s: s.str.lower(), "s", ["ewr", None]),
        (lambda t: t.dt.hour, "t", [22.0, None]),
        (lambda n: n.astype("Int64"), "n", [1.0, 2.0]),
        (lambda n: n.astype(str), "n", ["1", "2"]),
    ],
    ids=range(6),
)
def test_pandas_series_are_given_and_taken_by_annotation(
    function: Callable[..., Any], parameter: str, expected: list[Any]
) -> None:
    assert made(function, parameter, kind="pandas").to_list() == expected


@pytest.mark.parametrize(
    ("function", "parameter", "expected"),
    [
        (lambda x: x.fill_null(7), "x", [1.5, 7.0]),
        (lambda s: s.str.to_lowercase(), "s", ["ewr", None]),
        (lambda maybe: ~maybe, "maybe", [0.0, None]),
        (lambda t: t.dt.hour(), "t", [22.0, None]),
        (lambda s: s.cast(pl.Categorical), "s", ["EWR", None]),
    ],
    ids=range(5),
)
def test_polars_series_are_given_and_taken_by_annotation(
    function: Callable[..., Any], parameter: str, expected: list[Any]
) -> None:
    assert made(function, parameter, kind="polars").to_list() == expected


@pytest.mark.parametrize(
    ("function", "code", "word"),
    [
        (lambda x: None, "FE009", "None"),
        (lambda x: 1.0, "FE009", "`float`"),
        (lambda x: np.float64(1), "FE009", "`float64`"),
        (lambda x: x.sum(), "FE009", "`float64`"),
        (lambda x: x.tolist(), "FE009", "`list`"),
        (lambda x: x[:1], "FE009", "shape (1,)"),
        (lambda x: x.reshape(-1, 1), "FE009", "shape (2, 1)"),
        (lambda x: np.zeros(2, "datetime64[us]"), "FE009", "datetime64[us]"),
        (lambda x: x.astype(complex), "FE009", "complex128"),
        (lambda x: np.array([1, "a"], object), "FE009", "int, str"),
        (lambda x: np.array([{}, []], object), "FE009", "dict, list"),
        (lambda x: np.ma.masked_array(x, [True, False]), "FE009", "`MaskedArray`"),
        (lambda x: pd.Series([1.0, 2.0], index=[1, 0]), "FE009", "changed index"),
        (lambda x: pd.Series(x).sort_values(ascending=False).dropna(), "FE009", "shape (1,)"),
        (lambda x: pl.Series([datetime(2013, 1, 1, tzinfo=UTC)] * 2), "FE009", "datetime64"),
        (lambda x: pd.DataFrame({"a": x}), "FE009", "`DataFrame`"),
        (lambda x: np.array([np.inf, -np.inf]), "FE010", "2 of 2 rows"),
        (lambda x: np.array([1.0, float("inf")], object), "FE010", "1 of 2 rows"),
        (lambda x: x[99], "FE008", "IndexError"),
        (lambda x: x.__setitem__(0, 7.0), "FE008", "read-only"),
        (lambda x: exit(), "FE008", "SystemExit"),  # noqa: PLR1722 -- what a product's code may do
    ],
    ids=range(21),
)
def test_what_is_no_feature_is_refused_with_function_place_and_inputs(
    function: Callable[..., Any], code: str, word: str
) -> None:
    with pytest.raises(UserCodeError) as caught:
        compute(feature(function, "x"), FRAME, TYPES)
    error = caught.value
    assert error.code == code
    assert word in error.what
    assert "delay.features.feature" in error.what
    assert "test_feature_values.py:" in error.where or "site-builtins" in error.where
    assert error.evidence == ("`x`: float64, 2 values",)


def test_an_exception_names_the_line_of_the_product_and_is_kept() -> None:
    def feature_function(x: np.ndarray) -> np.ndarray:
        return np.linalg.inv(x)  # fails deep inside of NumPy

    with pytest.raises(UserCodeError) as caught:
        compute(feature(feature_function, "x"), FRAME, TYPES)
    line = feature_function.__code__.co_firstlineno + 1
    assert caught.value.where.endswith(f"test_feature_values.py:{line}")
    assert isinstance(caught.value.__cause__, np.linalg.LinAlgError)


def test_a_column_that_is_not_there_is_named() -> None:
    for call in (
        lambda functions: compute(functions, FRAME),
        lambda functions: RowFunctions(functions)({"x": np.zeros(1)}),
    ):
        with pytest.raises(UserCodeError, match="takes `y`, and there is no such column") as caught:
            call(feature(lambda y: y, "y"))
        assert caught.value.code == "FE007"


def test_a_change_in_place_cannot_reach_the_caller() -> None:
    values = np.array([1.0])
    with pytest.raises(UserCodeError):
        RowFunctions(feature(lambda x: np.add(x, 1, out=x), "x"))({"x": values})
    assert values.tolist() == [1.0]


def test_a_table_without_rows_has_features_without_rows() -> None:
    found = compute(feature(lambda x: x * 2, "x"), FRAME.clear(), TYPES)
    assert found.schema == {"feature": pl.Float64}
    assert found.height == 0


def test_a_function_with_the_name_of_its_column_makes_the_feature_and_others_take_that() -> None:
    flag = FeatureFunction("flag", lambda flag: np.where(flag, "yes", "no"), (Parameter("flag", "polars"),))
    long = FeatureFunction("long", lambda flag: flag.str.len_chars(), (Parameter("flag", "polars"),))
    assert compute((flag, long), FRAME, TYPES).to_dict(as_series=False) == {
        "flag": ["yes", "no"],
        "long": [3.0, 2.0],
    }
    row = RowFunctions((flag, long), TYPES)
    assert row({"flag": np.array([True])})["long"].tolist() == [3.0]
