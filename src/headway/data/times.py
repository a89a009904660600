"""The two times of every row: when it happened, and when it became known. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl

from headway.contract.casting import type_words
from headway.core import clock
from headway.errors import data as errors
from headway.spec.product import Source

EVENT_TIME = "event_time"
KNOWN_TIME = "known_time"
INSTANT = pl.Datetime("us", "UTC")
COMMIT_MAY_LAG = timedelta(days=1)
"""Events older than this at their commit were hardly new when they reached us."""


Committed = datetime | pl.Series | None
"""When rows reached Headway: all at once, each at its own time, or nobody kept it."""


def timed(frame: pl.DataFrame, source: Source, name: str, committed: Committed = None) -> pl.DataFrame:
    """The frame with `event_time` and `known_time` added, neither of them null.

    A row may be known before its event (a forecast, a timetable): that is allowed.

    Args:
        frame: Rows of the source, in its contract's types.
        source: Says which column is the event's time, and when a row became known.
        name: The source's name, for errors.
        committed: When the rows reached Headway; needed where `known: commit` is declared.

    Raises:
        SpecError: A time is not declared, its column is missing, or not a time; a column has a
            reserved name; `known: commit` would hide old events.
        ContractError: A time is null.
    """
    where = f"source `{name}`"
    if source.event_time is None or source.known is None:
        missing = "`event_time:`" if source.event_time is None else "`known:`"
        raise errors.known_is_not_said(where, f"there is no {missing}")
    for reserved, declared in ((EVENT_TIME, source.event_time), (KNOWN_TIME, source.known.column)):
        if reserved in frame.columns and declared != reserved:
            raise errors.name_is_reserved(reserved, where)
    event = instants(frame, source.event_time, where)
    if source.known.commit:
        known = _committed(event, committed, where)
    elif source.known.column is not None:
        known = instants(frame, source.known.column, where)
    else:
        known = event + (source.known.lag or timedelta(0))
    return frame.with_columns(event.alias(EVENT_TIME), known.alias(KNOWN_TIME))


def instants(frame: pl.DataFrame, column: str, where: str, *, nulls: bool = False) -> pl.Series:
    """A column's instants in UTC with microseconds; a date is its midnight.

    Args:
        frame: Has the column.
        column: Of the contract's type `time` or `date`.
        where: For errors.
        nulls: Whether null is allowed.

    Raises:
        SpecError: The column is missing, or not a time.
        ContractError: The column has nulls that are not allowed.
    """
    if column not in frame.columns:
        raise errors.column_is_missing(column, where, frame.columns)
    series = frame[column]
    if series.dtype == pl.Date:
        series = series.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    elif isinstance(series.dtype, pl.Datetime):
        series = _in_utc(series)
    else:
        raise errors.column_is_not_time(column, where, type_words(series.dtype))
    if not nulls and series.null_count():
        raise errors.time_is_null(column, where, series.null_count(), len(series))
    return series


def _in_utc(series: pl.Series) -> pl.Series:
    series = series.dt.cast_time_unit("us")
    if series.dtype == pl.Datetime("us"):
        return series.dt.replace_time_zone("UTC")
    return series.dt.convert_time_zone("UTC")


def arrivals(committed: Committed, rows: int, where: str) -> pl.Series:
    """When each of so many rows reached Headway.

    Raises:
        SpecError: Nobody kept it.
    """
    if committed is None:
        raise errors.known_is_not_said(where, "`known: commit` is declared, and no commit time was given")
    if isinstance(committed, pl.Series):
        return committed.alias(KNOWN_TIME)
    return pl.Series(KNOWN_TIME, [committed], dtype=INSTANT).new_from_index(0, rows)


def _committed(event: pl.Series, committed: Committed, where: str) -> pl.Series:
    if isinstance(committed, datetime):
        require_recent(event, committed, where)
    return arrivals(committed, len(event), where)


def require_recent(event: pl.Series, committed: datetime, where: str) -> None:
    """Refuse a first load of events that were hardly new when they reached us.

    Raises:
        SpecError: The oldest is older than `COMMIT_MAY_LAG`.
    """
    oldest = event.min()
    if isinstance(oldest, datetime) and oldest < committed - COMMIT_MAY_LAG:
        raise errors.commit_is_too_late(where, clock.to_text(oldest), clock.to_text(committed))
