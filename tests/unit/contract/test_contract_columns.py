"""Every way in which a table can be wrong has its own result; what could not be judged is not passed."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from msgspec.structs import replace

from headway.contract.columns import cast, check, require
from headway.contract.dialect import to_rust
from headway.errors import ContractError
from headway.facts.evidence import Outcome
from headway.spec.contract import Column, Contract, RowCount

if TYPE_CHECKING:
    from headway.contract.report import Report, Result

CONTRACT = Contract(
    columns={
        "scheduled_at": Column(type="time", min="2013-01-01"),
        "carrier": Column(type="text", in_=("AA", "B6")),
        "origin": Column(type="text", matches="^[A-Z]{3}$"),
        "distance": Column(type="integer", min=0, max=5000),
        "humidity": Column(type="number", nulls=True, max=100),
        "größe": Column(type="number"),
        "flight": Column(type="integer", unique=True),
        "day": Column(type="date", max="2013-12-31"),
        "late": Column(type="boolean"),
    },
    unique=(("carrier", "flight"),),
)


def flights() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "scheduled_at": pl.datetime_range(
                datetime(2013, 1, 1, tzinfo=UTC), datetime(2013, 1, 10, tzinfo=UTC), "1d", eager=True
            ),
            "carrier": ["AA", "B6"] * 5,
            "origin": ["EWR"] * 10,
            "distance": list(range(10)),
            "humidity": [None, 50.0] * 5,
            "größe": [1.5] * 10,
            "flight": list(range(10)),
            "day": [date(2013, 1, 1)] * 10,
            "late": [True, False] * 5,
        }
    )


def failed(frame: pl.DataFrame, contract: Contract = CONTRACT) -> list[Result]:
    return list(check(frame, contract).failures)


def only(frame: pl.DataFrame, contract: Contract = CONTRACT) -> Result:
    (result,) = failed(frame, contract)
    return result


def test_a_table_as_declared_passes_every_check() -> None:
    report = check(flights(), CONTRACT)
    assert report.passed
    assert {result.outcome for result in report.results} == {Outcome.PASS}
    require(flights(), CONTRACT, where="source `flights`")


def test_a_renamed_column_is_missing_and_its_new_name_is_shown() -> None:
    report = check(flights().rename({"distance": "distnce"}), CONTRACT)
    assert [result.expectation for result in report.failures] == [
        "expect_column_to_exist",
        "expect_table_columns_to_match_set",
    ]
    assert "renamed to `distnce`" in report.failures[0].line
    not_run = [result for result in report.results if result.outcome is Outcome.NOT_RUN]
    assert {result.columns for result in not_run} == {("distance",)}
    assert not report.passed


def test_a_dropped_column_is_missing() -> None:
    assert only(flights().drop("day")).line == "column `day`: expected the column to exist, found none"


def test_an_undeclared_column_is_refused_unless_ignored() -> None:
    frame = flights().with_columns(secret=pl.lit(1))
    assert only(frame).observed == "`secret`"
    assert check(frame, replace(CONTRACT, extra_columns="ignore")).passed
    assert "secret" not in cast(frame, replace(CONTRACT, extra_columns="ignore")).columns


def test_a_retyped_column_is_a_fault_and_is_never_coerced() -> None:
    result = only(flights().with_columns(pl.col("distance").cast(pl.Float64)))
    assert result.expectation == "expect_column_values_to_be_of_type"
    assert "found `Float64`" in result.line
    assert result.unexpected_count == 10
    assert only(flights().with_columns(pl.col("late").cast(pl.Int8))).columns == ("late",)
    assert only(flights().with_columns(pl.lit(3).alias("carrier"))).columns == ("carrier",)


def test_another_date_format_in_a_third_of_the_rows_is_named_with_its_share() -> None:
    texts = ["2013-01-01T10:00:00Z"] * 7 + ["01/02/2013 10:00"] * 3
    result = only(flights().with_columns(scheduled_at=pl.Series(texts)))
    assert result.unexpected_count == 3
    assert "3 of 10 values (30 %) are not written as ISO" in result.line
    assert "`99/99/9999 99:99` in 30 %" in result.line


def test_zero_rows_are_refused_unless_declared() -> None:
    report = check(flights().clear(), CONTRACT)
    assert [result.expectation for result in report.failures] == ["expect_table_row_count_to_be_between"]
    assert report.failures[0].observed == "0 rows"
    allowed = check(flights().clear(), replace(CONTRACT, rows=RowCount(min=0)))
    assert allowed.passed
    values = [result for result in allowed.results if "values_to_be_between" in result.expectation]
    assert {result.outcome for result in values} == {Outcome.NOT_APPLICABLE}


def test_a_frame_without_columns_is_judged_too() -> None:
    assert len(failed(pl.DataFrame())) == len(CONTRACT.columns) + 1


@pytest.mark.parametrize(
    ("column", "values", "expectation", "count", "rows"),
    [
        ("distance", [-1, 5001, *range(8)], "expect_column_values_to_be_between", 2, (1, 2)),
        ("carrier", ["ZZ", *["AA"] * 9], "expect_column_values_to_be_in_set", 1, (1,)),
        ("origin", ["EWR\nX", *["EWR"] * 9], "expect_column_values_to_match_regex", 1, (1,)),
        ("flight", [1, 1, *range(8)], "expect_column_values_to_be_unique", 3, (1, 2, 4)),
        ("distance", [None, *range(9)], "expect_column_values_to_not_be_null", 1, (1,)),
        ("größe", [float("nan"), None, *[0.0] * 8], "expect_column_values_to_not_be_null", 2, (1, 2)),
        ("größe", [float("inf"), float("-inf"), *[0.0] * 8], "expect_column_values_to_be_finite", 2, (1, 2)),
        ("day", [date(2014, 1, 1)] * 10, "expect_column_values_to_be_between", 10, (1, 2, 3, 4, 5)),
        (
            "scheduled_at",
            [datetime(2012, 1, 1, tzinfo=UTC)] * 10,
            "expect_column_values_to_be_between",
            10,
            (1, 2, 3, 4, 5),
        ),
    ],
)
def test_a_wrong_value_is_counted_and_found(
    column: str, values: list[object], expectation: str, count: int, rows: tuple[int, ...]
) -> None:
    frame = flights().with_columns(pl.Series(column, values))
    result = next(item for item in failed(frame) if item.expectation == expectation)
    assert (result.columns, result.unexpected_count, result.rows) == ((column,), count, rows)


def test_infinity_is_a_fault_also_where_nothing_is_bounded() -> None:
    contract = Contract(columns={"x": Column(type="number")})
    assert only(pl.DataFrame({"x": [1.0, float("-inf")]}), contract).examples == ("-inf",)


@pytest.mark.parametrize("name", ["*", "^x.*$", "", "größe in m", "`"])
def test_any_name_names_one_column(name: str) -> None:
    contract = Contract(
        columns={name: Column(type="integer", min=0), "xy": Column(type="integer")}, unique=((name,),)
    )
    assert check(pl.DataFrame({name: [1, 2], "xy": [-1, -1]}), contract).passed
    assert only(pl.DataFrame({name: [-1], "xy": [0]}), contract).columns == (name,)


def test_nan_alone_breaks_no_bound() -> None:
    contract = Contract(
        columns={"x": Column(type="number", nulls=True, min=0, max=1, in_=(0.5,), unique=True)}
    )
    report = check(pl.DataFrame({"x": [float("nan"), float("nan"), None]}), contract)
    assert report.passed
    judged = [
        result for result in report.results if "values" in result.expectation and result.missing_count == 3
    ]
    assert {result.outcome for result in judged} == {Outcome.NOT_APPLICABLE}


def test_columns_that_name_a_row_together_are_unique_and_null_in_all_of_them_is_left_out() -> None:
    contract = Contract(
        columns={"a": Column(type="text", nulls=True), "b": Column(type="integer", nulls=True)},
        unique=(("a", "b"),),
    )
    assert check(pl.DataFrame({"a": ["x", "x", None, None], "b": [1, 2, None, None]}), contract).passed
    result = only(pl.DataFrame({"a": ["x", "x", None], "b": [1, 1, 1]}), contract)
    assert (result.unexpected_count, result.rows, result.examples) == (2, (1, 2), ())


def test_examples_are_bounded() -> None:
    result = only(flights().with_columns(carrier=pl.lit("Z" * 10_000)))
    assert len(result.rows) == 5
    assert all(len(str(value)) <= 60 for value in result.examples)
    assert len(result.line) < 600


def test_require_raises_with_every_failure_and_the_place() -> None:
    with pytest.raises(ContractError) as caught:
        require(
            flights().with_columns(distance=pl.lit(-1), carrier=pl.lit("ZZ")),
            CONTRACT,
            where="source `flights`",
        )
    assert caught.value.code == "DC003"
    assert caught.value.exit_code == 3
    assert len(caught.value.evidence) == 2
    assert caught.value.where == "source `flights`"


# -- how values are held -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "series"),
    [
        ("integer", pl.Series([1, None], dtype=pl.Int8)),
        ("integer", pl.Series([1, 2], dtype=pl.UInt64)),
        ("integer", pl.Series([None, None])),
        ("number", pl.Series([1.5, None], dtype=pl.Float32)),
        ("number", pl.Series([1, 2**53], dtype=pl.Int64)),
        ("text", pl.Series(["a", None], dtype=pl.Categorical)),
        ("text", pl.Series(["a", None], dtype=pl.Enum(["a"]))),
        ("time", pl.Series([0, None], dtype=pl.Datetime("ns"))),
        ("time", pl.Series([0], dtype=pl.Datetime("ms", "America/New_York"))),
    ],
    ids=str,
)
def test_values_are_held_in_one_type_without_change(kind: str, series: pl.Series) -> None:
    contract = Contract(columns={"x": Column(type=kind, nulls=True)})  # ty: ignore[invalid-argument-type]
    held = cast(series.alias("x").to_frame(), contract)["x"]
    assert check(held.to_frame(), contract).passed
    assert [str(value) for value in held.to_list() if value is not None] != ["None"]
    assert held.null_count() == series.null_count()


@pytest.mark.parametrize(
    ("kind", "series"),
    [
        ("integer", pl.Series([2**63], dtype=pl.UInt64)),
        ("number", pl.Series([2**53 + 1])),
        ("number", pl.Series(["1.5"])),
        ("integer", pl.Series([1.0])),
        ("time", pl.Series([date(2013, 1, 1)])),
        ("date", pl.Series([0], dtype=pl.Datetime("us"))),
        ("boolean", pl.Series([0, 1])),
        ("text", pl.Series([[1]])),
    ],
    ids=str,
)
def test_what_would_change_is_left_alone_and_refused(kind: str, series: pl.Series) -> None:
    contract = Contract(columns={"x": Column(type=kind)})  # ty: ignore[invalid-argument-type]
    frame = series.alias("x").to_frame()
    assert cast(frame, contract).equals(frame)
    assert only(frame, contract).expectation == "expect_column_values_to_be_of_type"


def test_an_instant_of_another_zone_stays_the_same_instant() -> None:
    moment = datetime(2013, 6, 1, 8, tzinfo=ZoneInfo("America/New_York"))
    contract = Contract(columns={"t": Column(type="time")})
    assert cast(pl.DataFrame({"t": [moment]}), contract)["t"][0] == moment
    naive = pl.DataFrame({"t": pl.Series([0], dtype=pl.Datetime("us"))})
    assert cast(naive, contract)["t"][0] == datetime(1970, 1, 1, tzinfo=UTC)


def test_columns_come_in_the_order_of_the_contract() -> None:
    frame = flights().select(reversed(flights().columns))
    assert cast(frame, CONTRACT).columns == list(CONTRACT.columns)


# -- regular expressions -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "pattern", ["^[A-Z]{3}$", r"^\d{2}-\d{2}$", "(AA|B6)", "^(AA|B6)$", "a|b$", r"x\.y", "^N[0-9A-Z]+$"]
)
def test_plain_patterns_are_left_to_polars(pattern: str) -> None:
    assert to_rust(pattern) is not None


@pytest.mark.parametrize(
    "pattern", [r"\s", r"\w+", "(?i)a", "a(?=b)", r"\bx", "[a-z&&b]", "a++", r"(a)\1", "[A-z]", r"\Z"]
)
def test_patterns_that_differ_are_left_to_python(pattern: str) -> None:
    assert to_rust(pattern) is None


# -- reports -----------------------------------------------------------------------------------


def report() -> Report:
    return check(flights().with_columns(distance=pl.lit(-1)).drop("day"), CONTRACT)


def test_a_report_goes_out_in_the_form_of_great_expectations() -> None:
    found = report().to_great_expectations("flights")
    assert json.loads(json.dumps(found)) == found
    assert set(found) == {"success", "results", "suite_name", "suite_parameters", "statistics", "meta", "id"}
    assert found["success"] is False
    between = next(
        item
        for item in found["results"]
        if item["expectation_config"]["type"] == "expect_column_values_to_be_between"
        and item["expectation_config"]["kwargs"]["column"] == "distance"
    )
    assert set(between) == {"success", "expectation_config", "result", "meta", "exception_info"}
    assert between["expectation_config"]["kwargs"] == {
        "column": "distance",
        "min_value": 0,
        "max_value": 5000,
    }
    assert between["result"]["unexpected_count"] == 10
    assert between["result"]["unexpected_percent"] == 100.0
    assert between["result"]["partial_unexpected_list"] == [-1] * 5
    statistics = found["statistics"]
    assert statistics["evaluated_expectations"] == len(found["results"])
    assert statistics["unsuccessful_expectations"] == sum(not item["success"] for item in found["results"])


def test_what_could_not_run_is_no_success_outside_either() -> None:
    found = report().to_great_expectations()
    day = [item for item in found["results"] if item["expectation_config"]["kwargs"].get("column") == "day"]
    assert day
    assert not any(item["success"] for item in day)
    assert any(item["exception_info"]["raised_exception"] for item in day)


def test_lines_are_bounded() -> None:
    assert len(report().lines(1)) == 2
    assert report().lines(1)[1] == "… and 1 more"
