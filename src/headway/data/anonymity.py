"""Counts the rows of a table that share their quasi-identifiers; no value of theirs leaves it."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from headway.facts.anonymity import LARGEST, LEARNT, Sizes

_SIZE, _ROWS = "size", "rows"


def class_sizes(
    frame: pl.LazyFrame, columns: Sequence[str], unit: str | None = None, part: str | None = None
) -> dict[str, Sizes]:
    """How large the classes of a table are, in one pass over the columns that are named.

    Args:
        frame: The table; n rows.
        columns: Quasi-identifiers. Null is a value of its own, so is NaN.
        unit: Column whose different values a class counts, null among them; None counts rows.
        part: Column that names the part of a row; with it, those of `train` are counted by themselves too.

    Returns:
        `rows` -> all rows, and with `part` also `train` -> those. A class without a row there is none of its.
    """
    scopes = (_ROWS, LEARNT) if part is not None else (_ROWS,)
    taken = [pl.col(name).alias(f"of{place}") for place, name in enumerate(columns)]
    taken += [pl.col(unit).alias("unit")] if unit is not None else []
    taken += [(pl.col(part) == LEARNT).alias(LEARNT)] if part is not None else []
    classes = frame.select(taken).group_by([f"of{place}" for place in range(len(columns))])
    found = classes.agg(
        *(_rows(scope).alias(f"{scope}.{_ROWS}") for scope in scopes),
        *(_size(scope, unit).alias(f"{scope}.{_SIZE}") for scope in scopes),
    )
    counted = found.select(pl.exclude("^of[0-9]+$")).collect()
    return {scope: _sizes(counted, scope) for scope in scopes}


def _rows(scope: str) -> pl.Expr:
    return pl.col(LEARNT).sum() if scope == LEARNT else pl.len()


def _size(scope: str, unit: str | None) -> pl.Expr:
    if unit is None:
        return _rows(scope)
    units = pl.col("unit")
    return (units.filter(pl.col(LEARNT)) if scope == LEARNT else units).n_unique()


def _sizes(counted: pl.DataFrame, scope: str) -> Sizes:
    classes = counted.select(
        pl.col(f"{scope}.{_SIZE}").alias(_SIZE), pl.col(f"{scope}.{_ROWS}").alias(_ROWS)
    ).filter(pl.col(_ROWS) > 0)
    small = (
        classes.filter(pl.col(_SIZE) < LARGEST).group_by(_SIZE).agg(pl.len(), pl.col(_ROWS).sum()).sort(_SIZE)
    )
    smallest = classes[_SIZE].min()
    return Sizes(
        rows=int(classes[_ROWS].sum()),
        classes=classes.height,
        smallest=smallest if isinstance(smallest, int) else 0,
        small=tuple((size, number, rows) for size, number, rows in small.iter_rows()),
    )
