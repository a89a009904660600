"""Whether rows of a group claim to have been known before anything that they can be made of. Pure.

A `frame:` function says itself when its rows became known; a row that is said to be known too early enters training
rows that could not have had it, and nothing else would tell.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import polars as pl

from headway.data.groups import SourceTable
from headway.data.times import EVENT_TIME, INSTANT, KNOWN_TIME, timed

_EARLIEST, _EVER = "__earliest__", "__ever__"


class TooEarly(NamedTuple):
    """Rows that count as known before every row that they can be made of.

    Attributes:
        rows: How many.
        entity: Of the first of them, in words (`customer ann`).
        event: Its event's time.
        known: When it says that it was known.
        earliest: When the first row became known that it can be made of.
    """

    rows: int
    entity: str
    event: datetime
    known: datetime
    earliest: datetime


def too_early(rows: pl.DataFrame, key: Sequence[str], tables: Mapping[str, SourceTable]) -> TooEarly | None:
    """Rows whose `known_time` is before that of every source row they can be made of; None where there is none.

    A row can be made of its entity's rows with events up to its own; where there are none, of any of its entity's
    rows. In a source without the key's columns every entity's rows count. So a claim that is found is wrong
    whatever the code does; one that is only somewhat too early is not found.

    Args:
        rows: Of the group.
        key: Its key.
        tables: All rows of each of its sources.
    """
    found = rows.select(*key, EVENT_TIME, KNOWN_TIME).sort(EVENT_TIME)
    earliest = []
    for number, (name, table) in enumerate(tables.items()):
        given = timed(table.frame, table.source, name, table.committed)
        by = [column for column in key if given.schema.get(column) == found.schema[column]]
        found = _with_earliest(found, given, by if len(by) == len(key) else [], f"{_EARLIEST}{number}")
        earliest.append(f"{_EARLIEST}{number}")
    first = found.with_columns(pl.min_horizontal(earliest).alias(_EARLIEST))
    early = first.filter(pl.col(KNOWN_TIME) < pl.col(_EARLIEST)).sort(EVENT_TIME, *key)
    if early.is_empty():
        return None
    row = early.row(0, named=True)
    entity = ", ".join(f"{name} {row[name]}" for name in key)
    return TooEarly(early.height, entity, row[EVENT_TIME], row[KNOWN_TIME], row[_EARLIEST])


def _with_earliest(found: pl.DataFrame, given: pl.DataFrame, by: Sequence[str], name: str) -> pl.DataFrame:
    """When the first row of a source became known, up to each row's event; else the first row at all."""
    known = given.select(*by, EVENT_TIME, pl.col(KNOWN_TIME).alias(name)).sort(EVENT_TIME)
    running = pl.col(name).cum_min()
    firsts = known.with_columns(running.over(by) if by else running)
    joined = found.join_asof(firsts, on=EVENT_TIME, by=list(by) or None, check_sortedness=False)
    if by:
        ever = known.group_by(by).agg(pl.col(name).min().alias(_EVER))
        joined = joined.join(ever, on=list(by), how="left")
    else:
        joined = joined.with_columns(pl.lit(known[name].min(), INSTANT).alias(_EVER))
    return joined.with_columns(pl.col(name).fill_null(pl.col(_EVER))).drop(_EVER)


def without_values(rows: pl.DataFrame, features: Sequence[str]) -> list[str]:
    """Features that are null in every row; none where there is no row."""
    return [name for name in features if rows.height and rows[name].null_count() == rows.height]
