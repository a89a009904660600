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


class Entities(NamedTuple):
    """How entities are numbered, in the order of their keys.

    Attributes:
        count: One more than the largest number.
        span: The smallest and the largest key, where it is one column of integers that lie so near each
            other that the distance from the smallest is the number, which is far less work.
        distinct: Else the key columns of each entity, without nulls, and its number.
    """

    count: int
    span: tuple[int, int] | None
    distinct: pl.DataFrame

    @classmethod
    def of(cls, rows: pl.DataFrame, keys: Sequence[str]) -> Entities:
        """Number the entities of rows; one with a null in its key is none."""
        parts = _parts(rows, keys)
        if parts.dtypes == [pl.Int64]:
            first, last = parts.to_series().min(), parts.to_series().max()
            if isinstance(first, int) and isinstance(last, int) and last - first < rows.height:
                return cls(last - first + 1, (first, last), parts.clear())
        distinct = parts.drop_nulls().unique().sort(parts.columns)
        return cls(distinct.height, None, distinct.with_columns(pl.int_range(pl.len()).alias(_NUMBER)))

    def numbers(self, rows: pl.DataFrame, keys: Sequence[str]) -> np.ndarray:
        """The number of each row's entity, -1 for one that is none of these; (n,), int64."""
        parts = _parts(rows, keys)
        if self.span is not None:
            key = pl.col(*parts.columns)
            within = pl.when(key.is_between(*self.span)).then(key - self.span[0])
            number = parts.select(within).to_series()
        else:
            on = parts.columns
            number = parts.join(self.distinct, on=on, how="left", nulls_equal=False, maintain_order="left")[
                _NUMBER
            ]
        return (number.fill_null(-1) if number.null_count() else number).to_numpy()


class Asked(NamedTuple):
    """The k of n rows that may find something, by entity and moment.

    Attributes:
        rows: Which rows they are; (k,).
        entity: Number of each one's entity, rising; (k,).
        places: Its entity and moment on `line`, rising; (k,).
        line: None where k is 0.
        entities: How they are numbered.
        moments: Of all rows in microseconds, 0 for null; (n,).
    """

    rows: np.ndarray
    entity: np.ndarray
    places: np.ndarray
    line: Line | None
    entities: Entities
    moments: pl.Series


def asked_by(rows: pl.DataFrame, at: str, keys: Sequence[str]) -> Asked:
    """Order rows by their entity and moment; those with a null in either ask nothing.

    Args:
        rows: n rows.
        at: Column of instants.
        keys: Columns that name the entity.
    """
    entities = Entities.of(rows, keys)
    number, moments = entities.numbers(rows, keys), rows.select(microseconds(at)).to_series()
    if moments.null_count():
        number = np.where(moments.is_null(), -1, number)
        moments = moments.fill_null(0)
    silent = int((number < 0).sum())
    if silent == len(number):
        none = np.zeros(0, dtype=np.int64)
        return Asked(none, none, none, None, entities, moments)
    line = Line.of(entities.count, moments.to_numpy())
    places = line.places(number, moments.to_numpy())
    order = pl.Series(places).arg_sort().to_numpy()[silent:]  # whose places are below all others
    return Asked(order, number[order], places[order], line, entities, moments)


def _parts(rows: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    """The key by position: a table names its parts otherwise than the rows do, and they may use one twice."""
    return rows.select(pl.col(key).alias(str(part)) for part, key in enumerate(keys))


def microseconds(*columns: str) -> pl.Expr:
    """Columns of instants as microseconds since 1970, Int64."""
    return pl.col(*columns).cast(INSTANT).to_physical()
