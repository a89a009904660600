"""The point-in-time join: what was known of each row's entity at the row's moment. Pure.

Bitemporal: a table row may enter only if its event time *and* its known time are not after the
moment. Rows are never dropped, doubled or moved.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import NamedTuple

import numpy as np
import polars as pl

from headway.data.times import EVENT_TIME, INSTANT, KNOWN_TIME
from headway.errors import data as errors

_ENTITY = "__entity__"
_NOT_FOUND = -1
_LARGEST = 1 << 62


def as_of(
    rows: pl.DataFrame,
    at: str,
    table: pl.DataFrame,
    keys: Mapping[str, str],
    columns: Mapping[str, str],
    *,
    ttl: timedelta | None = None,
    where: str = "",
) -> pl.DataFrame:
    """For each row, the newest table row of its entity that was known by then.

    The newest is the one with the latest event time, and among equal event times the one that
    became known last (a correction). Sorting a table before costs nothing twice: a sorted one is
    searched as it is.

    Args:
        rows: n rows with `at` and the key columns. A null key or a null `at` matches nothing.
        at: Column of instants in UTC with microseconds.
        table: Key columns, `event_time`, `known_time` (neither null) and features; no two rows with
            equal key, event time and known time.
        keys: Key column of the table -> column of the rows, of the same type.
        columns: Feature of the table -> its name in the result.
        ttl: A table row older than this at the moment (`at - event_time > ttl`) gives null.
        where: For errors.

    Returns:
        n rows in the order of `rows`, with the columns named in `columns`; null where nothing was
        known, or where the feature was null.

    Raises:
        SpecError: A key has different types in the two frames.
    """
    for key, column in keys.items():
        if table.schema[key] != rows.schema[column]:
            kinds = str(table.schema[key]), str(rows.schema[column])
            raise errors.key_types_differ(where, key, kinds[0], column, kinds[1])
    picked = _newest_known(rows, at, table, keys, ttl)
    index = pl.Series(picked, dtype=pl.Int64)
    index = index.set(index < 0, None).cast(pl.UInt32)
    return pl.DataFrame([table[feature].gather(index).alias(name) for feature, name in columns.items()])


def _newest_known(
    rows: pl.DataFrame, at: str, table: pl.DataFrame, keys: Mapping[str, str], ttl: timedelta | None
) -> np.ndarray:
    """Index into the table for each row, -1 for none; shape (n,), int64."""
    entity, wanted = _entities(rows, table, keys)
    event, known = _microseconds(table[EVENT_TIME]), _microseconds(table[KNOWN_TIME])
    order = _order(entity, event, known)
    if order is not None:
        entity, event, known = entity[order], event[order], known[order]
    moment = _microseconds(rows[at])
    asked = (wanted != _NOT_FOUND) & rows[at].is_not_null().to_numpy()
    asking, wanted, moment = np.flatnonzero(asked), wanted[asked], moment[asked]
    start = np.searchsorted(entity, np.arange(entity[-1] + 1 if len(entity) else 0))[wanted]
    found = _last_not_after(entity, event, wanted, moment)
    found = _step_back(found, start, moment, entity=entity, known=known)
    if ttl is not None and len(found):
        old = moment - event[np.maximum(found, 0)] > ttl // timedelta(microseconds=1)
        found[old] = _NOT_FOUND
    picked = np.full(rows.height, _NOT_FOUND, dtype=np.int64)
    if order is not None and len(found):
        found = np.where(found >= 0, order[np.maximum(found, 0)], _NOT_FOUND)
    picked[asking] = found
    return picked


def _entities(
    rows: pl.DataFrame, table: pl.DataFrame, keys: Mapping[str, str]
) -> tuple[np.ndarray, np.ndarray]:
    """A number for each entity: those of the table (n_table,), and those of the rows (n,), -1 for none."""
    names = list(keys)
    numbered = table.select(names).unique(maintain_order=True).with_row_index(_ENTITY)
    of_table = table.select(names).join(
        numbered, on=names, how="left", nulls_equal=True, maintain_order="left"
    )
    asked = rows.select(pl.col(column).alias(key) for key, column in keys.items())
    of_rows = asked.join(numbered, on=names, how="left", nulls_equal=False, maintain_order="left")
    return (
        of_table[_ENTITY].cast(pl.Int64).to_numpy(),
        of_rows[_ENTITY].cast(pl.Int64).fill_null(_NOT_FOUND).to_numpy(),
    )


def _microseconds(times: pl.Series) -> np.ndarray:
    return times.cast(INSTANT).to_physical().fill_null(0).to_numpy()


def _order(entity: np.ndarray, event: np.ndarray, known: np.ndarray) -> np.ndarray | None:
    """The order by (entity, event, known); None when the table has it already."""
    same = entity[1:] == entity[:-1]
    tied = event[1:] == event[:-1]
    rising = (event[1:] > event[:-1]) | (tied & (known[1:] >= known[:-1]))
    if np.all((entity[1:] > entity[:-1]) | (same & rising)):
        return None
    return np.lexsort((known, event, entity))


class _Line(NamedTuple):
    """(entity, time) as one integer that sorts alike: entity first, then the place of the time.

    The place is the time's distance from the first one, or its rank where distances of so many
    entities would overflow.
    """

    first: int
    width: int
    ranks: np.ndarray | None

    @classmethod
    def of(cls, entity: np.ndarray, time: np.ndarray) -> _Line:
        first, width = int(time.min()), int(time.max()) - int(time.min()) + 2
        if (int(entity.max()) + 1) * width < _LARGEST:
            return cls(first, width, None)
        return cls(0, len(time) + 2, np.sort(time))

    def rows(self, entity: np.ndarray, time: np.ndarray) -> np.ndarray:
        """Table rows, all of whose times are on the line."""
        place = time if self.ranks is None else np.searchsorted(self.ranks, time)
        return entity * self.width + (place - self.first + 1)

    def moments(self, entity: np.ndarray, moment: np.ndarray) -> np.ndarray:
        """Moments: not below the rows that are not after them."""
        place = moment if self.ranks is None else np.searchsorted(self.ranks, moment, side="right") - 1
        return entity * self.width + np.clip(place - self.first + 1, 0, self.width - 1)

    def times(self, entity: np.ndarray, packed: np.ndarray) -> np.ndarray:
        """The times of packed rows."""
        place = packed - entity * self.width + (self.first - 1)
        return place if self.ranks is None else self.ranks[place]


def _last_not_after(
    entity: np.ndarray, time: np.ndarray, wanted: np.ndarray, moment: np.ndarray
) -> np.ndarray:
    """The last index with this entity and `time <= moment`; one before the entity's where there is none.

    The table must be sorted by (entity, time).
    """
    if not len(entity):
        return np.full(len(wanted), _NOT_FOUND, dtype=np.int64)
    line = _Line.of(entity, time)
    sought = line.moments(wanted, moment)
    near = np.argsort(sought)  # neighbours in the search are neighbours in memory: three times as fast
    found = np.empty(len(sought), dtype=np.int64)
    found[near] = np.searchsorted(line.rows(entity, time), sought[near], side="right") - 1
    return found


def _step_back(
    found: np.ndarray, start: np.ndarray, moment: np.ndarray, *, entity: np.ndarray, known: np.ndarray
) -> np.ndarray:
    """Go back over rows not yet known to the first that is; -1 where the entity has none."""
    found = np.where(found >= start, found, _NOT_FOUND)
    open_ = np.flatnonzero(found >= 0)
    open_ = open_[known[found[open_]] > moment[open_]]
    if len(open_):
        # Where even the earliest known time from here on is too late, all rows from here on are unknown.
        # With a constant lag this one search ends it; what is left is as long as lateness varies.
        earliest = _earliest_from_here_on(entity, known)
        bound = _last_not_after(entity, earliest, entity[found[open_]], moment[open_])
        found[open_] = np.minimum(found[open_], bound)
    while len(open_):
        gone = found[open_] < start[open_]
        found[open_[gone]] = _NOT_FOUND
        open_ = open_[~gone]
        open_ = open_[known[found[open_]] > moment[open_]]
        found[open_] -= 1
    return found


def _earliest_from_here_on(entity: np.ndarray, known: np.ndarray) -> np.ndarray:
    """For each row, the smallest known time of it and the later rows of its entity."""
    # Later entities have larger numbers, so one running minimum from the end serves all of them.
    line = _Line.of(entity, known)
    packed = line.rows(entity, known)
    return line.times(entity, np.minimum.accumulate(packed[::-1])[::-1])
