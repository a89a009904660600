from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest

from headway.data.cells import parse
from headway.spec.contract import Column, ColumnType

GOOD: list[tuple[ColumnType, str, Any]] = [
    ("integer", "-12", -12),
    ("integer", "+3", 3),
    ("integer", "007", 7),
    ("number", "1.5e3", 1500.0),
    ("number", ".5", 0.5),
    ("number", "-inf", float("-inf")),
    ("boolean", "True", True),
    ("boolean", "0", False),
    ("date", "2013-02-28", date(2013, 2, 28)),
    ("time", "2013-02-28T17:30:00Z", datetime(2013, 2, 28, 17, 30, tzinfo=UTC)),
    ("time", "2013-02-28 17:30", datetime(2013, 2, 28, 17, 30, tzinfo=UTC)),
    ("time", "2013-02-28T17:30:01.25+02:00", datetime(2013, 2, 28, 15, 30, 1, 250_000, tzinfo=UTC)),
    ("time", "2013-02-28T17:30-0530", datetime(2013, 2, 28, 23, 0, tzinfo=UTC)),
    ("text", " 00123 ", " 00123 "),
]
BAD: list[tuple[ColumnType, str]] = [
    ("integer", "1.0"),
    ("integer", " 1"),
    ("integer", "1_000"),
    ("integer", "9223372036854775808"),
    ("integer", "\uff11"),
    ("number", "1,5"),
    ("number", "0x1F"),
    ("number", "12 km"),
    ("boolean", "yes"),
    ("date", "28/02/2013"),
    ("date", "2013-02-30"),
    ("date", "2013-2-8"),
    ("time", "2013-02-28"),
    ("time", "28/02/2013 17:30"),
    ("time", "2013-02-28T24:00:00Z"),
    ("time", "2013-02-28T23:59:60Z"),
    ("time", "2013-02-28T17:30:00.1234567Z"),
    ("time", "2013-02-28T17:30:00Z tomorrow"),
]


@pytest.mark.parametrize(("kind", "cell", "value"), GOOD)
def test_a_cell_in_its_own_type_parses(kind: ColumnType, cell: str, value: Any) -> None:
    typed, unparsed = parse(pl.DataFrame({"c": [cell]}), {"c": Column(type=kind)})
    assert typed["c"].to_list() == [value]
    assert unparsed == {}


@pytest.mark.parametrize(("kind", "cell"), BAD)
def test_a_cell_in_another_form_is_counted_and_never_a_silent_null(kind: ColumnType, cell: str) -> None:
    _, unparsed = parse(pl.DataFrame({"c": [None, cell]}), {"c": Column(type=kind)})
    assert unparsed["c"] == (kind, 1, ((2, cell),))


def test_examples_are_bounded_and_counts_are_not() -> None:
    _, unparsed = parse(pl.DataFrame({"c": ["x"] * 1000}), {"c": Column(type="number")})
    assert unparsed["c"].count == 1000
    assert len(unparsed["c"].examples) == 5
