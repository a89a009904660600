"""What two files show together is what one pass over both shows: states merge, and an append costs what is new."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headway.contract.columns import check
from headway.contract.judging import judge, unsettled
from headway.contract.measuring import measure
from headway.contract.report import Result
from headway.contract.state import State, decode, encode, merge
from headway.errors import ContractError
from headway.facts.evidence import Outcome
from headway.spec.contract import Column, Contract, Expectation, Freshness, MapTo, Policy, RowCount
from headway.spec.expectations import EXPECTATIONS

NOW = datetime(2013, 1, 5, tzinfo=UTC)
BETWEEN = {"min_value": 1, "max_value": 2}
KINDS = {"n": "integer", "m": "integer", "x": "number", "s": "text", "t": "time", "d": "date", "b": "boolean"}


def expect(name: str, policy: Policy = Policy(), **arguments: Any) -> Expectation:
    return Expectation(type=name, arguments=arguments, policy=policy)


EVERY = (
    *(
        expect(f"expect_column_{name}_to_be_between", column=c, **BETWEEN)
        for name in ("mean", "sum", "stdev")
        for c in "nx"
    ),
    *(
        expect(f"expect_column_{name}_to_be_between", column=c, **BETWEEN)
        for name in ("min", "max")
        for c in "nx"
    ),
    expect("expect_column_min_to_be_between", column="t", min_value="2013-01-02"),
    expect("expect_column_max_to_be_between", column="d", max_value="2013-01-02", strict_max=True),
    expect("expect_column_median_to_be_between", column="n", **BETWEEN),
    expect(
        "expect_column_quantile_values_to_be_between",
        column="x",
        quantile_ranges={"quantiles": [0.25, 0.9], "value_ranges": [[0, 1], [None, 2]]},
    ),
    *(expect("expect_column_unique_value_count_to_be_between", column=c, **BETWEEN) for c in KINDS),
    *(
        expect("expect_column_proportion_of_unique_values_to_be_between", column=c, min_value=0.5)
        for c in KINDS
    ),
    *(
        expect(f"expect_column_distinct_values_to_{name}_set", column="s", value_set=["a", "b"])
        for name in ("be_in", "equal", "contain")
    ),
    expect("expect_column_distinct_values_to_be_in_set", column="t", value_set=["2013-01-01"]),
    expect("expect_column_most_common_value_to_be_in_set", column="d", value_set=["2013-01-01"]),
    expect("expect_column_most_common_value_to_be_in_set", column="s", value_set=["a"], ties_okay=True),
    expect(
        "expect_column_kl_divergence_to_be_less_than",
        column="s",
        threshold=0.1,
        partition_object={"values": ["a", "b"], "weights": [0.5, 0.5]},
        tail_weight_holdout=0.1,
    ),
    expect(
        "expect_column_kl_divergence_to_be_less_than",
        column="x",
        threshold=0.1,
        partition_object={"bins": [0, 1, 2], "weights": [0.5, 0.5]},
        tail_weight_holdout=0.1,
    ),
    *(expect("expect_column_values_to_be_unique", column=c, mostly=0.5) for c in KINDS),
    *(expect("expect_column_values_to_be_increasing", column=c) for c in ("n", "x", "t", "d")),
    expect("expect_column_values_to_be_decreasing", column="n", strictly=True),
    expect("expect_column_values_to_be_between", column="n", mostly=0.6, **BETWEEN),
    expect(
        "expect_column_values_to_be_between",
        Policy(batch="quarantine"),
        column="x",
        min_value=1,
        strict_min=True,
    ),
    expect("expect_column_values_to_be_in_set", column="n", value_set=[0, 1]),
    expect("expect_column_values_to_not_be_in_set", column="d", value_set=["2013-01-01"]),
    expect("expect_column_values_to_match_regex", column="s", regex="a|b"),
    expect("expect_column_values_to_not_match_regex", column="s", regex=r"\s"),
    expect("expect_column_values_to_match_strftime_format", column="s", strftime_format="%d"),
    expect("expect_column_values_to_be_json_parseable", column="s"),
    expect("expect_column_values_to_be_dateutil_parseable", column="s"),
    expect("expect_column_value_lengths_to_equal", column="s", value=1),
    expect("expect_column_value_lengths_to_be_between", column="s", max_value=1),
    expect("expect_column_values_to_not_be_null", column="n", mostly=0.5),
    expect("expect_column_values_to_be_null", column="n"),
    expect("expect_column_values_to_be_of_type", column="n", type_="integer"),
    expect("expect_column_values_to_be_in_type_list", column="n", type_list=["integer", "number"]),
    expect("expect_column_values_to_be_finite", column="x"),
    expect("expect_column_pair_values_to_be_equal", column_A="n", column_B="m"),
    expect("expect_column_pair_values_a_to_be_greater_than_b", column_A="n", column_B="x", or_equal=True),
    expect(
        "expect_column_pair_values_to_be_in_set",
        column_A="n",
        column_B="s",
        value_pairs_set=[[1, "a"]],
        ignore_row_if="either_value_is_missing",
    ),
    expect("expect_multicolumn_sum_to_equal", column_list=["n", "m"], sum_total=2),
    expect("expect_select_column_values_to_be_unique_within_record", column_list=["n", "m", "x"]),
    *(
        expect("expect_compound_columns_to_be_unique", column_list=["n", "s"], ignore_row_if=when)
        for when in ("all_values_are_missing", "any_value_is_missing", "never")
    ),
    expect("expect_column_to_exist", column="n"),
    expect("expect_table_row_count_to_be_between", max_value=5),
    expect("expect_table_row_count_to_equal", value=4),
    expect("expect_table_column_count_to_equal", value=7),
    expect("expect_table_columns_to_match_set", column_set=["n"], exact_match=False),
    expect("expect_table_columns_to_match_ordered_list", column_list=list(KINDS)),
)
CONTRACT = Contract(
    columns={
        name: Column(
            type=kind,  # ty: ignore[invalid-argument-type]
            nulls=True,
            in_=("a", "b", "c") if name == "s" else None,
            unknown_category=MapTo(map_to="c") if name == "s" else "reject",
        )
        for name, kind in KINDS.items()
    },
    unique=(("n", "m"),),
    rows=RowCount(min=0),
    expectations=EVERY,
    freshness=Freshness(column="t", max_age=timedelta(days=3)),
)
days = st.integers(1, 4).map(lambda day: date(2013, 1, day))
CELLS = {
    "n": st.integers(0, 3),
    "m": st.integers(0, 3) | st.just(2**62),
    "x": st.sampled_from([0.0, -0.0, 0.5, 1.0, 2.0, float("nan")]),
    "s": st.sampled_from(["a", "b", "", "b ", "12"]),
    "t": days.map(lambda day: datetime(day.year, day.month, day.day, tzinfo=UTC)),
    "d": days,
    "b": st.booleans(),
}
ROWS = st.fixed_dictionaries({name: st.none() | cell for name, cell in CELLS.items()})
SCHEMA = pl.Schema(
    {
        "n": pl.Int64(),
        "m": pl.Int64(),
        "x": pl.Float64(),
        "s": pl.String(),
        "t": pl.Datetime("us", "UTC"),
        "d": pl.Date(),
        "b": pl.Boolean(),
    }
)


def test_the_property_is_about_every_expectation() -> None:
    assert {item.type for item in EVERY} == set(EXPECTATIONS)


def told(result: Result) -> tuple[Any, ...]:
    """What must be the same; which rows of several repeat each other, a merge does not know."""
    value = result.observed_value
    seen = (
        [pytest.approx(item) for item in value]
        if isinstance(value, list) and "quantile" in result.expectation
        else value
    )
    return (
        result.expectation,
        result.columns,
        result.outcome,
        result.is_met,
        result.unexpected_count,
        result.element_count,
        result.missing_count,
        pytest.approx(seen, abs=1e-9) if isinstance(seen, float) else seen,
    )


def by_key(results: tuple[Result, ...]) -> list[Result]:
    return sorted(results, key=lambda item: (item.expectation, item.columns, item.key))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(ROWS, max_size=9), st.lists(st.integers(0, 9), max_size=3))
def test_merged_states_judge_as_one_pass_does(rows: list[dict[str, Any]], cuts: list[int]) -> None:
    frame = pl.DataFrame(rows, schema=SCHEMA)
    edges = [0, *sorted(min(cut, len(rows)) for cut in cuts), len(rows)]
    parts = [measure(frame[low:high], CONTRACT) for low, high in pairwise(edges)]
    whole = merged(parts)
    found = judge(CONTRACT, whole, now=NOW, whole=lambda _: measure(frame, CONTRACT))
    full = check(frame, CONTRACT, now=NOW)
    assert found.rows == full.rows
    for mine, its in zip(by_key(found.results), by_key(full.results), strict=True):
        assert told(mine) == told(its)


def merged(parts: list[State]) -> State:
    found, *others = [decode(encode(part)) for part in parts]
    for other in others:
        found = merge(found, other, CONTRACT)
    return found


def test_what_no_state_can_tell_is_named_and_not_passed() -> None:
    frame = pl.DataFrame({"n": [1, 2]}, schema={"n": pl.Int64})
    contract = Contract(
        columns={"n": Column(type="integer")},
        expectations=(expect("expect_column_median_to_be_between", column="n", **BETWEEN),),
    )
    both = merge(measure(frame, contract), measure(frame, contract), contract)
    assert unsettled(contract, both) == ("expectations[0]",)
    report = judge(contract, both)
    assert not report.passed
    assert [item.outcome for item in report.results][-1] is Outcome.NOT_RUN


def test_uniqueness_across_files_is_proven_and_disproven() -> None:
    contract = Contract(
        columns={"n": Column(type="integer", unique=True), "s": Column(type="text", unique=True)}
    )
    first = pl.DataFrame({"n": [3, 1, 2], "s": ["x", "y", "z"]})
    fresh = pl.DataFrame({"n": [5, 4], "s": ["u", "v"]})
    again = pl.DataFrame({"n": [9, 2], "s": ["w", "z"]})
    states = {
        name: measure(frame, contract)
        for name, frame in [("first", first), ("fresh", fresh), ("again", again)]
    }
    assert judge(contract, merge(states["first"], states["fresh"], contract)).passed
    broken = merge(states["first"], states["again"], contract)
    report = judge(contract, broken, whole=lambda _: measure(pl.concat([first, again]), contract))
    assert [(item.columns, item.unexpected_count) for item in report.failures] == [(("n",), 2), (("s",), 2)]
    # Only hashes speak against text, so without the whole table it is no verdict.
    assert [item.columns for item in judge(contract, broken).failures] == [("n",)]


def test_many_appends_keep_every_key() -> None:
    contract = Contract(columns={"n": Column(type="integer", unique=True)})
    state = measure(pl.DataFrame({"n": [0]}), contract)
    for number in range(1, 60):
        state = merge(state, measure(pl.DataFrame({"n": [number * 7 % 60]}), contract), contract)
    assert judge(contract, state).passed
    assert not judge(contract, merge(state, measure(pl.DataFrame({"n": [14]}), contract), contract)).passed


def test_states_of_another_contract_or_without_keys_do_not_merge() -> None:
    one = Contract(columns={"n": Column(type="integer")})
    other = Contract(columns={"n": Column(type="integer", min=0)})
    frame = pl.DataFrame({"n": [1]})
    for pair in [
        (measure(frame, one), measure(frame, other)),
        (measure(frame, one), measure(frame, one, keep_keys=False)),
    ]:
        with pytest.raises(ContractError, match="do not merge"):
            merge(*pair, one)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xc1",
        b"{}",
        encode(measure(pl.DataFrame({"n": [1]}), Contract(columns={"n": Column(type="integer")})))[:-3],
    ],
)
def test_a_damaged_state_is_refused(data: bytes) -> None:
    with pytest.raises(ContractError) as caught:
        decode(data)
    assert caught.value.code == "DC008"
