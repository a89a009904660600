"""Rows of a group that say they were known before anything that they can be made of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl

from headway.data.earliest import too_early, without_values
from headway.data.groups import SourceTable
from headway.data.sources import inferred
from headway.spec.product import Known, Source

DAY = datetime(2026, 3, 1, tzinfo=UTC)
LAG = timedelta(hours=1)


def source(*rows: tuple[str, float], column: str = "customer") -> dict[str, SourceTable]:
    """(customer, day of the event); each is known an hour later."""
    frame = pl.DataFrame(
        {column: [who for who, _ in rows], "at": [DAY + timedelta(days=day) for _, day in rows]},
        schema={column: pl.String, "at": pl.Datetime("us", "UTC")},
    )
    declared = Source(load="p.parquet", event_time="at", known=Known(lag=LAG))
    return {"payments": SourceTable(frame, declared, inferred(frame, "payments"))}


def group(*rows: tuple[str, float, float]) -> pl.DataFrame:
    """(customer, day of the event, day when it says that it was known)."""
    days = [(who, DAY + timedelta(days=event), DAY + timedelta(days=known)) for who, event, known in rows]
    moment = pl.Datetime("us", "UTC")
    schema = {"customer": pl.String, "event_time": moment, "known_time": moment}
    return pl.DataFrame(days, schema=schema, orient="row")


def test_a_row_known_before_all_rows_of_its_entity_is_found_with_its_times() -> None:
    tables = source(("ann", 0), ("bob", 5), ("ann", 20))
    found = too_early(group(("ann", 0, -9), ("bob", 5, 1), ("ann", 20, 11)), ["customer"], tables)
    assert found == (2, "customer ann", DAY, DAY - timedelta(days=9), DAY + LAG)


def test_a_row_known_with_the_first_of_its_rows_is_not() -> None:
    tables = source(("ann", 0), ("ann", 1), ("bob", 3))
    lag = LAG / timedelta(days=1)
    assert (
        too_early(group(("ann", 0, lag), ("ann", 1, lag), ("bob", 3, 3 + lag)), ["customer"], tables) is None
    )


def test_a_row_labelled_at_the_start_of_a_day_can_be_made_of_what_came_in_it() -> None:
    tables = source(("ann", 0.5), ("ann", 0.8))
    assert too_early(group(("ann", 0, 1)), ["customer"], tables) is None
    assert too_early(group(("ann", 0, 0.4)), ["customer"], tables) is not None


def test_an_old_event_that_was_recorded_late_does_not_excuse_what_came_before() -> None:
    """A row is not made of events after its own: what became known with them does not count."""
    frame = pl.DataFrame(
        {
            "customer": ["ann", "ann"],
            "at": [DAY, DAY + timedelta(days=5)],
            "seen": [DAY + timedelta(days=9), DAY + timedelta(days=5)],
        }
    )
    declared = Source(load="p.parquet", event_time="at", known=Known(column="seen"))
    tables = {"payments": SourceTable(frame, declared, inferred(frame, "payments"))}
    assert too_early(group(("ann", 0, 6)), ["customer"], tables) is not None
    assert too_early(group(("ann", 5, 6)), ["customer"], tables) is None


def test_where_a_source_has_no_such_key_the_rows_of_all_count() -> None:
    tables = source(("ann", 0), ("bob", 5), column="who")
    assert too_early(group(("bob", 5, 1)), ["customer"], tables) is None
    assert too_early(group(("bob", 5, -1)), ["customer"], tables) is not None


def test_an_entity_of_no_source_can_be_made_of_anything() -> None:
    assert too_early(group(("eve", 5, -100)), ["customer"], source(("ann", 0))) is None
    assert too_early(group(("eve", 5, -100)), ["customer"], source()) is None


def test_features_without_a_value_are_found_and_an_empty_group_has_none() -> None:
    rows = pl.DataFrame({"some": [1.0, None], "none": [None, None]})
    assert without_values(rows, ["some", "none"]) == ["none"]
    assert without_values(rows.clear(), ["some", "none"]) == []
