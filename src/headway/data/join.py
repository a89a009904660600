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
    asking, found = _newest_known(rows, at, table, keys, ttl)
    back = np.full(rows.height, _NOT_FOUND, dtype=np.int64)
    back[asking] = np.arange(len(asking))
    # Near rows of the table lie near in memory: gathered in that order, and then put back in the rows'.
    there, here = _places(found), _places(back)
    picked = table.select(
        pl.col(feature).gather(there).gather(here).alias(name) for feature, name in columns.items()
    )
    if picked.height != rows.height:
        raise errors.rows_do_not_balance(where, rows.height, picked.height)
    return picked


def _places(index: np.ndarray) -> pl.Series:
    """An index for `gather`: null where nothing was found."""
    return (
        pl.select(pl.when(pl.lit(pl.Series(index)) >= 0).then(pl.lit(pl.Series(index))))
        .to_series()
        .cast(pl.UInt32)
    )


def _newest_known(
    rows: pl.DataFrame, at: str, table: pl.DataFrame, keys: Mapping[str, str], ttl: timedelta | None
) -> tuple[np.ndarray, np.ndarray]:
    """Rows that may find something, by entity and moment, and their index into the table, -1 for none; (k,)."""
    laid = _laid_out(table, list(keys))
    moment = _microseconds(rows[at])
    wanted = _wanted(rows, laid.numbered, keys)
    wanted[rows[at].is_null().to_numpy()] = _NOT_FOUND
    asking = np.flatnonzero(wanted != _NOT_FOUND)
    if not len(asking):
        return asking, asking
    wanted, moment = wanted[asking], moment[asking]
    sought = _Line.of(laid.entity, laid.event).moments(wanted, moment)
    near = pl.Series(sought).arg_sort().to_numpy()
    wanted, moment, asking = wanted[near], moment[near], asking[near]
    found = _search(laid, wanted, moment)
    if ttl is not None:
        old = moment - laid.event[np.maximum(found, 0)] > ttl // timedelta(microseconds=1)
        found[old] = _NOT_FOUND
    if laid.order is not None:
        found = np.where(found >= 0, laid.order[np.maximum(found, 0)], _NOT_FOUND)
    return asking, found


# -- the table, by entity and time -------------------------------------------------------------


class _Laid(NamedTuple):
    """A table of m rows, sorted by (entity, event, known).

    Attributes:
        entity: Number of each row's entity, rising; (m,).
        event: Event times in microseconds; (m,).
        known: Known times in microseconds; (m,).
        starts: Each entity's first row; (entities,).
        order: Where each row stands in the table as it was given; None where it is sorted itself.
        numbered: The key columns of each entity and its number.
    """

    entity: np.ndarray
    event: np.ndarray
    known: np.ndarray
    starts: np.ndarray
    order: np.ndarray | None
    numbered: pl.DataFrame


def _laid_out(table: pl.DataFrame, keys: list[str]) -> _Laid:
    event, known = _microseconds(table[EVENT_TIME]), _microseconds(table[KNOWN_TIME])
    laid = _as_it_is(table.select(keys), event, known)
    if laid is not None:
        return laid
    order = table.select(pl.arg_sort_by(*keys, EVENT_TIME, KNOWN_TIME)).to_series().cast(pl.Int64).to_numpy()
    laid = _as_it_is(table.select(pl.col(keys).gather(pl.Series(order))), event[order], known[order])
    assert laid is not None, "a sorted table holds each entity in one place, in the order of its times"
    return laid._replace(order=order)


def _as_it_is(keys: pl.DataFrame, event: np.ndarray, known: np.ndarray) -> _Laid | None:
    """The layout of a table that is sorted already; None when it is not."""
    begins = keys.select(pl.any_horizontal(pl.all().ne_missing(pl.all().shift()))).to_series()
    begins = begins.to_numpy(writable=True)
    begins[:1] = True  # an entity of nulls is like what is before the first row
    rising = (event[1:] > event[:-1]) | ((event[1:] == event[:-1]) & (known[1:] >= known[:-1]))
    if not np.all(begins[1:] | rising):
        return None
    numbered = keys.filter(pl.Series(begins))
    if numbered.is_duplicated().any():
        return None
    numbered = numbered.with_columns(pl.int_range(pl.len()).alias(_ENTITY))
    return _Laid(np.cumsum(begins) - 1, event, known, np.flatnonzero(begins), None, numbered)


def _wanted(rows: pl.DataFrame, numbered: pl.DataFrame, keys: Mapping[str, str]) -> np.ndarray:
    """The entity of each row, -1 for none; (n,), int64."""
    asked = rows.select(pl.col(column).alias(key) for key, column in keys.items())
    found = asked.join(numbered, on=list(keys), how="left", nulls_equal=False, maintain_order="left")
    return found[_ENTITY].fill_null(_NOT_FOUND).to_numpy(writable=True)


def _microseconds(times: pl.Series) -> np.ndarray:
    return times.cast(INSTANT).to_physical().fill_null(0).to_numpy()


# -- the search --------------------------------------------------------------------------------


def _search(laid: _Laid, wanted: np.ndarray, moment: np.ndarray) -> np.ndarray:
    """Index into the laid-out table of the newest row known by each moment, -1 for none; (n,)."""
    start = laid.starts[wanted]
    usable = np.maximum(laid.event, laid.known)
    in_turn = (usable[1:] >= usable[:-1]) | (laid.entity[1:] > laid.entity[:-1])
    if np.all(in_turn):
        # Rows became known in the order of their events, as with a constant lag: one search is enough.
        found = _last_not_after(laid.entity, usable, wanted, moment)
        return np.where(found >= start, found, _NOT_FOUND)
    found = _last_not_after(laid.entity, laid.event, wanted, moment)
    return _step_back(found, start, moment, entity=laid.entity, known=laid.known)


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
    line = _Line.of(entity, time)
    return np.searchsorted(line.rows(entity, time), line.moments(wanted, moment), side="right") - 1


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
