"""Which columns a table has, and of which types: judged before any value is."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

import polars as pl

from headway.contract.casting import DTYPES, column_of, undeclared
from headway.contract.report import Result
from headway.contract.words import listed, show
from headway.facts.evidence import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator

    from headway.spec.contract import ColumnType, Contract

# How each type is written as text, to say how much of a text column is written otherwise.
_WRITTEN: dict[ColumnType, str] = {
    "integer": r"^[+-]?\d+$",
    "number": r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$",
    "boolean": r"^(true|false)$",
    "time": r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?$",
    "date": r"^\d{4}-\d{2}-\d{2}$",
}
_FORMATS = 3


def on_columns(frame: pl.DataFrame, contract: Contract) -> Iterator[Result]:
    """Which columns are there; one that has a default may be missing."""
    extra = undeclared(frame, contract)
    missing = [
        name
        for name, column in contract.columns.items()
        if name not in frame.columns and column.default is None
    ]
    for name in contract.columns:
        yield _exists(name, missing=name in missing, near=difflib.get_close_matches(name, extra, n=1))
    if contract.extra_columns == "refuse":
        yield Result(
            expectation="expect_table_columns_to_match_set",
            outcome=Outcome.FAIL if extra else Outcome.PASS,
            wanted="no column that is not declared (`extra_columns: ignore` allows them)",
            observed=listed(extra) if extra else "",
            settings={"column_set": list(contract.columns), "exact_match": True},
        )


def _exists(name: str, *, missing: bool, near: list[str]) -> Result:
    renamed = f"; was it renamed to {show(near[0])}?" if near else ""
    return Result(
        expectation="expect_column_to_exist",
        columns=(name,),
        outcome=Outcome.FAIL if missing else Outcome.PASS,
        wanted="the column to exist",
        observed=f"none{renamed}" if missing else "",
    )


def on_type(name: str, series: pl.Series, kind: ColumnType) -> Result:
    """Whether a column, as it is held, is of its type."""
    wrong = series.dtype != DTYPES[kind]
    observed, unexpected = str(series.dtype), len(series) - series.null_count()
    if wrong and series.dtype == pl.String and kind in _WRITTEN:
        observed, unexpected = _misread(series.drop_nulls(), kind)
    return Result(
        expectation="expect_column_values_to_be_of_type",
        columns=(name,),
        outcome=Outcome.FAIL if wrong else Outcome.PASS,
        wanted=f"type `{kind}`",
        observed=f"`{observed}`" if observed == str(series.dtype) else observed,
        unexpected_count=unexpected if wrong else 0,
        element_count=len(series),
        missing_count=series.null_count(),
        settings={"type_": str(DTYPES[kind])},
    )


def types_of(held: pl.DataFrame, contract: Contract) -> list[Result]:
    """The types of all declared columns that are there."""
    return [
        on_type(name, column_of(held, name), column.type)
        for name, column in contract.columns.items()
        if name in held.columns
    ]


def _misread(texts: pl.Series, kind: ColumnType) -> tuple[str, int]:
    """Text where another type is declared: in which formats it is written, and how much of it is no ISO."""
    others = texts.filter(~texts.str.contains(_WRITTEN[kind]))
    formats = texts.str.replace_all(r"\d", "9").str.replace_all(r"\pL", "a").str.slice(0, 30)
    shares = formats.value_counts(sort=True).head(_FORMATS).iter_rows()
    seen = ", ".join(f"`{written}` in {_share(count, len(texts))}" for written, count in shares)
    if not len(texts):
        return "text", 0
    found = f"text; {len(others):,} of {len(texts):,} values ({_share(len(others), len(texts))})"
    return f"{found} are not written as ISO; formats seen: {seen}", len(others) or len(texts)


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.3g} %"
