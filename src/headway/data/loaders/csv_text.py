"""CSV: every cell is text until the contract gives it its type; nothing is guessed or filled in."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence

import msgspec
import polars as pl

from headway.contract.personal import personal_columns
from headway.core.wording import count
from headway.data.cells import parse
from headway.data.loaders.asked import Asked
from headway.errors import sources as errors
from headway.errors.masking import MASK
from headway.spec.contract import Contract

_SHORT_ROWS_SHOWN = 5
_SEPARATORS = (";", "\t", "|", ",")
_QUOTED = re.compile(r"`.*`|'.*'|\".*\"")
"""What a parser quotes from a file, from the first mark to the last one."""


_SAID = {"unexpected end of data": "a quotation is not closed"}


class CsvOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a CSV file is written; anything else is an error."""

    separator: str = ","
    quote: str | None = '"'
    null_values: tuple[str, ...] = ()


def options_of(asked: Asked) -> CsvOptions:
    """The options of a CSV source.

    Raises:
        SpecError: One is unknown, or does not fit.
    """
    known = asked.loading.options or {}
    given = {name: value for name, value in asked.options.items() if name in CsvOptions.__struct_fields__}
    for option, value in given.items():
        try:
            options = msgspec.convert({option: value}, CsvOptions)
        except msgspec.ValidationError as error:
            raise errors.option_is_wrong(asked.name, option, known) from error
        if any(len(mark.encode()) != 1 for mark in (options.separator, options.quote) if mark is not None):
            raise errors.option_is_wrong(asked.name, option, known)
    return msgspec.convert(given, CsvOptions)


def read(content: bytes, asked: Asked, file: str) -> pl.DataFrame:
    """One CSV file, typed by the contract.

    Raises:
        ContractError: It is not whole, or cells do not parse.
        SpecError: It has no contract, or another separator than the declared one.
    """
    if asked.contract is None:
        raise errors.csv_needs_a_contract(asked.name, file)
    _refuse_other_separator(content, options_of(asked), asked.contract, asked.name, file)
    hides = bool(personal_columns(asked.contract))
    texts = _texts(content.rstrip(b"\r\n") + b"\n", options_of(asked), asked.name, file, hides=hides)
    return typed(texts, asked.contract, asked.name, file)


def read_many(contents: Sequence[bytes], asked: Asked) -> tuple[pl.DataFrame, list[int]] | None:
    """Small files of one header as one, and rows per file; None where that could differ from each alone."""
    options = options_of(asked)
    if asked.contract is None:
        return None
    whole = [content.rstrip(b"\r\n").replace(b"\r\n", b"\n") + b"\n" for content in contents]
    head = whole[0].partition(b"\n")[0] + b"\n"
    quote = (options.quote or "\0").encode()
    if any(not text.startswith(head) or b"\n\n" in text or quote in text for text in whole):
        return None
    counts = [text.count(b"\n") - 1 for text in whole]
    frame = read(head + b"".join(text[len(head) :] for text in whole), asked, "")
    return (frame, counts) if frame.height == sum(counts) else None


def typed(
    texts: pl.DataFrame, contract: Contract, name: str, file: str, *, is_csv: bool = True
) -> pl.DataFrame:
    """Text columns in the contract's types.

    Raises:
        ContractError: Cells are not written in their column's type.
    """
    frame, unparsed = parse(texts, contract.columns)
    if unparsed:
        faults = {column: tuple(found) for column, found in unparsed.items()}
        raise errors.cells_do_not_parse(name, file, faults, texts.height, is_csv=is_csv)
    return frame


def _texts(data: bytes, options: CsvOptions, name: str, file: str, *, hides: bool) -> pl.DataFrame:
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
        _refuse_crooked(data, texts, options, name, file)
    except (pl.exceptions.PolarsError, csv.Error, UnicodeDecodeError) as error:
        said = _crooked(data, options) or str(error).partition("\n")[0]
        raise errors.csv_is_broken(name, file, _QUOTED.sub(MASK, said) if hides else said) from error
    missing = ["", *options.null_values]
    return texts.with_columns(pl.when(~pl.all().is_in(missing)).then(pl.all()))


def _refuse_other_separator(
    data: bytes, options: CsvOptions, contract: Contract, name: str, file: str
) -> None:
    """One column where the contract has several, and its name holds another separator: said at once."""
    first = data.partition(b"\n")[0].decode(errors="replace").strip("\ufeff\r")
    found = next((mark for mark in _SEPARATORS if mark in first and mark != options.separator), None)
    if found is not None and options.separator not in first and len(contract.columns) > 1:
        raise errors.csv_separator_differs(name, file, first, found)


def _refuse_crooked(data: bytes, texts: pl.DataFrame, options: CsvOptions, name: str, file: str) -> None:
    # Polars renames repeated names, and fills a short row in silence: read those again by the book.
    header = next(_rows(data.partition(b"\n")[0] + b"\n", options), [])
    repeated = sorted({column for column in header if header.count(column) > 1})
    if repeated:
        raise errors.csv_names_repeat(name, file, repeated)
    if texts.width > 1 and (texts[texts.columns[-1]] == "").any():
        widths = (len(row) for row in _rows(data, options))
        short = [row for row, width in enumerate(widths) if width < texts.width]
        if short:
            raise errors.csv_rows_are_short(name, file, len(short), texts.height, short[:_SHORT_ROWS_SHOWN])


def _crooked(data: bytes, options: CsvOptions) -> str:
    """Which row is not as the header says; empty where none is found by the book."""
    try:
        data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return f"line {line:,} is no text in UTF-8"
    rows, number, width = _rows(data, options, is_strict=True), 0, 0
    try:
        for number, row in enumerate(rows):
            width = width or len(row)
            if len(row) > width:
                return f"row {number:,} has {count(len(row), 'cell')}, the header has {width:,}"
    except csv.Error as error:
        return f"after row {number:,}: {_SAID.get(str(error), error)}"
    return ""


def _rows(data: bytes, options: CsvOptions, *, is_strict: bool = False) -> Iterator[list[str]]:
    lines = io.TextIOWrapper(io.BytesIO(data), encoding="utf-8-sig", newline="")
    if options.quote is None:
        return csv.reader(lines, delimiter=options.separator, quoting=csv.QUOTE_NONE)
    return csv.reader(lines, delimiter=options.separator, quotechar=options.quote, strict=is_strict)
