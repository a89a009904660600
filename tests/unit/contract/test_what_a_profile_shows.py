"""What a profile tells of a table: exact where that costs nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl

from headway.contract.proposing.profiling import look


def test_distinct_values_of_a_table_that_is_small_are_counted() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    frame = pl.DataFrame(
        {
            "id": range(1200),
            "code": [f"c{row % 724}" for row in range(1200)],
            "at": [start + timedelta(minutes=row % 900) for row in range(1200)],
            "share": [row % 700 / 7 for row in range(1199)] + [float("nan")],
        }
    )
    seen = {column.name: column for column in look(frame.lazy()).columns}
    assert {name: column.distinct for name, column in seen.items()} == {
        "id": 1200,
        "code": 724,
        "at": 900,
        "share": 700,
    }
    assert all(column.is_counted for column in seen.values())
    assert "each once" in seen["id"].words
    assert "724 different" in seen["code"].words
    assert "about" not in seen["at"].words


def test_distinct_values_of_many_rows_are_estimated() -> None:
    frame = pl.DataFrame({"code": pl.int_range(100_001, eager=True) // 3})
    (seen,) = look(frame.lazy()).columns
    assert not seen.is_counted
    assert "about 3" in seen.words
