"""Rows from outside, once: read, put into the contract's types, checked. Keeps nothing, retries nothing."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec
import polars as pl

from headway.contract import columns as contracts
from headway.data.calls import Resolve, call, to_polars
from headway.data.cells import parse
from headway.errors import data as data_errors
from headway.errors import sources as errors
from headway.spec.contract import Column, ColumnType, Contract
from headway.spec.product import Source

_CALLABLE = re.compile(r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$")
_SHORT_ROWS_SHOWN = 5


class Loaded(NamedTuple):
    """A source's rows, typed and judged.

    Attributes:
        frame: Columns of the contract, in its order and types where the report passes.
        report: What the contract says of them; the caller decides whether to refuse.
        contract: The contract that was used; `inferred` where none is declared.
    """

    frame: pl.DataFrame
    report: contracts.Report
    contract: Contract


class CsvOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a CSV file is written; anything else is an error."""

    separator: str = ","
    quote: str | None = '"'
    null_values: tuple[str, ...] = ()


_CSV_KNOWN = {
    "separator": "one character",
    "quote": "one character, or null",
    "null_values": "a list of texts that mean missing",
}


def load(source: Source, name: str, contract: Contract | None, root: Path, resolve: Resolve) -> Loaded:
    """Read a source, cast it to its contract, and check it.

    Args:
        source: What is declared.
        name: The source's name, for errors.
        contract: What the rows must be; None takes the types as they come (not for CSV).
        root: The product's directory, to which paths are relative.
        resolve: Finds the function of `load: module:function`, which is called with the options.

    Raises:
        SpecError: The format is unknown, an option does not fit, or CSV has no contract.
        ContractError: The file is damaged, cells do not parse, or columns cannot be cast.
        EngineError: The file is missing or cannot be read.
        UserCodeError: The product's function failed, or returned no table.
    """
    frame = _read(source, name, contract, root, resolve)
    agreed = contract if contract is not None else inferred(frame, name)
    frame = contracts.cast(frame, agreed)
    return Loaded(frame, contracts.check(frame, agreed), agreed)


def inferred(frame: pl.DataFrame, name: str) -> Contract:
    """The contract that a frame's own types make: every column may be null, at least one row.

    Raises:
        ContractError: A column has a type that tables do not hold (lists, structs, bytes).
    """
    return Contract(
        columns={
            column: Column(type=_logical(name, column, dtype), nulls=True)
            for column, dtype in frame.schema.items()
        }
    )


def _logical(name: str, column: str, dtype: pl.DataType) -> ColumnType:
    if dtype.is_integer():
        return "integer"
    if dtype.is_float():
        return "number"
    match dtype:
        case pl.Boolean():
            return "boolean"
        case pl.Datetime():
            return "time"
        case pl.Date():
            return "date"
        case pl.String() | pl.Categorical() | pl.Enum() | pl.Null():
            return "text"
    raise errors.type_is_not_held(name, column, str(dtype))


# -- reading ---------------------------------------------------------------------------------


def _read(source: Source, name: str, contract: Contract | None, root: Path, resolve: Resolve) -> pl.DataFrame:
    where = f"source `{name}`"
    if "://" in source.load:
        raise data_errors.not_built_yet(
            "loading from a URL", where, "load a file, or write `load: module:function`"
        )
    if _CALLABLE.match(source.load):
        frame = to_polars(
            call(source.load, resolve, where=where, options=source.options), source.load, where=where
        )
        return frame if frame.width or contract is None else _without_rows(contract)
    match Path(source.load).suffix.lower():
        case ".parquet":
            return _read_parquet(source, name, contract, root)
        case ".csv":
            return _read_csv(source, name, contract, root)
    raise errors.format_is_unknown(name, source.load)


def _without_rows(contract: Contract) -> pl.DataFrame:
    """A function that returned no rows at all named no columns either."""
    texts = pl.DataFrame(schema=dict.fromkeys(contract.columns, pl.String))
    return parse(texts, contract.columns)[0]


def _read_parquet(source: Source, name: str, contract: Contract | None, root: Path) -> pl.DataFrame:
    if source.options:
        raise errors.option_is_wrong(name, next(iter(source.options)), {})
    path = root / source.load
    with _readable(path, name, source.load):
        _refuse_page(_head(path), name, source.load)
        try:
            return pl.read_parquet(path, columns=_wanted(path, contract), glob=False)
        except pl.exceptions.PolarsError as error:
            raise errors.parquet_is_broken(name, source.load, str(error)) from error


def _wanted(path: Path, contract: Contract | None) -> list[str] | None:
    """Columns worth reading: only the declared ones where others are ignored anyway."""
    if contract is None or contract.extra_columns == "refuse":
        return None
    there = pl.read_parquet_schema(path)
    return [column for column in contract.columns if column in there]


def _read_csv(source: Source, name: str, contract: Contract | None, root: Path) -> pl.DataFrame:
    options = _csv_options(source, name)
    if contract is None:
        raise errors.csv_needs_a_contract(name, source.load)
    path = root / source.load
    with _readable(path, name, source.load):
        data = path.read_bytes().rstrip(b"\r\n") + b"\n"
    _refuse_page(data[:64], name, source.load)
    texts = _csv_texts(data, options, name, source.load)
    typed, unparsed = parse(texts, contract.columns)
    if unparsed:
        faults = {column: tuple(found) for column, found in unparsed.items()}
        raise errors.cells_do_not_parse(name, source.load, faults, texts.height)
    return typed


def _csv_options(source: Source, name: str) -> CsvOptions:
    for option, value in source.options.items():
        try:
            options = msgspec.convert({option: value}, CsvOptions)
        except msgspec.ValidationError as error:
            raise errors.option_is_wrong(name, option, _CSV_KNOWN) from error
        if any(len(mark.encode()) != 1 for mark in (options.separator, options.quote) if mark is not None):
            raise errors.option_is_wrong(name, option, _CSV_KNOWN)
    return msgspec.convert(source.options, CsvOptions)


def _csv_texts(data: bytes, options: CsvOptions, name: str, load: str) -> pl.DataFrame:
    """Every cell as text; an empty cell, and one listed in `null_values`, is null."""
    try:
        texts = pl.read_csv(
            io.BytesIO(data),
            separator=options.separator,
            quote_char=options.quote,
            infer_schema=False,
            empty_string_is_null=False,
            truncate_ragged_lines=False,
        )
        _refuse_crooked(data, texts, options, name, load)
    except (pl.exceptions.PolarsError, csv.Error, UnicodeDecodeError) as error:
        raise errors.csv_is_broken(name, load, str(error).partition("\n")[0]) from error
    missing = ["", *options.null_values]
    return texts.with_columns(pl.when(~pl.all().is_in(missing)).then(pl.all()))


def _refuse_crooked(data: bytes, texts: pl.DataFrame, options: CsvOptions, name: str, load: str) -> None:
    # Polars renames repeated names, and fills a short row in silence: read those again by the book.
    header = next(_csv_rows(data.partition(b"\n")[0] + b"\n", options), [])
    repeated = sorted({column for column in header if header.count(column) > 1})
    if repeated:
        raise errors.csv_names_repeat(name, load, repeated)
    if texts.width > 1 and (texts[texts.columns[-1]] == "").any():
        widths = (len(row) for row in _csv_rows(data, options))
        short = [row for row, width in enumerate(widths) if width < texts.width]
        if short:
            raise errors.csv_rows_are_short(name, load, len(short), texts.height, short[:_SHORT_ROWS_SHOWN])


def _csv_rows(data: bytes, options: CsvOptions) -> Iterator[list[str]]:
    lines = io.TextIOWrapper(io.BytesIO(data), encoding="utf-8-sig", newline="")
    if options.quote is None:
        return csv.reader(lines, delimiter=options.separator, quoting=csv.QUOTE_NONE)
    return csv.reader(lines, delimiter=options.separator, quotechar=options.quote)


# -- what a wrong file says --------------------------------------------------------------------


@contextmanager
def _readable(path: Path, name: str, load: str) -> Generator[None]:
    try:
        if path.is_file() and path.stat().st_size == 0:
            raise errors.file_is_empty(name, load)
        if path.exists() and not path.is_file() and not path.is_dir():
            raise errors.file_cannot_be_read(name, load, "it is a pipe or a device")
        yield
    except FileNotFoundError as error:
        folder = path.parent
        beside = sorted(item.name for item in folder.iterdir()) if folder.is_dir() else []
        raise errors.file_is_missing(name, load, beside) from error
    except IsADirectoryError as error:
        raise errors.file_is_a_folder(name, load) from error
    except OSError as error:
        raise errors.file_cannot_be_read(name, load, error.strerror or str(error)) from error


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(64)


def _refuse_page(head: bytes, name: str, load: str) -> None:
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html", b"<head")):
        raise errors.file_is_a_page(name, load)
    if not start:
        raise errors.file_is_empty(name, load)
