r"""Regular expressions on columns with the verdict that Python gives on single values.

Contracts speak Python's dialect, which requests use. Polars speaks Rust's, which differs in corners
(`$` before a last newline, `\s`, `\w`, look-around), so only what both read alike goes to Polars.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import polars as pl

from headway.contract.patterns import Pattern

_SAME_IN_BOTH = re.compile(
    r"""
    \^?                                     # a start, once
    (?:
        (?: [^\\.^$*+?{}()\[\]|\#&~\s]      # a literal
        | \ | \.                            # a space; any character but a newline
        | \\[.\-+*?()\[\]{}^$|/\\]          # an escaped mark
        | \\d
        | \[\^?(?:[A-Za-z0-9_.,:;@/=!%<>+*()\ ]|[A-Z]-[A-Z]|[a-z]-[a-z]|[0-9]-[0-9]|\\[.\-\[\]^\\/])+-?\]
        | \((?:\?:|(?!\?)) | \) | \|
        )
        (?:[*+?]|\{\d{1,2}(?:,(?:\d{1,2})?)?\})?   # counted once
    )*
    (?P<end>\$)?                            # an end, once
    """,
    re.VERBOSE,
)


def mismatches(value: pl.Expr, pattern: Pattern) -> pl.Expr:
    """Where text does not match; null where it is null.

    Args:
        value: The text.
        pattern: Searched in it.
    """
    rust = to_rust(pattern.pattern) if pattern.longest is None else None
    if rust is not None:
        return ~value.str.contains(rust)
    # The corners are left to what requests ask.
    return misfits(value, pattern.fits)


def misfits(value: pl.Expr, fits: Callable[[Any], bool]) -> pl.Expr:
    """Where a Python predicate says no, asked once per distinct value; null where it is null."""

    def judged(series: pl.Series) -> pl.Series:
        distinct = series.drop_nulls().unique()
        wrong = pl.Series([one for one in distinct.to_list() if not fits(one)], dtype=series.dtype)
        return series.is_in(wrong.implode())

    return value.map_batches(judged, return_dtype=pl.Boolean, is_elementwise=True)


def to_rust(pattern: str) -> str | None:
    """The same search in Rust's dialect, or None where the two might differ."""
    same = _SAME_IN_BOTH.fullmatch(pattern)
    if same is None:
        return None
    # Python's `$` also stands before a last newline, Rust's does not.
    rust = f"{pattern[:-1]}\\n?\\z" if same["end"] else pattern
    try:
        pl.select(pl.lit("").str.contains(rust))
    except pl.exceptions.ComputeError:
        return None
    return rust
