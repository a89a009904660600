"""What rows ask of tables: an entity and a moment each, in an order that a sorted table has too. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import polars as pl

from headway.data.times import INSTANT

_NUMBER = "number"
_LARGEST = 1 << 62


class Line(NamedTuple):
    """(entity, time) as one integer that sorts alike: entity first, then the place of the time.

    The place is the time's distance from the earliest moment, or the number of moments before it
    where distances of so many entities would overflow. Times beyond all moments share one place.
    """

    first: int
    last: int
    width: int
    ranks: np.ndarray | None

    @classmethod
    def of(cls, entities: int, moments: np.ndarray) -> Line:
        """A line for this many entities, on which these moments, at least one, can be told apart."""
        first, last = int(moments.min()), int(moments.max())
        if entities * (last - first + 3) < _LARGEST:
            return cls(first, last, last - first + 3, None)
        ranks = np.unique(moments)
        return cls(first, last, len(ranks) + 1, ranks)

    def places(self, entity: np.ndarray, time: np.ndarray) -> np.ndarray:
        """`a <= b` of one entity for times a and moments b exactly where that holds of their places."""
        if self.ranks is None:
            place = np.clip(time, self.first - 1, self.last + 1)
            place -= self.first - 1
        else:
            place = np.searchsorted(self.ranks, time)
        place += entity * self.width
        return place


class Asked(NamedTuple):
    """The k of n rows that may find something, by entity and moment.

    Attributes:
        rows: Which rows they are; (k,).
        entity: Number of each one's entity, rising; (k,).
        moment: In microseconds, rising for each entity; (k,).
        places: The two on `line`; (k,).
        entities: The key columns of each entity, without nulls, and its number; sorted by key.
        line: None where k is 0.
    """

    rows: np.ndarray
    entity: np.ndarray
    moment: np.ndarray
    places: np.ndarray
    entities: pl.DataFrame
    line: Line | None


def asked_by(rows: pl.DataFrame, at: str, keys: Sequence[str]) -> Asked:
    """Order rows by their entity and moment; those with a null in either ask nothing.

    Args:
        rows: n rows.
        at: Column of instants.
        keys: Columns that name the entity.
    """
    parts = _parts(rows, keys)
    entities = parts.drop_nulls().unique().sort(parts.columns).with_row_index(_NUMBER)
    number, moments = numbers(rows, keys, entities), rows.select(microseconds(at)).to_series()
    asking = np.flatnonzero((number >= 0) & moments.is_not_null().to_numpy())
    entity, moment = number[asking], moments.gather(asking).to_numpy()
    if not len(asking):
        return Asked(asking, entity, moment, entity, entities, None)
    line = Line.of(entities.height, moment)
    places = line.places(entity, moment)
    near = pl.Series(places).arg_sort().to_numpy()
    return Asked(asking[near], entity[near], moment[near], places[near], entities, line)


def numbers(rows: pl.DataFrame, keys: Sequence[str], entities: pl.DataFrame) -> np.ndarray:
    """The number of each row's entity, -1 for a null in its key and for one that is none of these; (n,), int64."""
    parts = _parts(rows, keys)
    found = parts.join(entities, on=parts.columns, how="left", nulls_equal=False, maintain_order="left")
    return found[_NUMBER].cast(pl.Int64).fill_null(-1).to_numpy()


def _parts(rows: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    """The key by position: a table names its parts otherwise than the rows do, and they may use one twice."""
    return rows.select(pl.col(key).alias(str(part)) for part, key in enumerate(keys))


def microseconds(*columns: str) -> pl.Expr:
    """Columns of instants as microseconds since 1970, Int64."""
    return pl.col(*columns).cast(INSTANT).to_physical()
