"""Parquet files under a contract: footers first, so that what they prove is not read, then group by group (Polars).

Memory holds one group of rows, and 8 bytes per distinct value of columns that must be unique.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import reduce
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl
from msgspec.structs import replace

from headway.contract.casting import DTYPES, hold
from headway.contract.checks import Check, checks
from headway.contract.expectations import is_within
from headway.contract.figures import native
from headway.contract.footer import Chunk, Group, read_footer
from headway.contract.judging import judge
from headway.contract.measuring import measure_held
from headway.contract.report import Report, Result
from headway.contract.schema import on_columns, on_type, types_of
from headway.contract.state import State, Tally, merge
from headway.errors import contract as errors
from headway.spec.contract import Contract

_FROM_FOOTER = ("present", "min", "max")
_EXACT = 2**53


class Measured(NamedTuple):
    """What a file shows.

    Attributes:
        state: To be judged, kept beside the file, and merged with those of others.
        chunks: Columns of groups of rows that the contract asks something of.
        proven: How many of those the footer proves, so that they were not read.
    """

    state: State
    chunks: int
    proven: int


def check_file(path: Path, contract: Contract, *, now: datetime | None = None) -> Report:
    """Judge a Parquet file; columns of groups of rows that its footer proves are not read.

    Raises:
        ContractError: It is no Parquet file, or damaged (DC009).
        SpecError: A rule can never be kept (DC001).
        OSError: It cannot be read.
    """
    state = measure_file(path, contract).state
    return judge(contract, state, now=now, whole=lambda keys: whole_of([path], contract, keys))


def measure_file(path: Path, contract: Contract, *, batch: int = 1_000_000) -> Measured:
    """What a Parquet file shows of everything that its contract asks; its state can be merged.

    Proven by a footer are nulls, bounds and smallest and largest values of whole numbers, times and dates.
    Floats are always read, since footers do not count NaN; and so is what is asked of several columns
    together, of text, or of uniqueness.

    Args:
        path: The file.
        contract: What it must be.
        batch: Rows that are read together, where groups are smaller.

    Raises:
        ContractError: It is no Parquet file, or damaged (DC009).
        SpecError: A rule can never be kept (DC001).
        OSError: It cannot be read.
    """
    groups = list(_batched(read_footer(path), batch))
    table = pl.scan_parquet(path)
    schema = table.collect_schema()
    declared = [name for name in contract.columns if name in schema]
    state: State | None = None
    proven = start = 0
    for group in groups:
        clear = {name for name in declared if _is_proven(name, schema[name], group, contract)}
        if len(clear) == len(declared) < len(contract.columns):
            clear.pop()  # columns that are filled with their defaults want to know how long they are
        part = table.slice(start, group.rows).select(name for name in declared if name not in clear)
        found = _measured(_collected(part, path), group, clear, schema, contract)
        state = found if state is None else merge(state, found, contract)
        proven, start = proven + len(clear), start + group.rows
    if state is None:
        state = _measured(pl.DataFrame(schema=schema), Group(0, {}), set(), schema, contract)
    return Measured(state, len(declared) * len(groups), proven)


def whole_of(paths: Iterable[Path], contract: Contract, keys: Iterable[str]) -> State:
    """What states cannot tell, of all files together: only the columns of these checks are read.

    Args:
        paths: The files, in order.
        contract: What they must be.
        keys: Of the checks.

    Raises:
        ContractError: A file is damaged (DC009).
    """
    wanted = set(keys)
    names = {name for item in checks(contract) if item.key in wanted for name in item.columns}
    frames = []
    for path in paths:
        table = pl.scan_parquet(path)
        there = [name for name in table.collect_schema() if name in names]
        frames.append(hold(_collected(table.select(there), path), contract).select(there))
    held = pl.concat(frames)
    return measure_held(held, contract, held.columns, schema=(), keep_keys=False)


def _collected(table: pl.LazyFrame, path: Path) -> pl.DataFrame:
    try:
        return table.collect()
    except pl.exceptions.PolarsError as error:
        raise errors.footer_is_damaged(path.name, str(error)) from error


def _batched(groups: Iterable[Group], batch: int) -> Iterator[Group]:
    """Small groups together, since each reading costs something."""
    held: list[Group] = []
    for group in groups:
        if held and sum(item.rows for item in held) + group.rows > batch:
            yield _joined(held)
            held = []
        held.append(group)
    if held:
        yield _joined(held)


def _joined(groups: list[Group]) -> Group:
    names = reduce(lambda one, other: one & other, (set(group.chunks) for group in groups))
    return Group(
        sum(group.rows for group in groups),
        {name: reduce(_both, (group.chunks[name] for group in groups)) for name in names},
    )


def _both(one: Chunk, other: Chunk) -> Chunk:
    nulls = None if one.nulls is None or other.nulls is None else one.nulls + other.nulls
    if one.low is None or other.low is None or one.high is None or other.high is None:
        return Chunk(nulls, None, None)
    return Chunk(nulls, min(one.low, other.low), max(one.high, other.high))


# -- what a footer proves --------------------------------------------------------------------


def _is_proven(name: str, dtype: pl.DataType, group: Group, contract: Contract) -> bool:
    """Whether the footer says enough of a column that none of it has to be read."""
    chunk = group.chunks.get(name)
    if chunk is None or chunk.nulls is None or not _is_plain(dtype):
        return False
    if not _holds(contract.columns[name].type, dtype, chunk):
        return False
    freshness = contract.freshness
    if freshness is not None and freshness.column == name and not _has_ends(chunk, group.rows):
        return False
    return all(_proves(chunk, item, group.rows) for item in checks(contract) if name in item.columns)


def _has_ends(chunk: Chunk, rows: int) -> bool:
    """Whether the smallest and the largest value are known, or there is none."""
    return chunk.nulls == rows or (chunk.low is not None and chunk.high is not None)


def _is_plain(dtype: pl.DataType) -> bool:
    """Whether integers of a footer are the values, in the type in which they are held."""
    return dtype in (pl.Int64, pl.Int32, pl.Int16, pl.Int8, pl.Date) or dtype == pl.Datetime("us", "UTC")


def _proves(chunk: Chunk, item: Check, rows: int) -> bool:
    kind = item.types[0]
    if len(item.columns) > 1:
        return False
    if item.rule is None:
        needs = {need.split(" ", 1)[0] for need in item.needs}
        return needs <= set(_FROM_FOOTER) and (needs <= {"present"} or _has_ends(chunk, rows))
    match item.type:
        case "expect_column_values_to_not_be_null":
            return not chunk.nulls
        case "expect_column_values_to_be_null":
            return chunk.nulls == rows
        case "expect_column_values_to_be_finite":
            return True  # these are whole numbers
        case "expect_column_values_to_be_between":
            ends = [native(kind, end) for end in (chunk.low, chunk.high)]
            return chunk.nulls == rows or (
                None not in ends and all(is_within(end, item.arguments) for end in ends)
            )
    return False


def _holds(kind: str, dtype: pl.DataType, chunk: Chunk) -> bool:
    """Whether values of this Parquet type are held in the contract's, so that none would be a fault."""
    if kind == "number":
        ends = (chunk.low, chunk.high)
        return dtype.is_integer() and all(end is not None and abs(end) <= _EXACT for end in ends)
    return dtype.is_integer() if kind == "integer" else dtype == DTYPES.get(kind)  # type: ignore[call-overload]


# -- states ----------------------------------------------------------------------------------


def _measured(
    frame: pl.DataFrame, group: Group, clear: set[str], schema: Mapping[str, pl.DataType], contract: Contract
) -> State:
    """The state of a group: what was read, and what the footer says of the rest."""
    held = hold(frame, _without_defaults(contract, schema))
    empty = pl.DataFrame(schema=dict(schema))
    results: list[Result] = [*on_columns(empty, contract), *_types(held, group, clear, contract)]
    found = measure_held(held, contract, list(schema), schema=tuple(results), keep_keys=True)
    asked = [item for item in checks(contract) if item.columns and set(item.columns) <= clear]
    sound = tuple(name for name in contract.columns if name in found.sound or name in clear)
    nulls = {name: group.chunks[name].nulls or 0 for name in clear}
    said = {need: _said(need, group) for item in asked for need in item.needs}
    freshness = contract.freshness
    if freshness is not None and freshness.column in clear:
        said[f"max {freshness.column}"] = group.chunks[freshness.column].high
    return replace(
        found,
        rows=group.rows,
        sound=sound,
        nulls={name: nulls.get(name, found.nulls.get(name, 0)) for name in sound},
        tallies=found.tallies | {item.key: _clear(item, nulls) for item in asked if item.rule is not None},
        figures=found.figures | said,
    )


def _without_defaults(contract: Contract, schema: Mapping[str, Any]) -> Contract:
    """A column that is not read is not missing; one that is missing has its default."""
    columns = {
        name: column if name not in schema else replace(column, default=None)
        for name, column in contract.columns.items()
    }
    return replace(contract, columns=columns)


def _types(held: pl.DataFrame, group: Group, clear: set[str], contract: Contract) -> Iterator[Result]:
    read = {result.columns[0]: result for result in types_of(held, contract)}
    for name, column in contract.columns.items():
        if name in clear:
            blank = on_type(name, pl.Series([], dtype=DTYPES[column.type]), column.type)
            yield replace(blank, element_count=group.rows, missing_count=group.chunks[name].nulls or 0)
        elif name in read:
            yield read[name]


def _clear(item: Check, nulls: Mapping[str, int]) -> Tally:
    sees_nulls = item.rule is not None and item.rule.sees_nulls
    return Tally(skipped=0 if sees_nulls else nulls[item.columns[0]])


def _said(need: str, group: Group) -> Any:
    name, column = need.split(" ", 1)
    chunk = group.chunks[column]
    return {"present": group.rows - (chunk.nulls or 0), "min": chunk.low, "max": chunk.high}[name]
