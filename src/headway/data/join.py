"""The point-in-time join: what was known of each row's entity at the row's moment. Pure.

Bitemporal: a table row may enter only if its event time *and* its known time are not after the
moment. Rows are never dropped, doubled or moved.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import NamedTuple, ParamSpec, TypeVar

import numpy as np
import polars as pl

from headway.data.asked import Asked, Line, asked_by, microseconds
from headway.data.times import EVENT_TIME, KNOWN_TIME
from headway.errors import data as errors

_P = ParamSpec("_P")
_T = TypeVar("_T")
_NOT_FOUND = -1
_RUN = "__run__"
_BLOCK = 1 << 17
"""Table rows searched at a time, rounded up to whole entities: few enough for the processor's cache."""
_CELLS = 1 << 22
"""Cells of features fetched at a time, rounded up to whole columns."""
_AT_ONCE = 2
"""One fetches while the other computes; Polars itself uses every core for either."""


class Lookup(NamedTuple):
    """What is asked of one table.

    Attributes:
        table: Key columns, `event_time`, `known_time` (neither null) and features; no two rows with
            equal key, event time and known time. Where it is sorted by these it is searched as it is.
            A lazy one, say of files, must give the same rows in the same order each time; it is asked
            for a few columns at a time and never held whole.
        keys: Key column of the table -> column of the rows, of the same type.
        columns: Feature of the table -> its name in the result.
        ttl: A table row older than this at the moment (`at - event_time > ttl`) gives null.
        where: For errors.
    """

    table: pl.DataFrame | pl.LazyFrame
    keys: Mapping[str, str]
    columns: Mapping[str, str]
    ttl: timedelta | None = None
    where: str = ""


def as_of(rows: pl.DataFrame, at: str, lookups: Sequence[Lookup]) -> list[pl.DataFrame]:
    """For each row, the newest table row of its entity that was known by then.

    The newest is the one with the latest event time, and among equal event times the one that
    became known last (a correction).

    Args:
        rows: n rows with `at` and the key columns. A null key or a null `at` matches nothing.
        at: Column of instants in UTC with microseconds.
        lookups: Those whose keys are the same columns of the rows share the work of ordering the rows.

    Returns:
        For each of them n rows in the order of `rows`, with its columns as named there; null where
        nothing was known, or where the feature was null.

    Raises:
        SpecError: A key has different types in the two frames.
    """
    for lookup in lookups:
        _refuse_other_types(rows, lookup)
    small = all(isinstance(lookup.table, pl.DataFrame) and lookup.table.height < _BLOCK for lookup in lookups)
    by = [tuple(lookup.keys.values()) for lookup in lookups]
    with _InTurn() if small else ThreadPoolExecutor(_AT_ONCE) as work:
        orders = {columns: work.submit(asked_by, rows, at, columns) for columns in dict.fromkeys(by)}
        # Features of one table are fetched while the next one is searched.
        places = work.map(partial(_places, rows.height), (orders[columns] for columns in by), lookups)
        return [
            pl.concat(list(work.map(partial(_picked, lookup, found), _few(lookup, found))), how="horizontal")
            for lookup, found in zip(lookups, places, strict=True)
        ]


class _InTurn(Executor):
    """Does each thing when it is asked to: small tables are joined sooner than threads begin."""

    def submit(self, fn: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs) -> Future[_T]:
        done: Future[_T] = Future()
        done.set_result(fn(*args, **kwargs))
        return done


def _refuse_other_types(rows: pl.DataFrame, lookup: Lookup) -> None:
    schema = lookup.table.collect_schema()
    for key, column in lookup.keys.items():
        if schema[key] != rows.schema[column]:
            kinds = str(schema[key]), str(rows.schema[column])
            raise errors.key_types_differ(lookup.where, key, kinds[0], column, kinds[1])


def _fetched(table: pl.DataFrame | pl.LazyFrame, columns: Sequence[str]) -> pl.DataFrame:
    return table[list(columns)] if isinstance(table, pl.DataFrame) else table.select(columns).collect()


# -- features ----------------------------------------------------------------------------------


class _Places(NamedTuple):
    """Where each of n rows finds what it asks for.

    Attributes:
        span: The first row of the table that is found, and how many there are up to the last one.
        there: The rows that are found, counted from the first, rising; null where there is none; (f,),
            f > 0.
        here: The place in `there` of each row, any where nothing is found; (n,).
        hit: Whether something is found; (n,).
    """

    span: tuple[int, int]
    there: pl.Series
    here: pl.Series
    hit: pl.Series


def _few(lookup: Lookup, places: _Places) -> list[list[str]]:
    """Names of features to fetch together."""
    names, few = list(lookup.columns), max(_CELLS // max(places.span[1], 1), 1)
    return [names[first : first + few] for first in range(0, len(names), few)]


def _picked(lookup: Lookup, places: _Places, names: Sequence[str]) -> pl.DataFrame:
    """Some features of each row; null where nothing was found; n rows."""
    features = _fetched(lookup.table.slice(*places.span), names)
    # Near rows of the table lie near in memory: gathered in that order, and then put in the rows'. By
    # an index without nulls, which is several times faster, and masked after that.
    near = features.select(pl.all().gather(places.there))
    picked = near.select(
        pl.when(places.hit).then(pl.col(name).gather(places.here)).alias(lookup.columns[name])
        for name in names
    )
    if picked.height != len(places.hit):
        raise errors.rows_do_not_balance(lookup.where, len(places.hit), picked.height)
    return picked


def _places(rows: int, asking: Future[Asked], lookup: Lookup) -> _Places:
    """Where each of n rows finds what it asks for."""
    near = _fetched(lookup.table, [*lookup.keys, EVENT_TIME, KNOWN_TIME])
    times = near.select(microseconds(EVENT_TIME, KNOWN_TIME))
    asked = asking.result()
    found = _newest_known(asked, near.select(*lookup.keys), times)
    hits = found >= 0
    if lookup.ttl is not None:
        age = asked.moments.gather(asked.rows[hits]) - times[EVENT_TIME].gather(found[hits])
        hits[hits] = (age <= lookup.ttl // timedelta(microseconds=1)).to_numpy()
    answered, found = asked.rows[hits], found[hits]
    if np.any(found[1:] < found[:-1]):  # a table that was sorted on the way
        near = pl.Series(found).arg_sort()
        answered, found = answered[near], found[near]
    here, hit = np.zeros(rows, dtype=np.uint32), np.zeros(rows, dtype=bool)
    here[answered], hit[answered] = np.arange(len(answered)), True
    first, last = (int(found.min()), int(found.max())) if len(found) else (0, -1)
    index = pl.get_index_type()
    there = pl.Series(found - first if len(found) else [None], dtype=index)
    return _Places((first, last - first + 1), there, pl.Series(here, dtype=index), pl.Series(hit))


# -- the table, by entity and time -------------------------------------------------------------


class _Runs(NamedTuple):
    """The entities of a table that are asked for, each in rows that follow each other.

    Attributes:
        entity: Their numbers, rising; (e,).
        start: The first row of each; (e,).
        rows: How many rows each has; (e,).
    """

    entity: np.ndarray
    start: np.ndarray
    rows: np.ndarray


def _newest_known(asked: Asked, keys: pl.DataFrame, times: pl.DataFrame) -> np.ndarray:
    """The table row that each asking row finds, -1 for none; (k,)."""
    runs = _as_they_lie(keys, asked)
    found = None if runs is None else _search(asked, runs, times)
    if found is not None:
        return found
    order, runs = _sorted(keys, times, asked)
    found = _search(asked, runs, times[order])
    assert found is not None, "a sorted table is in the order of its times"
    return np.where(found >= 0, order[found], _NOT_FOUND) if len(order) else found


def _as_they_lie(keys: pl.DataFrame, asked: Asked) -> _Runs | None:
    """The runs of a table that is sorted by its keys; None of one that is not."""
    key = pl.all() if keys.width == 1 else pl.struct(pl.all())
    runs = keys.select(key.rle().alias(_RUN)).unnest(_RUN)
    named = runs.select("value") if keys.width == 1 else runs.select("value").unnest("value")
    found = _runs(asked.entities.numbers(named, named.columns), runs["len"])
    return found if np.all(found.entity[1:] > found.entity[:-1]) else None


def _sorted(keys: pl.DataFrame, times: pl.DataFrame, asked: Asked) -> tuple[np.ndarray, _Runs]:
    """The rows that are asked for, by entity, event and known time; (r,). And their runs in that order."""
    number = asked.entities.numbers(keys, keys.columns)
    named = np.flatnonzero(number >= 0)
    number, event, known = number[named], times[EVENT_TIME].gather(named), times[KNOWN_TIME].gather(named)
    if not len(named):
        return named, _Runs(named, named, named)
    places = Line.of(asked.entities.count, event.to_numpy()).places(number, event.to_numpy())
    order = pl.Series(places).arg_sort().to_numpy().copy()
    # Few rows are equal so far, and each sort by a second column costs several times this one.
    places = places[order]
    like_next = np.append(places[1:] == places[:-1], False)
    tied = np.flatnonzero(like_next | np.roll(like_next, 1))
    by = pl.DataFrame({"place": places[tied], "known": known.gather(order[tied])})
    order[tied] = order[tied][by.select(pl.arg_sort_by("place", "known")).to_series().to_numpy()]
    runs = pl.Series(number[order]).rle()
    return named[order], _runs(runs.struct["value"].to_numpy(), runs.struct["len"])


def _runs(entity: np.ndarray, rows: pl.Series) -> _Runs:
    """Runs of entities that are asked for, out of all runs of a table."""
    count = rows.cast(pl.Int64).to_numpy()
    named = entity >= 0
    return _Runs(entity[named], (np.cumsum(count) - count)[named], count[named])


# -- the search --------------------------------------------------------------------------------


def _search(asked: Asked, runs: _Runs, times: pl.DataFrame) -> np.ndarray | None:
    """The newest row known by each moment, -1 for none; (k,). None where a run is not in order of time."""
    found = np.full(len(asked.rows), _NOT_FOUND)
    if asked.line is None or not len(runs.entity):
        return found
    block = (np.cumsum(runs.rows) - 1) // _BLOCK
    cuts = np.concatenate([[0], np.flatnonzero(np.diff(block)) + 1, [len(block)]])
    first = np.searchsorted(asked.entity, runs.entity[cuts[:-1]])
    last = np.searchsorted(asked.entity, runs.entity[cuts[1:] - 1], side="right")
    for begin, end, lo, hi in zip(cuts[:-1], cuts[1:], first, last, strict=True):
        of, index = _rows_of(_Runs(*(part[begin:end] for part in runs)), times)
        if not _in_order(of):
            return None
        newest = _newest(of, asked.line, asked.entity[lo:hi], asked.places[lo:hi])
        found[lo:hi] = np.where(newest >= 0, index[newest], _NOT_FOUND)
    return found


class _Rows(NamedTuple):
    """Rows of whole entities; times in microseconds; each (b,)."""

    entity: np.ndarray
    event: np.ndarray
    known: np.ndarray


def _rows_of(runs: _Runs, times: pl.DataFrame) -> tuple[_Rows, np.ndarray]:
    """The rows of some runs, and where each stands in the table."""
    start, count = int(runs.start[0]), int(runs.rows.sum())
    if int(runs.start[-1] + runs.rows[-1]) == start + count:
        index, near = np.arange(start, start + count), times.slice(start, count)
    else:  # nobody asks for entities between them
        index = np.arange(count) + np.repeat(runs.start - np.cumsum(runs.rows) + runs.rows, runs.rows)
        near = times[index]
    entity = np.repeat(runs.entity, runs.rows)
    return _Rows(entity, near[EVENT_TIME].to_numpy(), near[KNOWN_TIME].to_numpy()), index


def _in_order(rows: _Rows) -> bool:
    """Whether the rows of each entity are sorted by event and then known time."""
    later, same = rows.event[1:] > rows.event[:-1], rows.event[1:] == rows.event[:-1]
    rising = later | (same & (rows.known[1:] >= rows.known[:-1]))
    return bool(np.all(rising | (rows.entity[1:] != rows.entity[:-1])))


def _newest(rows: _Rows, line: Line, entity: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Index of the newest of these rows that was known by each moment, -1 for none."""
    usable = line.places(rows.entity, np.maximum(rows.event, rows.known))
    if np.all(usable[1:] >= usable[:-1]):
        # Rows became known in the order of their events, as with a constant lag: one search is enough.
        found = np.searchsorted(usable, places, side="right") - 1
        return np.where(rows.entity[found] == entity, found, _NOT_FOUND)
    found = np.searchsorted(line.places(rows.entity, rows.event), places, side="right") - 1
    return _step_back(found, rows.entity, line.places(rows.entity, rows.known), entity, places)


def _step_back(
    found: np.ndarray, of: np.ndarray, known: np.ndarray, entity: np.ndarray, places: np.ndarray
) -> np.ndarray:
    """Go back over rows not yet known to the first that is; -1 where the entity has none."""
    found[of[found] != entity] = _NOT_FOUND
    open_ = np.flatnonzero(found >= 0)
    open_ = open_[known[found[open_]] > places[open_]]
    if len(open_):
        # Where even the earliest known time from here on is too late, all rows from here on are unknown.
        # With a constant lag this one search ends it; what is left is as long as lateness varies.
        # Later entities have larger places, so one running minimum from the end serves all of them.
        earliest = np.minimum.accumulate(known[::-1])[::-1]
        found[open_] = np.minimum(found[open_], np.searchsorted(earliest, places[open_], side="right") - 1)
    while len(open_):
        gone = (found[open_] < 0) | (of[found[open_]] != entity[open_])
        found[open_[gone]] = _NOT_FOUND
        open_ = open_[~gone]
        open_ = open_[known[found[open_]] > places[open_]]
        found[open_] -= 1
    return found
