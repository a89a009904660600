"""Which labelled row is for training, validating or testing. Pure; no random numbers.

A row's part by hash, group, column or fixed intervals depends on its own cells only, so it stays where
it is when the data grow or are put in another order. Windows that reach back from the newest label, and
shares in the order of time, move with the newest rows: a row then goes to an older part, never to a
newer one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np
import polars as pl

from headway.core import clock
from headway.core.wording import count
from headway.data.hashing import row_hashes, shares_of
from headway.data.times import INSTANT
from headway.errors import data as errors
from headway.errors import datasets as dataset_errors
from headway.spec.product import Interval, Split

PARTS = ("train", "validate", "test")
OUTSIDE = "outside the split"
LATE = "label known after the next part begins"
APART = "kept apart"

_TICK = timedelta(microseconds=1)
_ROUNDING = 1e-9
_NONE = -1


class Assignment(NamedTuple):
    """The split of n rows.

    Attributes:
        parts: `train`, `validate`, `test`, or null for a row that no part takes; (n,), String.
        windows: Part -> what falls into it, in words.
        unused: Why rows are in no part -> how many.
    """

    parts: pl.Series
    windows: dict[str, str]
    unused: dict[str, int]


class Times(NamedTuple):
    """When the rows happened and their labels became known; (n,) each, of `INSTANT`.

    Attributes:
        moments: Moments of prediction, without nulls.
        known: When the label became known; null counts as long ago.
        settled: When it was known whatever it says; null counts as long ago.
        now: Rows that are not settled by now are too young to be a window's end.
    """

    moments: pl.Series
    known: pl.Series
    settled: pl.Series
    now: datetime


def assign(split: Split, rows: pl.DataFrame, label: pl.Series, times: Times | None, where: str) -> Assignment:
    """Divide labelled rows into parts.

    **By time**, windows reach back from the newest moment: test is `(newest - test, newest]`, validate a
    window before it, train one before that; older rows are unused. Between two windows lies the shortest
    time that any label takes to become known. **By quota**, the rows in order of time are cut so that
    each part has its share; rows of one moment stay together. **By intervals**, each part is
    `[from, to)`. In all three, a row whose label became known only after the next part began is left
    out: a model fitted at that moment could not have learnt from it.

    **By hash**, a row's part follows from all its cells but the label, so equal rows are never in two
    parts; **by group**, from one column. Shares hold up to chance: 15 % of 1,000 rows are 150 give or
    take 11. **By column**, a cell names the part.

    `stratify` keeps membership stable rather than the shares exact: every value is cut by the same
    thresholds, and a value that has no row in a part is refused. `apart` keeps the values of a column
    in one part: by hash it is what is hashed; with time, a value that occurs in several parts gets one
    of them by its hash, weighted by their lengths, and its rows in the others are left out.

    Args:
        split: What is declared.
        rows: Columns of the rows, without the label; n rows.
        label: The label, named as its column; (n,).
        times: When the rows happened; None for rows without time.
        where: For errors.

    Raises:
        SpecError: The parts do not fit the way of splitting, or a column is missing.
        ContractError: A stratum is missing in a part, a cell names no part, or all labels of a part
            are too late for it.
    """
    _refuse_idle_options(split, where)
    if split.by == "column":
        made = _by_column(_column(rows, split.column or "", where), where)
    elif split.by in ("hash", "group"):
        made = _by_hash(split, rows, where)
    elif times is None:
        raise errors.split_does_not_fit(where, "the rows have no time to split by")
    else:
        apart = None if split.apart is None else _column(rows, split.apart, where)
        made = _in_order(_windows(split, times, where), split, times, apart, where)
    if split.stratify is not None:
        strata = label if split.stratify == label.name else _column(rows, split.stratify, where)
        _refuse_missing_strata(split, strata, made.parts, where)
    return made


# -- in the order of time ----------------------------------------------------------------------


class _Window(NamedTuple):
    """Moments of one part in microseconds: `start` belongs to it, `stop` does not."""

    start: int
    stop: int
    weight: float
    text: str


def _windows(split: Split, times: Times, where: str) -> list[_Window]:
    """The window of each part, none before the one of the part before it."""
    if split.by == "time":
        return _by_time(split, times, where)
    return _by_quota(split, times, where) if split.by == "quota" else _by_intervals(split, where)


def _by_time(split: Split, times: Times, where: str) -> list[_Window]:
    lengths = [part for part in (split.train, split.validate, split.test) if isinstance(part, timedelta)]
    if len(lengths) < len(PARTS) or min(lengths) < timedelta(0):
        raise errors.split_does_not_fit(where, "by time, parts are durations such as `28d`")
    end, gap = _newest(times), _gap(times)
    found: list[_Window] = []
    for length in reversed(lengths):
        start = end - length
        text = f"after {clock.to_text(start)} until {clock.to_text(end)}"
        # (a, b] written as [a + 1 us, b + 1 us), so that the newest row is in test.
        found.append(_Window(_us(start) + 1, _us(end) + 1, length / _TICK, text))
        end = start - gap if length else end
    return found[::-1]


def _newest(times: Times) -> datetime:
    """The newest moment that is settled, else the newest of all."""
    young = times.settled.fill_null(times.moments) > times.now
    ripe = times.moments.filter(~young)
    newest = (ripe if len(ripe) else times.moments).max()
    assert isinstance(newest, datetime), "moments are not null, and there is at least one"
    return newest


def _gap(times: Times) -> timedelta:
    """The shortest time from a row's moment until its label is settled."""
    shortest = (times.settled - times.moments).min()
    return max(shortest, timedelta(0)) if isinstance(shortest, timedelta) else timedelta(0)


def _by_quota(split: Split, times: Times, where: str) -> list[_Window]:
    shares = _shares(split, where)
    until = _us(_newest(times)) + 1
    order = np.sort(times.moments.to_physical().to_numpy())
    order = order[order < until]
    ends = [min(round(share * len(order)), len(order)) for share in np.cumsum(shares)]
    if sum(shares) >= 1 - _ROUNDING:
        ends[-1] = len(order)
    edges = [int(order[0]), *(int(order[end]) if end < len(order) else until for end in ends)]
    return [
        _Window(
            start, stop, share, f"from {_text(start)} until before {_text(stop)} ({share:.4g} of the rows)"
        )
        for start, stop, share in zip(edges[:-1], edges[1:], shares, strict=True)
    ]


def _by_intervals(split: Split, where: str) -> list[_Window]:
    given = (split.train, split.validate, split.test)
    parts = [part for part in given if isinstance(part, Interval)]
    if len(parts) < len(PARTS):
        raise errors.split_does_not_fit(where, "by intervals, parts are written `{from: ..., to: ...}`")
    found = []
    for part in parts:
        start, stop = _us(clock.from_text(part.from_)), _us(clock.from_text(part.to))
        if stop < start or (found and start < found[-1].stop):
            raise errors.split_does_not_fit(where, "intervals overlap, or are not in the order of the parts")
        found.append(
            _Window(start, stop, float(stop - start), f"from {_text(start)} until before {_text(stop)}")
        )
    return found


def _in_order(
    windows: Sequence[_Window], split: Split, times: Times, apart: pl.Series | None, where: str
) -> Assignment:
    moments = times.moments.to_physical().to_numpy()
    place = np.full(len(moments), _NONE)
    for index, window in enumerate(windows):
        place[(moments >= window.start) & (moments < window.stop)] = index
    unused = {OUTSIDE: int((place == _NONE).sum())}
    late = _late(windows, times, place)
    _refuse_all_late(windows, place, late, where)
    place[late] = _NONE
    unused[LATE] = int(late.sum())
    if apart is not None:
        torn = _torn(apart, place, [window.weight for window in windows])
        place[torn] = _NONE
        unused[f"{APART}: `{split.apart}` is in another part"] = int(torn.sum())
    texts = {part: window.text for part, window in zip(PARTS, windows, strict=True)}
    return Assignment(_named(place), texts, unused)


def _late(windows: Sequence[_Window], times: Times, place: np.ndarray) -> np.ndarray:
    """Whether a row's label became known after the next part that takes rows began; (n,)."""
    known = times.known.to_physical().fill_null(np.iinfo(np.int64).min).to_numpy()
    late = np.zeros(len(place), dtype=bool)
    for index in range(len(PARTS) - 1):
        begins = _next_start(windows, index)
        if begins is not None:
            late |= (place == index) & (known > begins)
    return late


def _next_start(windows: Sequence[_Window], index: int) -> int | None:
    return next((window.start for window in windows[index + 1 :] if window.stop > window.start), None)


def _refuse_all_late(windows: Sequence[_Window], place: np.ndarray, late: np.ndarray, where: str) -> None:
    for index, part in enumerate(PARTS):
        there = place == index
        begins = _next_start(windows, index)
        if begins is not None and there.any() and late[there].all():
            raise dataset_errors.all_labels_are_late(where, part, int(there.sum()), _text(begins))


def _torn(values: pl.Series, place: np.ndarray, weights: Sequence[float]) -> np.ndarray:
    """Whether a row's value was given to another part than the row's own; null is no value."""
    used = pl.col("place") != _NONE
    frame = pl.DataFrame({"value": values, "place": place})
    there = frame.select(
        ((pl.col("place") == index) & used).any().over("value").alias(part)
        for index, part in enumerate(PARTS)
    ).to_numpy()
    ends = np.cumsum(there * np.asarray(weights), axis=1)
    unit = shares_of(row_hashes(values.to_frame()))
    given = (unit[:, None] * ends[:, -1:] >= ends).sum(axis=1)
    return (place != _NONE) & (given != place) & values.is_not_null().to_numpy()


def _us(moment: datetime) -> int:
    return int(pl.Series([moment], dtype=INSTANT).to_physical()[0])


def _text(microseconds: int) -> str:
    return clock.to_text(pl.Series([microseconds]).cast(INSTANT)[0])


# -- by the cells of a row ---------------------------------------------------------------------


def _by_hash(split: Split, rows: pl.DataFrame, where: str) -> Assignment:
    shares = _shares(split, where)
    one = split.group if split.by == "group" else split.apart
    hashed = rows if one is None else _column(rows, one, where).to_frame()
    ends = np.cumsum(shares)
    place = np.searchsorted(ends, shares_of(row_hashes(hashed)), side="right")
    if ends[-1] >= 1 - _ROUNDING:
        place = np.minimum(place, len(PARTS) - 1)  # a sum of shares such as 0.7 + 0.15 + 0.15 is not quite 1
    what = f"`{one}`" if one is not None else "the rows"
    windows = {part: f"{share:.4g} of {what} by hash" for part, share in zip(PARTS, shares, strict=True)}
    return Assignment(_named(place), windows, {OUTSIDE: int((place == len(PARTS)).sum())})


def _by_column(cells: pl.Series, where: str) -> Assignment:
    if cells.dtype != pl.String:
        raise errors.split_does_not_fit(where, f"column `{cells.name}` holds no text, and must name the part")
    wrong = cells.drop_nulls().unique(maintain_order=True).to_frame().filter(~pl.first().is_in(PARTS))
    if wrong.height:
        raise dataset_errors.part_is_unknown(where, cells.name, wrong.to_series().to_list())
    windows = {part: f"`{cells.name}` is `{part}`" for part in PARTS}
    return Assignment(cells.alias("part"), windows, {OUTSIDE: cells.null_count()})


def _shares(split: Split, where: str) -> list[float]:
    given = (split.train, split.validate, split.test)
    shares = [float(part) for part in given if isinstance(part, float | int)]
    if len(shares) < len(PARTS) or min(shares) < 0 or sum(shares) > 1 + _ROUNDING:
        why = "parts are shares that are not negative and at most 100% together"
        raise errors.split_does_not_fit(where, why)
    return shares


# -- both --------------------------------------------------------------------------------------


def _named(place: np.ndarray) -> pl.Series:
    """Part by its number; null for numbers that are none."""
    names = dict(enumerate(PARTS))
    return pl.Series("part", place).replace_strict(names, default=None, return_dtype=pl.String)


def _refuse_idle_options(split: Split, where: str) -> None:
    for key in ("group", "column"):
        if (split.by == key) != (getattr(split, key) is not None):
            raise errors.split_does_not_fit(where, f"`by: {key}` and `{key}: COLUMN` need each other")
    if split.by in ("group", "column") and split.apart is not None:
        raise errors.split_does_not_fit(where, f"`by: {split.by}` decides alone, without `apart:`")


def _column(rows: pl.DataFrame, name: str, where: str) -> pl.Series:
    if name not in rows.columns:
        raise errors.column_is_missing(name, f"{where}, split", rows.columns)
    return rows[name]


def _refuse_missing_strata(split: Split, strata: pl.Series, parts: pl.Series, where: str) -> None:
    wanted = wanted_parts(split)
    counted = pl.DataFrame({"value": strata, "part": parts})
    for (value,), group in counted.group_by("value", maintain_order=True):
        there = set(group["part"].unique())
        for part in wanted:
            if part not in there:
                raise errors.stratum_is_missing(where, strata.name, value, part, group.height)


def wanted_parts(split: Split) -> tuple[str, ...]:
    """Parts that must have rows; a column may name no row for validation."""
    if split.by == "column":
        return ("train", "test")
    return tuple(part for part in PARTS if getattr(split, part))


def refuse_small_parts(
    split: Split, counts: Mapping[str, int], windows: Mapping[str, str], where: str
) -> None:
    """Refuse parts without rows, or with fewer than `min_rows`.

    Raises:
        ContractError: A part that is wanted has none, or too few.
    """
    wanted = wanted_parts(split)
    empty = [part for part in wanted if not counts[part]]
    if empty:
        told = {part: f"{window}: {count(counts[part], 'row')}" for part, window in windows.items()}
        raise errors.part_is_empty(where, empty, told)
    small = {part: counts[part] for part in wanted if counts[part] < split.min_rows}
    if small:
        raise dataset_errors.part_is_too_small(where, small, split.min_rows)


def counts(parts: pl.Series) -> dict[str, int]:
    """Rows of each part, and `unused`."""
    return {**{name: int((parts == name).sum()) for name in PARTS}, "unused": parts.null_count()}
