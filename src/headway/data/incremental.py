"""What must be computed again of a group when its sources changed, and nothing else. Pure.

A group that declares `window: w` says: what it makes for a moment depends on no row that is further
away than w. So rows that came, changed or went between two moments can change results from w
before the first to w after the last, and those depend on rows up to w beyond.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import polars as pl

from headway.data.groups import SourceTable
from headway.data.times import EVENT_TIME, instants

_SIGN = "__sign__"


class Span(NamedTuple):
    """Moments from `first` to `last`, both within."""

    first: datetime
    last: datetime

    def wider(self, by: timedelta) -> Span:
        """As much longer at both ends; as far as the calendar goes."""
        return Span(_earlier(self.first, by), _later(self.last, by))

    def of(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Rows of a group that fall into it."""
        return frame.filter(pl.col(EVENT_TIME).is_between(*self))


def changed(before: Mapping[str, SourceTable], after: Mapping[str, SourceTable]) -> Span | None:
    """From the first to the last event of all rows that came, changed or went; None when none did.

    Args:
        before: Source -> its rows at the last computation, of the same columns and types as now.
        after: Source -> its rows now, with its declaration.
    """
    times = [
        instants(rows, table.source.event_time, f"source `{name}`")
        for name, table in after.items()
        if table.source.event_time is not None
        for rows in [_differing(_whole(before[name]), _whole(table))]
        if rows.height
    ]
    if not times:
        return None
    every = pl.concat(times)
    return Span(every.min(), every.max())  # ty: ignore[invalid-argument-type]


def near(tables: Mapping[str, SourceTable], span: Span) -> dict[str, SourceTable]:
    """Each source with only those rows whose event falls into the span."""
    return {name: _filtered(table, _events(table, name).is_between(*span)) for name, table in tables.items()}


def leaves_some(tables: Mapping[str, SourceTable], span: Span) -> bool:
    """Whether the sources have rows before a span."""
    return any(
        (_events(table, name) < span.first).any() for name, table in tables.items() if table.frame.height
    )


def newest(tables: Mapping[str, SourceTable], window: timedelta) -> Span | None:
    """The last window of the sources; None when there is no row before what it depends on."""
    events = [_events(table, name) for name, table in tables.items() if table.frame.height]
    if not events:
        return None
    first = min(series.min() for series in events)  # ty: ignore[invalid-argument-type]
    last = max(series.max() for series in events)  # ty: ignore[invalid-argument-type]
    found = Span(_earlier(last, window), last)
    return found if first < _earlier(found.first, window) else None


def _events(table: SourceTable, name: str) -> pl.Series:
    assert table.source.event_time is not None, "a group's sources have times"
    return instants(table.frame, table.source.event_time, f"source `{name}`")


def _filtered(table: SourceTable, mask: pl.Series) -> SourceTable:
    committed = table.committed
    return table._replace(
        frame=table.frame.filter(mask),
        committed=committed.filter(mask) if isinstance(committed, pl.Series) else committed,
    )


def _whole(table: SourceTable) -> pl.DataFrame:
    """The rows, with when each reached us where that counts: under another such time it is another row."""
    committed = table.committed
    return table.frame.with_columns(committed) if isinstance(committed, pl.Series) else table.frame


def _differing(before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    """Rows that are in one of two tables and not, or not as often, in the other."""
    if after.height >= before.height and after.head(before.height).equals(before):
        return after.slice(before.height)  # the usual case: rows were appended
    columns: Sequence[str] = after.columns
    counted = pl.concat(
        [before.with_columns(pl.lit(-1).alias(_SIGN)), after.with_columns(pl.lit(1).alias(_SIGN))]
    )
    return counted.group_by(columns).agg(pl.col(_SIGN).sum()).filter(pl.col(_SIGN) != 0).drop(_SIGN)


def _earlier(moment: datetime, by: timedelta) -> datetime:
    try:
        return moment - by
    except OverflowError:
        return datetime.min.replace(tzinfo=moment.tzinfo)


def _later(moment: datetime, by: timedelta) -> datetime:
    try:
        return moment + by
    except OverflowError:
        return datetime.max.replace(tzinfo=moment.tzinfo)
