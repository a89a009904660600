"""Whether two computations of a feature group's rows say the same: exactly, but for rounding, or not. Pure.

Sums of fractions depend on where a computation begins: a rolling sum carries what was added and taken away before.
Such noise is no fault of the code, and no reason to keep rows that another computation would round otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import polars as pl

from headway.data.times import EVENT_TIME, KNOWN_TIME

SAME = 1e-9
"""Relative difference of two numbers that tell the same; `test --parity` takes it, too."""
RESIDUE = 1e-7
"""What sums may leave behind, relative to the largest value of the entity: a deviation takes a square root of it."""
_AGAIN, _ONE, _OTHER, _LARGEST = "__again__", "__one__", "__other__", "__largest__"


class Disagreement(NamedTuple):
    """One value that came out in two ways.

    Attributes:
        row: The entity and its time, in words.
        feature: Its name; empty where only one computation has the row at all.
        values: Of the first and of the other computation, in words.
    """

    row: str
    feature: str
    values: tuple[str, str]


class Agreement(NamedTuple):
    """How far two computations agree.

    Attributes:
        rows: Rows compared.
        rounded: Rows with numbers that differ by rounding, and none that differs by more.
        differing: Features that differ by more.
        example: The first disagreement by more than rounding, else the first by rounding.
    """

    rows: int
    rounded: int = 0
    differing: tuple[str, ...] = ()
    example: Disagreement | None = None

    @property
    def is_equal(self) -> bool:
        """Whether every value is the same, to the last digit."""
        return self.example is None


def compare(one: pl.DataFrame, other: pl.DataFrame, key: Sequence[str], of: pl.DataFrame) -> Agreement:
    """Compare rows of a group that were computed twice.

    Args:
        one: The one computation; columns in the order of a group's table.
        other: The other one.
        key: Columns that name the entity.
        of: Rows that say how large the entity's values are.

    Returns:
        NaN equals NaN, null equals null. A row or a feature that only one of them has is a difference.
    """
    rows = max(one.height, other.height)
    if one.schema == other.schema and one.equals(other):
        return Agreement(rows)
    order = [*key, EVENT_TIME, KNOWN_TIME]
    features = list(dict.fromkeys(name for name in (*one.columns, *other.columns) if name not in order))
    both = _joined(one, other, order, features).join(_largest(of, key, features), on=list(key), how="left")
    lost = pl.col(_ONE).is_null() | pl.col(_OTHER).is_null()
    equal = {name: _equal(both, name) for name in features}
    near = {name: _near(both, name) for name in features}
    apart = {name: ~lost & ~equal[name] & ~near[name] for name in features}
    rounded = {name: ~lost & ~equal[name] & near[name] for name in features}
    differing = tuple(name for name in features if both.select(apart[name].any()).item())
    example = _first(both, order, {"": lost}) or _first(both, order, apart) or _first(both, order, rounded)
    real = pl.any_horizontal(lost, *apart.values())
    close = both.select((~real & pl.any_horizontal(pl.lit(value=False), *rounded.values())).sum()).item()
    if both.select(lost.any()).item():
        differing = differing or tuple(features)
    return Agreement(rows, close, differing, example)


def _joined(
    one: pl.DataFrame, other: pl.DataFrame, order: Sequence[str], features: Sequence[str]
) -> pl.DataFrame:
    """Rows of both, each feature twice; one that a frame does not have is null there."""
    missing = [pl.lit(None).alias(name) for name in features if name not in one.columns]
    lacking = [pl.lit(None).alias(_AGAIN + name) for name in features if name not in other.columns]
    first = one.with_columns(*missing, pl.lit(value=True).alias(_ONE))
    second = other.rename({name: _AGAIN + name for name in features if name in other.columns})
    second = second.with_columns(*lacking, pl.lit(value=True).alias(_OTHER))
    found = first.join(second, on=list(order), how="full", coalesce=True, nulls_equal=True)
    return found.sort(list(order))


def _largest(of: pl.DataFrame, key: Sequence[str], features: Sequence[str]) -> pl.DataFrame:
    numbers = [name for name in features if of.schema.get(name, pl.String()).is_float()]
    return of.group_by(list(key)).agg(pl.col(name).abs().max().alias(_LARGEST + name) for name in numbers)


def _equal(both: pl.DataFrame, name: str) -> pl.Expr:
    one, other = pl.col(name), pl.col(_AGAIN + name)
    if both.schema[name] == both.schema[_AGAIN + name]:
        return one.eq_missing(other)
    return one.cast(pl.String).eq_missing(other.cast(pl.String))  # nulls only have any type


def _near(both: pl.DataFrame, name: str) -> pl.Expr:
    """Two numbers that differ by rounding; false where one of them is missing."""
    if _LARGEST + name not in both.columns or both.schema[name] != both.schema[_AGAIN + name]:
        return pl.lit(value=False)
    one, other = pl.col(name), pl.col(_AGAIN + name)
    gap = (one - other).abs()
    allowed = pl.max_horizontal(
        SAME * pl.max_horizontal(one.abs(), other.abs()), RESIDUE * pl.col(_LARGEST + name)
    )
    return (gap <= allowed).fill_null(value=False)


def _first(both: pl.DataFrame, order: Sequence[str], faults: dict[str, pl.Expr]) -> Disagreement | None:
    for name, fault in faults.items():
        found = both.filter(fault).head(1).to_dicts()
        if not found:
            continue
        row = found[0]
        words = _row(row, order)
        if not name:
            return Disagreement(words, "", ("there", "not there") if row[_ONE] else ("not there", "there"))
        return Disagreement(words, name, (_value(row[name]), _value(row[_AGAIN + name])))
    return None


def _row(row: dict[str, Any], order: Sequence[str]) -> str:
    entity = ", ".join(f"{name} {row[name]}" for name in order[:-2])
    return f"{entity}, at {row[EVENT_TIME]:%Y-%m-%d %H:%M:%S} UTC"


def _value(value: object) -> str:
    return "null" if value is None else repr(value)
