"""Labels from another table against the definition, and datasets of an earlier moment against the past."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from headway.data.datasets import BuiltDataset, build
from headway.data.groups import SourceTable
from headway.data.labels import resolve
from headway.errors import ContractError
from headway.spec.contract import Column, Contract
from headway.spec.product import Absent, Dataset, Known, Label, Moment, Source, Split

INSTANT = pl.Datetime("us", "UTC")
ORIGIN = datetime(2024, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
DELAY = 10
"""Hours after which an absence is believed."""

ROWS = Source(load="rows.parquet", event_time="at", known=Known(lag=timedelta(0)))
LATE = Source(load="late.parquet", event_time="at", known=Known(column="heard_at"))
NOTHING = Contract(columns={})
PRESENCE = Label(from_="late", by_key={"id": "id"}, present=1, absent=Absent(is_=0, after=DELAY * HOUR))
USED = Label(
    from_="late", by_key={"id": "id"}, present=1, absent=Absent(is_=0, after=DELAY * HOUR), early="use"
)
VALUE = Label(from_="late", by_key={"id": "id"}, column="value")
CONTRACT = Contract(
    columns={"id": Column(type="integer", nulls=True), "at": Column(type="time"), "n": Column(type="integer")}
)

ids = st.one_of(st.none(), st.integers(0, 12))
asked = st.lists(st.tuples(ids, st.integers(0, 40)), min_size=1, max_size=30)
said = st.lists(st.tuples(ids, st.integers(0, 60), st.sampled_from([1, 2, 3, None])), max_size=30)
nows = st.integers(0, 70)


def hours(values: list[int]) -> pl.Series:
    return pl.Series([ORIGIN + value * HOUR for value in values], dtype=INSTANT)


def rows_of(rows: list[tuple[Any, ...]]) -> pl.DataFrame:
    return pl.DataFrame(
        {"id": [row[0] for row in rows], "at": hours([row[1] for row in rows]), "n": range(len(rows))},
        schema_overrides={"id": pl.Int64, "n": pl.Int64},
    )


def late_of(rows: list[tuple[Any, ...]]) -> SourceTable:
    """Rows are (id, hour on which it became known, value)."""
    times = hours([row[1] for row in rows])
    frame = pl.DataFrame(
        {"id": [row[0] for row in rows], "at": times, "heard_at": times, "value": [row[2] for row in rows]},
        schema_overrides={"id": pl.Int64, "value": pl.Int64},
    )
    return SourceTable(frame, LATE, NOTHING)


def declared(label: Label) -> Dataset:
    split = Split(by="time", train=20 * HOUR, validate=timedelta(0), test=10 * HOUR)
    return Dataset(rows="rows", label=label, split=split, predict_at=Moment(column="at"), request=("n",))


@settings(max_examples=200, deadline=None)
@given(asked, said, nows)
def test_presence_equals_the_slow_oracle(rows: list, late: list, now: int) -> None:
    found = resolve(declared(PRESENCE), rows_of(rows), ROWS, late_of(late), ORIGIN + now * HOUR, "d")
    assert len(found.label) == len(rows)
    for (key, at), label, known in zip(rows, found.label, found.known, strict=True):
        heard = [hour for who, hour, _ in late if key is not None and who == key and hour <= now]
        if key is None:
            assert (label, known) == (None, None)
        elif heard:
            assert (label, known) == (1, ORIGIN + min(heard) * HOUR)
        else:
            assert (label, known) == (0, ORIGIN + (at + DELAY) * HOUR)


@settings(max_examples=200, deadline=None)
@given(asked, said, nows)
def test_a_value_equals_the_slow_oracle(rows: list, late: list, now: int) -> None:
    moments = {(key, hour): {value for k, h, value in late if (k, h) == (key, hour)} for key, hour, _ in late}
    torn = any(len(values) > 1 for (key, hour), values in moments.items() if key is not None and hour <= now)
    try:
        found = resolve(declared(VALUE), rows_of(rows), ROWS, late_of(late), ORIGIN + now * HOUR, "d")
    except ContractError as error:
        assert torn
        assert error.code == "DA101"
        return
    assert not torn
    for (key, _), label in zip(rows, found.label, strict=True):
        heard = [(hour, value) for who, hour, value in late if key is not None and who == key and hour <= now]
        assert label == (max(heard, key=lambda item: item[0])[1] if heard else None)


def built(label: Label, rows: list, late: list, now: int) -> BuiltDataset | str:
    """The dataset, or the code of why there is none."""
    try:
        return build(
            declared(label),
            "d",
            rows=rows_of(rows),
            source=ROWS,
            contract=CONTRACT,
            now=ORIGIN + now * HOUR,
            late=late_of(late),
        )
    except ContractError as error:
        return error.code


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([PRESENCE, USED, VALUE]), asked, said, nows)
def test_a_dataset_of_an_earlier_moment_is_the_one_that_would_have_been_built_then(
    label: Label, rows: list, late: list, now: int
) -> None:
    today = built(label, rows, late, now)
    then = built(label, rows, [row for row in late if row[1] <= now], now)
    if isinstance(today, str) or isinstance(then, str):
        assert today == then
        return
    assert today.frame.equals(then.frame)
    assert (today.counts, today.excluded, today.unused) == (then.counts, then.excluded, then.unused)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([PRESENCE, USED, VALUE]), asked, said, nows)
def test_nothing_changes_before_the_moment_that_is_waited_for(
    label: Label, rows: list, late: list, now: int
) -> None:
    made = built(label, rows, late, now)
    if isinstance(made, str):
        return
    until = made.waits_until
    hour = 200 if until is None else (until - ORIGIN) // HOUR - 1
    assert hour >= now
    later = built(label, rows, late, hour)
    assert isinstance(later, BuiltDataset)
    assert later.frame.equals(made.frame)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([PRESENCE, USED]), asked, said, nows)
def test_no_row_is_lost_and_no_part_reaches_into_the_next(
    label: Label, rows: list, late: list, now: int
) -> None:
    made = built(label, rows, late, now)
    if isinstance(made, str):
        return
    assert made.counts["rows"] == len(rows)
    assert sum(count for what, count in made.counts.items() if what != "rows") == len(rows)
    assert sum(made.excluded.values()) == made.counts["excluded"]
    assert sum(made.unused.values()) == made.counts["unused"]
    assert made.frame.height == len(rows) - made.counts["excluded"]
    train, test = (made.frame.filter(pl.col("part") == part) for part in ("train", "test"))
    began = test["predict_at"].min()
    heard = {key: [hour for who, hour, _ in late if who == key and hour <= now] for key, _ in rows}
    for key, at, value in train.select("row.id", "predict_at", "label").iter_rows():
        assert at < began
        known = ORIGIN + min(heard[key]) * HOUR if value else at + DELAY * HOUR
        assert known <= began, "a model fitted when the test began could have learnt from it"
