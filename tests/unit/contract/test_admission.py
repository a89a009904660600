"""Broken rows are set aside with their reasons, or the batch is refused; none is dropped in silence."""

from __future__ import annotations

from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from headway.contract.admission import REASONS, ROW, admit
from headway.contract.casting import cast
from headway.contract.columns import check
from headway.facts.evidence import Outcome
from headway.spec.contract import Column, Contract, Expectation, MapTo, Policy, RowCount

QUARANTINE = Policy(batch="quarantine")
CONTRACT = Contract(
    columns={
        "id": Column(type="integer", unique=True, policy=QUARANTINE),
        "km": Column(type="number", min=0, max=100, nulls=True, policy=QUARANTINE),
        "kind": Column(type="text", in_=("a", "b", "other"), unknown_category=MapTo(map_to="other")),
        "late": Column(type="boolean", default=False),
    },
    expectations=(
        Expectation(
            type="expect_column_values_to_be_between",
            arguments={"column": "km", "max_value": 50, "mostly": 0.5},
            policy=QUARANTINE,
            id="short trips",
        ),
        Expectation(
            type="expect_column_mean_to_be_between",
            arguments={"column": "km", "max_value": 40},
            severity="warning",
        ),
    ),
)


def batch(**changes: list[Any]) -> pl.DataFrame:
    whole: dict[str, list[Any]] = {
        "id": [1, 2, 3, 4],
        "km": [1.0, 2.0, 3.0, 4.0],
        "kind": ["a", "b", "a", "b"],
    }
    return pl.DataFrame(whole | changes)


def test_a_sound_batch_comes_in_whole() -> None:
    found = admit(batch(), CONTRACT)
    assert found.report.passed
    assert not found.report.warnings
    assert (found.frame.height, found.read, found.quarantined.height, found.rejected) == (4, 4, 0, {})
    assert found.frame["late"].to_list() == [False] * 4


def test_broken_rows_are_set_aside_with_every_reason_and_their_number() -> None:
    found = admit(batch(km=[1.0, -5.0, 60.0, None], id=[1, 2, 3, 3]), CONTRACT)
    assert found.frame["id"].to_list() == [1]
    assert found.quarantined[ROW].to_list() == [2, 3, 4]
    assert found.quarantined["km"].to_list() == [-5.0, 60.0, None]
    assert [len(reasons) for reasons in found.quarantined[REASONS].to_list()] == [1, 2, 1]
    assert found.rejected == {"`km`: expected between 0 and 100": 1, "`id`: expected every value once": 2}
    assert found.read == found.frame.height + sum(found.rejected.values())
    assert found.report.passed
    assert [item.unexpected_count for item in found.report.warnings] == [2, 1, 1]


def test_too_many_broken_rows_refuse_the_batch() -> None:
    found = admit(batch(km=[60.0, 70.0, 80.0, 1.0]), CONTRACT)
    assert not found.report.passed
    assert [item.id for item in found.report.failures] == ["short trips"]


def test_what_is_expected_of_the_table_is_asked_of_the_rows_that_stay() -> None:
    contract = Contract(columns={"km": Column(type="number", max=9, policy=QUARANTINE)}, rows=RowCount(min=2))
    found = admit(pl.DataFrame({"km": [1.0, 50.0]}), contract)
    assert [item.observed for item in found.report.failures] == ["1 row"]


def test_a_null_where_none_is_allowed_can_be_set_aside_and_never_passes() -> None:
    aside = Contract(columns={"km": Column(type="number", max=9, policy=QUARANTINE)})
    found = admit(pl.DataFrame({"km": [1.0, None, float("inf")]}), aside)
    assert found.frame["km"].to_list() == [1.0]
    gentle = Contract(columns={"km": Column(type="number", max=9, severity="warning")})
    assert not check(pl.DataFrame({"km": [1.0, None]}), gentle).passed
    assert check(pl.DataFrame({"km": [1.0, 10.0]}), gentle).passed


def test_unknown_categories_are_mapped_and_counted() -> None:
    frame = batch(kind=["a", "z", "y", "b"])
    assert cast(frame, CONTRACT)["kind"].to_list() == ["a", "other", "other", "b"]
    report = check(frame, CONTRACT)
    assert report.passed
    (told,) = report.warnings
    assert (told.unexpected_count, told.examples) == (2, ("z", "y"))
    assert "others become `other`" in told.line


def test_a_warning_lets_pass_and_is_told() -> None:
    report = check(batch(km=[50.0, 50.0, 40.0, 45.0]), CONTRACT)
    (told,) = report.warnings
    assert (told.outcome, told.observed_value, told.is_met) == (Outcome.WARN, 46.25, False)
    outside = report.to_great_expectations()
    assert outside["success"] is False
    assert [item["expectation_config"]["severity"] for item in outside["results"] if not item["success"]] == [
        "warning"
    ]


cells = st.fixed_dictionaries(
    {
        "id": st.none() | st.integers(0, 5),
        "km": st.none() | st.sampled_from([1.0, 60.0, -1.0, 500.0, float("nan"), float("inf")]),
        "kind": st.sampled_from(["a", "b", "z"]),
    }
)


@settings(max_examples=60, deadline=None)
@given(st.lists(cells, max_size=12))
def test_every_row_is_kept_or_set_aside_for_a_reason(rows: list[dict[str, Any]]) -> None:
    frame = pl.DataFrame(rows, schema={"id": pl.Int64, "km": pl.Float64, "kind": pl.String})
    found = admit(frame, CONTRACT)
    assert found.read == len(rows) == found.frame.height + found.quarantined.height
    assert sum(found.rejected.values()) == found.quarantined.height
    assert all(found.quarantined[REASONS].list.len() > 0)
    if found.report.passed:
        again = admit(found.frame, CONTRACT)
        assert again.quarantined.is_empty(), "what was let in once is let in again"
