"""Sorted files as runs: which of them lie one after the other, and many runs merged into one order."""

from __future__ import annotations

import heapq
from collections.abc import Hashable, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import polars as pl

_KEY = "__key__"
_File = TypeVar("_File", bound=Hashable)
_Place = tuple[tuple[bool, Any], ...]


class Bounds(NamedTuple):
    """The first and the last key of a sorted file, as values that compare as the rows are sorted: nulls first."""

    first: _Place
    last: _Place


def bounds_of(rows: pl.LazyFrame, key: Sequence[str]) -> Bounds | None:
    """The bounds of rows that are sorted by key; None where there are none."""
    keys = rows.select(pl.col(list(key)).to_physical())
    ends = pl.collect_all([keys.head(1), keys.tail(1)])
    if ends[0].is_empty():
        return None
    first, last = (tuple((value is not None, value) for value in end.row(0)) for end in ends)
    return Bounds(first, last)


def chained(files: Mapping[_File, Bounds | None]) -> list[list[_File]]:
    """Files in as few runs as may be: in a run, every key of a file is after those of the files before.

    A key that does not compare (NaN) begins a run; a file without rows is one.
    """
    runs: list[tuple[Bounds, list[_File]]] = []
    known = [(bounds, file) for file, bounds in files.items() if bounds is not None]
    for bounds, file in sorted(known, key=lambda item: item[0].first):
        for index, (before, run) in enumerate(runs):
            if before.last < bounds.first:
                runs[index] = (bounds, [*run, file])
                break
        else:
            runs.append((bounds, [file]))
    empty = [[file] for file, bounds in files.items() if bounds is None]
    return [run for _, run in runs] + empty


def scan(paths: Sequence[Path]) -> pl.LazyFrame:
    """Files one after the other."""
    return pl.scan_parquet(list(paths), glob=False)


def merged(frames: Sequence[tuple[int, pl.LazyFrame]], key: Sequence[str]) -> pl.LazyFrame:
    """One sorted frame of sorted ones, the two smallest first: half the time of sorting them all again.

    Args:
        frames: (size, frame); at least one.
        key: What each is sorted by.
    """
    if len(frames) == 1:
        return frames[0][1]
    order = count()
    heap = [(size, next(order), frame.with_columns(pl.struct(key).alias(_KEY))) for size, frame in frames]
    heapq.heapify(heap)
    while len(heap) > 1:
        (small, _, one), (large, _, two) = heapq.heappop(heap), heapq.heappop(heap)
        heapq.heappush(heap, (small + large, next(order), one.merge_sorted(two, _KEY)))
    return heap[0][2].drop(_KEY)
