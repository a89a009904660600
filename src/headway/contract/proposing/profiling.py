"""What the columns of a table look like, so that a contract can be proposed: two passes, streamed (Polars).

The first takes what every column shows, and tries shapes that a sample suggested; the second counts where
the first says that it is worth it. Nothing is changed, and no row is kept.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import polars as pl

from headway.contract.casting import logical_type
from headway.contract.dialect import mismatches
from headway.contract.figures import native
from headway.contract.patterns import compile_pattern
from headway.contract.proposing.seen import ColumnSeen, Seen
from headway.contract.proposing.shapes import Shape, guessed
from headway.spec.contract import ColumnType

_SAMPLE = 50_000
"""Rows, evenly spread, of which quartiles are taken and shapes are guessed."""
_GUESSED_OF = 1_000
"""Texts of which a shape is guessed."""
_COUNTED = 100
"""About how many distinct values a column may have whose values are counted."""
_EXACTLY = 100_000
"""Rows up to which distinct values are always counted; of more they are estimated."""
_NEARLY = 0.9
"""Share of distinct values, estimated, from which it is worth counting whether each occurs once."""
_TOP = 20
_QUARTERS = (0.25, 0.5, 0.75)


class _Asked(NamedTuple):
    """A column as it is looked at.

    Attributes:
        value: Its values by their logical type; NaN is null.
        shapes: What a sample suggests.
    """

    short: str
    kind: ColumnType
    value: pl.Expr
    shapes: tuple[Shape, ...] = ()


def look(rows: pl.LazyFrame) -> Seen:
    """What a table shows, column by column.

    Args:
        rows: The table; read twice, and once for a sample.
    """
    schema = rows.collect_schema()
    table = rows.rename({name: f"c{place}" for place, name in enumerate(schema)})
    kinds = {name: logical_type(dtype) for name, dtype in schema.items()}
    height = int(table.select(pl.len()).collect(engine="streaming").item())
    sample = _sample(table, height)
    asked = {
        name: _asked(f"c{place}", kind, sample)
        for place, (name, kind) in enumerate(kinds.items())
        if kind is not None
    }
    first = _first(table, asked)
    second = _second(table, asked, first, height)
    return Seen(
        rows=height,
        columns=tuple(
            _column(name, str(dtype), asked[name], sample, first, second, height)
            if name in asked
            else ColumnSeen(name=name, type=None, stored_as=str(dtype), rows=height)
            for name, dtype in schema.items()
        ),
    )


def _sample(table: pl.LazyFrame, height: int) -> pl.DataFrame:
    if height <= _SAMPLE:
        return table.collect()
    every = math.ceil(height / _SAMPLE)
    place = pl.int_range(pl.len(), dtype=pl.UInt32)
    return table.filter(place % every == 0).collect(engine="streaming")


def _asked(short: str, kind: ColumnType, sample: pl.DataFrame) -> _Asked:
    column = pl.col(short)
    if kind != "text":
        return _Asked(short, kind, _values(column, kind))
    texts = sample[short].cast(pl.String).drop_nulls()
    return _Asked(short, kind, column.cast(pl.String), tuple(guessed(texts.head(_GUESSED_OF).to_list())))


def _values(column: pl.Expr, kind: ColumnType) -> pl.Expr:
    match kind:
        case "number":
            return column.cast(pl.Float64).fill_nan(None)
        case "time":
            return column.dt.cast_time_unit("us").to_physical()
        case "date":
            return column.to_physical()
    return column


# -- the passes ------------------------------------------------------------------------------


def _first(table: pl.LazyFrame, asked: Mapping[str, _Asked]) -> dict[str, Any]:
    wanted = [part for item in asked.values() for part in _cheap(item)]
    return table.select(wanted).collect(engine="streaming").row(0, named=True) if wanted else {}


def _cheap(item: _Asked) -> Iterator[pl.Expr]:
    short, value = item.short, item.value
    yield value.null_count().alias(f"nulls {short}")
    yield value.approx_n_unique().alias(f"distinct {short}")
    if item.kind == "text":
        length = value.str.len_chars()
        yield length.min().alias(f"low {short}")
        yield length.max().alias(f"high {short}")
        for place, shape in enumerate(item.shapes):
            yield mismatches(value, compile_pattern(shape.pattern)).sum().alias(f"shape {place} {short}")
    elif item.kind != "boolean":
        finite = pl.when(value.is_finite()).then(value) if item.kind == "number" else value
        yield finite.min().alias(f"low {short}")
        yield finite.max().alias(f"high {short}")
    if item.kind == "number":
        yield value.is_infinite().sum().alias(f"infinite {short}")


def _second(
    table: pl.LazyFrame, asked: Mapping[str, _Asked], first: Mapping[str, Any], height: int
) -> dict[str, Any]:
    """Values and their counts where they are few; how many there are where rows are, or each likely occurs once."""
    wanted = []
    for item in asked.values():
        present = height - first[f"nulls {item.short}"]
        about = first[f"distinct {item.short}"]
        if about <= _COUNTED * 1.2:
            wanted.append(_counted(item))
        elif height <= _EXACTLY or (item.kind in ("integer", "text") and about >= _NEARLY * present):
            known = item.value.drop_nulls()
            wanted.append(known.n_unique().alias(f"exact {item.short}"))
    return table.select(wanted).collect(engine="streaming").row(0, named=True) if wanted else {}


def _counted(item: _Asked) -> pl.Expr:
    found = item.value.drop_nulls().value_counts(name="times").struct.rename_fields(["value", "times"])
    return found.implode().alias(f"counts {item.short}")


# -- what was found --------------------------------------------------------------------------


def _column(
    name: str,
    stored_as: str,
    item: _Asked,
    sample: pl.DataFrame,
    first: Mapping[str, Any],
    second: Mapping[str, Any],
    height: int,
) -> ColumnSeen:
    short = item.short
    counts = _ordered(second.get(f"counts {short}"), item.kind)
    exact = len(counts) if counts is not None else second.get(f"exact {short}")
    return ColumnSeen(
        name=name,
        type=item.kind if _is_held(item, first) else None,
        stored_as=stored_as,
        rows=height,
        nulls=first[f"nulls {short}"],
        infinite=first.get(f"infinite {short}", 0),
        distinct=exact if exact is not None else first[f"distinct {short}"],
        is_counted=exact is not None,
        low=native(item.kind, first.get(f"low {short}")),
        high=native(item.kind, first.get(f"high {short}")),
        quartiles=_quartiles(item, sample),
        is_sampled=len(sample) < height,
        top=tuple((counts or ())[:_TOP]),
        shape=_proven(item, first),
    )


def _ordered(counts: Sequence[Mapping[str, Any]] | None, kind: ColumnType) -> list[tuple[Any, int]] | None:
    """The most frequent first, equal ones in the order of their values."""
    if counts is None:
        return None
    pairs = sorted(((one["value"], one["times"]) for one in counts), key=lambda pair: (-pair[1], pair[0]))
    return [(native(kind, value), times) for value, times in pairs]


def _is_held(item: _Asked, first: Mapping[str, Any]) -> bool:
    """Whether the values fit: whole numbers beyond 64 bits with a sign do not."""
    high = first.get(f"high {item.short}")
    return item.kind != "integer" or high is None or high < 2**63


def _quartiles(item: _Asked, sample: pl.DataFrame) -> tuple[float, ...]:
    if item.kind not in ("integer", "number"):
        return ()
    known = sample.select(item.value).to_series().drop_nulls()
    found = [known.quantile(share) for share in _QUARTERS]
    return tuple(value for value in found if value is not None)


def _proven(item: _Asked, first: Mapping[str, Any]) -> Shape | None:
    """The narrowest of the shapes that every value has."""
    proven = (shape for place, shape in enumerate(item.shapes) if not first[f"shape {place} {item.short}"])
    return next(proven, None)
