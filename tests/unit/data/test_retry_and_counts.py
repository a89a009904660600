"""Three attempts, each from the beginning; and rows that add up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from headway.data.loaders.asked import Origin
from headway.data.repeated import Repeat, repeats
from headway.data.retry import WAITS
from headway.data.row_counts import RowCounts
from headway.data.sources import load
from headway.errors import BugError, EngineError, UserCodeError
from headway.spec.contract import Column, Contract
from headway.spec.product import Source

ROWS = Contract(columns={"id": Column(type="integer", unique=True)})


class Flaky:
    """A source that gives one row, fails, and gives both the third time."""

    def __init__(self, failures: int, error: BaseException) -> None:
        self.failures, self.error, self.attempts = failures, error, 0

    def __call__(self) -> Iterator[pl.DataFrame]:
        self.attempts += 1
        yield pl.DataFrame({"id": [1]})
        if self.attempts <= self.failures:
            raise self.error
        yield pl.DataFrame({"id": [2]})


def read(source: Flaky, pauses: list[float]) -> Any:
    resolve: Callable[[str], Any] = lambda _: source  # noqa: E731
    return load(Source(load="a.b:fetch"), "rows", ROWS, Path(), resolve, pause=pauses.append)


def test_a_read_that_fails_twice_and_works_the_third_time_gives_no_duplicates() -> None:
    source, pauses = Flaky(2, ConnectionResetError("peer went away")), []
    found = read(source, pauses)
    assert found.frame["id"].to_list() == [1, 2]
    assert found.report.passed
    assert (source.attempts, found.attempts, pauses) == (3, 3, list(WAITS))


def test_three_failures_are_an_error_with_the_last_reason() -> None:
    source, pauses = Flaky(9, TimeoutError("no answer")), []
    with pytest.raises(EngineError, match="cannot be reached: no answer"):
        read(source, pauses)
    assert (source.attempts, pauses) == (3, list(WAITS))


@pytest.mark.parametrize("error", [ValueError("wrong"), FileNotFoundError("gone"), PermissionError("no")])
def test_what_another_attempt_would_not_mend_is_not_tried_again(error: Exception) -> None:
    source, pauses = Flaky(1, error), []
    with pytest.raises(UserCodeError):
        read(source, pauses)
    assert (source.attempts, pauses) == (1, [])


def test_counts_balance_or_nothing_is_kept() -> None:
    RowCounts(
        read=10, kept=7, rejected={"kept before": 3}, before=5, left={"gone": 1}, rows=11
    ).require_balance("a")
    for wrong in (RowCounts(read=10, kept=7, rows=7), RowCounts(read=7, kept=7, before=5, rows=11)):
        with pytest.raises(BugError, match="do not balance"):
            wrong.require_balance("a")


def test_counts_are_told_in_words() -> None:
    counts = RowCounts(read=1250, kept=1000, rejected={"kept before": 250, "other": 0}, rows=1000)
    assert counts.words == "1,250 rows read: 1,000 kept, 250 rejected (kept before)"


def test_yesterdays_file_under_todays_name_is_noticed() -> None:
    today = [Origin("2024-01-01.csv", "aa", 3), Origin("2024-01-02.csv", "aa", 3), Origin("x.csv", "bb", 1)]
    assert repeats(today) == (Repeat("2024-01-02.csv", "2024-01-01.csv"),)
    assert repeats([Origin("2024-01-02.csv", "aa", 3)], {"aa": "2024-01-01.csv"}) == (
        Repeat("2024-01-02.csv", "2024-01-01.csv"),
    )
    assert repeats([Origin("now.csv", "aa", 3)], {"aa": "now.csv"}) == ()
