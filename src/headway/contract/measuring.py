"""One columnar pass over a table: everything that its contract asks, as a state (Polars).

Cheap aggregates decide first (the largest value, the number of nulls); rows are looked at only where those
leave a doubt, and where only rows can tell they are looked at once.
"""

from __future__ import annotations

import platform
from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib.metadata import version
from typing import Any, NamedTuple

import msgspec
import numpy as np
import polars as pl

from headway import __version__
from headway.contract.casting import DTYPES, column_of, hold
from headway.contract.checks import Check
from headway.contract.figures import MOST_COUNTED, in_order_of_counts, plain_sum
from headway.contract.keys import Keys, of_array
from headway.contract.program import Key, Program, program, rows_of
from headway.contract.report import EXAMPLES, Result
from headway.contract.schema import on_columns, types_of
from headway.contract.state import Ends, State, Tally, key_name
from headway.contract.words import as_json
from headway.core.digest import of_value
from headway.spec.contract import Contract


def measure(frame: pl.DataFrame, contract: Contract, *, keep_keys: bool = True) -> State:
    """What a table shows of everything that its contract asks.

    Args:
        frame: The rows, as they came.
        contract: What they must be.
        keep_keys: Whether to keep what uniqueness across files needs (8 bytes per distinct value);
            without, the state cannot be merged.

    Raises:
        SpecError: A rule can never be kept (DC001).
    """
    held = hold(frame, contract)
    schema = (*on_columns(frame, contract), *types_of(held, contract))
    return measure_held(held, contract, frame.columns, schema=schema, keep_keys=keep_keys)


def measure_held(
    held: pl.DataFrame,
    contract: Contract,
    columns: Sequence[str],
    *,
    schema: tuple[Result, ...],
    keep_keys: bool,
) -> State:
    """As `measure`, of columns that are held already; what is asked of others is left out.

    Args:
        held: As `hold` gives it, or some of its columns.
        contract: What they must be.
        columns: All columns of the table, as it came.
        schema: The verdict on which there are, and of which types.
        keep_keys: Whether the state can be merged.
    """
    sound, asked, table = _asked(held, contract)
    needed = _needed(table, asked, keep_keys=keep_keys)
    # Sorting keys takes one core about as long as all else takes the others.
    with ThreadPoolExecutor(max_workers=1) as beside:
        taking = beside.submit(lambda: {name: _take(table, key) for name, key in needed.items()})
        seen = _seen(table, asked, keep_keys=keep_keys)
        taken = taking.result()
    return State(
        contract=asked_of(contract),
        rows=held.height,
        columns=tuple(columns),
        schema=schema,
        sound=sound,
        nulls={name: seen[f"nulls {name}"] for name in sound},
        tallies={item.key: _tally(table, asked, item, seen, taken) for item in asked.asked if item.rule},
        figures=_figures(asked, seen, taken, keep_keys=keep_keys),
        keys={name: item.keys for name, item in taken.items()} if keep_keys else {},
        is_mergeable=keep_keys,
    )


def broken_rows(frame: pl.DataFrame, contract: Contract, keys: Collection[str]) -> dict[str, pl.Series]:
    """Where rows break some checks of rows: key of the check -> one boolean per row.

    Args:
        frame: The rows, as they came.
        contract: What they must be.
        keys: Of the checks; those that cannot be judged are left out.
    """
    _, asked, table = _asked(hold(frame, contract), contract)
    found: dict[str, pl.Series] = {}
    for item in asked.asked:
        if item.key not in keys or item.rule is None:
            continue
        if item.key in asked.broken:
            found[item.key] = table.select(asked.broken[item.key].alias("broken")).to_series()
        elif item.rule.neighbours == "unique":
            key = asked.keys[key_name(item)]
            alike = pl.struct(key.columns).is_duplicated() & key.value.is_not_null()
            found[item.key] = table.select(alike.alias("broken")).to_series()
    return found


def _asked(held: pl.DataFrame, contract: Contract) -> tuple[tuple[str, ...], Program, pl.DataFrame]:
    """Columns of their type, the pass for them, and the table that it runs on."""
    sound = tuple(
        name
        for name, column in contract.columns.items()
        if name in held.columns and held.schema[name] == DTYPES[column.type]
    )
    asked = program(contract, sound)
    table = pl.DataFrame({short: column_of(held, name) for name, short in asked.names.items()})
    return sound, asked, table


def asked_of(contract: Contract) -> str:
    """Digest of a contract, and of whatever judges: Headway itself, and the libraries that hash and match text."""
    judges = (__version__, platform.python_version(), pl.__version__, np.__version__, _version("google-re2"))
    return of_value([*judges, msgspec.to_builtins(contract)])


_version = cache(version)
"""Of a library; looking it up reads a folder."""


# -- the pass --------------------------------------------------------------------------------


def _seen(table: pl.DataFrame, asked: Program, *, keep_keys: bool) -> dict[str, Any]:
    """Nulls, figures and suspicions first, and then the rows of what is suspected."""
    ends = asked.ends if keep_keys else ()
    seen = _collected(table, asked, asked.at_once, (*asked.aggregates, *ends))
    suspected = [key for key in asked.broken if seen.get(f"suspect {key}")]
    return seen | _collected(table, asked, suspected, ())


def _collected(
    table: pl.DataFrame, asked: Program, judged: Iterable[str], wanted: Iterable[pl.Expr]
) -> dict[str, Any]:
    """Aggregates, and the rows that break checks."""
    marks = {key: f"b{place}" for place, key in enumerate(judged)}
    found = [*wanted, *(part for key, mark in marks.items() for part in rows_of(key, pl.col(mark)))]
    if not found:
        return {}
    marked = table.with_columns(asked.broken[key].alias(mark) for key, mark in marks.items())
    return marked.select(found).row(0, named=True)


# -- uniqueness ------------------------------------------------------------------------------


class _Taken(NamedTuple):
    """The keys of a table, and the rows whose key is another row's too."""

    keys: Keys
    unexpected: int
    rows: tuple[int, ...]


def _needed(table: pl.DataFrame, asked: Program, *, keep_keys: bool) -> dict[str, Key]:
    """The keys to take: all where they are kept, else those of values that do not rise all the way."""
    if keep_keys or not asked.keys:
        return dict(asked.keys)
    rises = table.select(key.rises.alias(name) for name, key in asked.keys.items()).row(0, named=True)
    return {name: key for name, key in asked.keys.items() if not rises[name]}


def _take(table: pl.DataFrame, key: Key) -> _Taken:
    series = table.select(key.value.alias("key")).to_series()
    keys = of_array(_numbers(series.drop_nulls()), is_exact=key.is_exact)
    if not keys.repeated:
        return _Taken(keys, 0, ())
    repeated = pl.Series(
        np.frombuffer(keys.repeated, np.int64).view(_numpy_type(series.dtype)), dtype=series.dtype
    )
    rows = series.is_in(repeated.implode()).arg_true()
    if not key.is_exact:
        # Rows of one hash may differ after all.
        alike = table.select(pl.struct(key.columns).alias("key")).to_series().gather(rows).is_duplicated()
        rows = rows.filter(alike)
    return _Taken(keys, len(rows), tuple(rows.head(EXAMPLES).to_list()))


def _numbers(series: pl.Series) -> np.ndarray:
    numbers = series.to_numpy()
    if series.dtype == pl.Float64:
        numbers = numbers + 0.0  # which makes 0.0 of -0.0
    return numbers.view(np.int64)


def _numpy_type(dtype: pl.DataType) -> type[np.generic]:
    return np.float64 if dtype == pl.Float64 else np.uint64 if dtype == pl.UInt64 else np.int64


# -- what was found --------------------------------------------------------------------------


def _tally(
    table: pl.DataFrame, asked: Program, item: Check, seen: Mapping[str, Any], taken: Mapping[str, _Taken]
) -> Tally:
    unexpected, rows = seen.get(f"count {item.key}") or 0, seen.get(f"rows {item.key}") or ()
    if item.rule is not None and item.rule.neighbours == "unique" and key_name(item) in taken:
        _, unexpected, rows = taken[key_name(item)]
    first, start = seen.get(f"first {item.key}"), seen.get(f"start {item.key}")
    return Tally(
        unexpected=unexpected,
        skipped=_skipped(item, seen),
        rows=tuple(row + 1 for row in rows),
        examples=_examples(table, asked, item, rows),
        ends=None if first is None or start is None else Ends(first, seen[f"last {item.key}"], start + 1),
    )


def _skipped(item: Check, seen: Mapping[str, Any]) -> int:
    if len(item.columns) > 1:
        return seen.get(f"skipped {item.key}") or 0
    return 0 if item.rule is not None and item.rule.sees_nulls else seen[f"nulls {item.columns[0]}"]


def _examples(table: pl.DataFrame, asked: Program, item: Check, rows: Collection[int]) -> tuple[Any, ...]:
    if len(item.columns) > 1 or not rows:
        return ()
    values = table[asked.names[item.columns[0]]].gather(list(rows)).to_list()
    return tuple(as_json(value) for value in values if value is not None and value == value)  # noqa: PLR0124 -- NaN


def _figures(
    asked: Program, seen: Mapping[str, Any], taken: Mapping[str, _Taken], *, keep_keys: bool
) -> dict[str, Any]:
    found = {key: value for key, value in seen.items() if key.startswith("max ")}
    for item in asked.asked:
        for need in item.needs:
            if not need.startswith("distinct "):
                found[need] = seen[need]
            elif key_name(item) in taken:
                found[need] = taken[key_name(item)].keys.distinct
            else:  # they rise all the way, so each is another
                found[need] = seen[f"known {item.columns[0]}"]
    return {key: _plain(key.split(" ", 1)[0], value, keep_keys=keep_keys) for key, value in found.items()}


def _plain(name: str, value: Any, *, keep_keys: bool) -> Any:
    if name == "counts":
        pairs = in_order_of_counts(tuple(pair.values()) for pair in value or ())
        return None if keep_keys and len(pairs) > MOST_COUNTED else pairs
    if name == "moments":
        return tuple(value) if value[0] else None
    if name == "quantiles":
        return None if None in value else value
    if name == "sum":
        return plain_sum(value)
    return value
