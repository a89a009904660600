r"""Regular expressions on columns with the verdict that Python gives on single values.

Contracts speak Python's dialect, which requests use. Polars speaks Rust's, which differs in corners
(`$` before a last newline, `\s`, `\w`, look-around), so only what both read alike goes to Polars.
"""

from __future__ import annotations

import re

import polars as pl

_SAME_IN_BOTH = re.compile(
    r"""
    \^?                                     # a start, once
    (?:
        (?: [^\\.^$*+?{}()\[\]|\#&~\s]      # a literal
        | \ | \.                            # a space; any character but a newline
        | \\[.\-+*?()\[\]{}^$|/\\]          # an escaped mark
        | \\d
        | \[\^?(?:[A-Za-z0-9_.,:;@/=!%<>+*()\ ]|[A-Z]-[A-Z]|[a-z]-[a-z]|[0-9]-[0-9]|\\[.\-\[\]^\\/])+-?\]
        | \((?:\?:)? | \) | \|
        )
        (?:[*+?]|\{\d{1,2}(?:,(?:\d{1,2})?)?\})?   # counted once
    )*
    (?P<end>\$)?                            # an end, once
    """,
    re.VERBOSE,
)


def mismatches(frame: pl.DataFrame, column: str, pattern: re.Pattern[str]) -> pl.Expr:
    """Where a text column does not match, as an expression on the frame; null where it is null."""
    rust = to_rust(pattern.pattern)
    if rust is not None:
        return ~pl.col(column).str.contains(rust)
    # The corners are left to Python, once per distinct value.
    distinct = frame[column].drop_nulls().unique()
    wrong = distinct.filter([not pattern.search(text) for text in distinct.to_list()])
    return pl.col(column).is_in(wrong.implode())


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
