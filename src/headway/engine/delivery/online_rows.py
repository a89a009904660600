"""A feature group's frame as the columns that are packed for look-up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from headway.data.times import EVENT_TIME, KNOWN_TIME
from headway.features.arrays import to_numpy
from headway.online.pack import PackedGroup


def packed_group(frame: pl.DataFrame, key: Sequence[str], features: Sequence[str]) -> PackedGroup:
    """Rows with key columns, event and known time, and features, as `headway.online` takes them."""
    return PackedGroup(
        keys={name: frame[name].to_list() for name in key},
        event_time=to_numpy(frame[EVENT_TIME]).view("int64"),
        known_time=to_numpy(frame[KNOWN_TIME]).view("int64"),
        features={name: _values(frame[name]) for name in features},
    )


def _values(series: pl.Series) -> Any:
    array = to_numpy(series)
    return array.tolist() if array.dtype.kind == "O" else array.astype("float64")
