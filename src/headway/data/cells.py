"""Text cells become typed values by a contract: what does not parse is counted, never made null."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import polars as pl

from headway.errors.masking import MASK, PERSONAL
from headway.spec.contract import Column, ColumnType

_EXAMPLES = 5
# RFC 3339 with the freedoms of ISO 8601 that people use: a space for the T, no seconds, no offset.
_TIME = r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:[0-5]\d(:[0-5]\d(\.\d{1,6})?)?(Z|[+-]\d{2}:?\d{2})?$"
_DATE = r"^\d{4}-\d{2}-\d{2}$"
_NUMBER = r"^[+-]?((\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|inf|Infinity)$|^(nan|NaN)$"
_INTEGER = r"^[+-]?\d+$"


class Unparsed(NamedTuple):
    """Cells of one column that are not written in its type.

    Attributes:
        count: How many there are.
        examples: (row from 1, cell) of the first ones.
    """

    type: str
    count: int
    examples: tuple[tuple[int, str], ...]


def parse(texts: pl.DataFrame, columns: Mapping[str, Column]) -> tuple[pl.DataFrame, dict[str, Unparsed]]:
    """Text columns as typed columns; nulls stay null.

    Args:
        texts: Text columns only; those that are not declared are kept as they are.
        columns: Column -> its declaration.

    Returns:
        The typed frame, and the cells that do not parse by column (null in the frame).
    """
    typed = texts.with_columns(
        _PARSERS[columns[name].type](pl.col(name)) for name in texts.columns if name in columns
    )
    unparsed = {
        name: _unparsed(texts[name], typed[name], columns[name])
        for name in texts.columns
        if name in columns and typed[name].null_count() > texts[name].null_count()
    }
    return typed, unparsed


def _unparsed(text: pl.Series, typed: pl.Series, column: Column) -> Unparsed:
    rows = (typed.is_null() & text.is_not_null()).arg_true()
    first = rows.head(_EXAMPLES)
    cells = [MASK] * len(first) if PERSONAL in column.tags else text.gather(first).to_list()
    examples = tuple(zip((first + 1).to_list(), cells, strict=True))
    return Unparsed(column.type, len(rows), examples)


def _only(cell: pl.Expr, pattern: str) -> pl.Expr:
    return pl.when(cell.str.contains(pattern)).then(cell)


def _integer(cell: pl.Expr) -> pl.Expr:
    return _only(cell, _INTEGER).cast(pl.Int64, strict=False)


def _number(cell: pl.Expr) -> pl.Expr:
    return _only(cell, _NUMBER).cast(pl.Float64, strict=False)


def _boolean(cell: pl.Expr) -> pl.Expr:
    words = {"true": True, "1": True, "false": False, "0": False}
    return cell.str.to_lowercase().replace_strict(words, default=None, return_dtype=pl.Boolean)


def _time(cell: pl.Expr) -> pl.Expr:
    date = cell.str.slice(0, 10)
    clock = cell.str.extract(r"^.{11}(\d{2}:\d{2})")
    seconds = cell.str.extract(r"^.{16}:(\d{2}(?:\.\d+)?)").fill_null("00")
    offset = (
        cell.str.extract(r"^.{16}.*([+-]\d{2}:?\d{2})$").str.replace(":", "", literal=True).fill_null("+0000")
    )
    whole = date + "T" + clock + ":" + seconds + offset
    parsed = whole.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%z", time_unit="us", strict=False)
    return pl.when(cell.str.contains(_TIME)).then(parsed)


def _date(cell: pl.Expr) -> pl.Expr:
    return _only(cell, _DATE).str.to_date("%Y-%m-%d", strict=False)


def _text(cell: pl.Expr) -> pl.Expr:
    return cell


_PARSERS: dict[ColumnType, Callable[[pl.Expr], pl.Expr]] = {
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "time": _time,
    "date": _date,
    "text": _text,
}
