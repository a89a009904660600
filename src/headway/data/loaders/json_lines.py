"""JSON: an object per row, a line each or in one array; numbers stay numbers and text stays text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import polars as pl

from headway.data.calls import from_rows
from headway.data.loaders.asked import Asked
from headway.data.loaders.csv_text import typed
from headway.errors import sources as errors
from headway.spec.contract import Column

_MARK = b"\xef\xbb\xbf"
_DECODER = msgspec.json.Decoder()


def read_lines(content: bytes, asked: Asked, file: str) -> pl.DataFrame:
    """A file with an object on each line; empty lines do not count.

    Raises:
        ContractError: A line is no JSON object, or a value has several types in one column.
    """
    data = content.removeprefix(_MARK)
    try:
        rows = _DECODER.decode_lines(data)
    except msgspec.DecodeError as error:
        raise errors.json_is_broken(asked.name, file, *_first_fault(data, error)) from error
    return _table(rows, asked, file)


def read_many(contents: Sequence[bytes], asked: Asked) -> tuple[pl.DataFrame, list[int]] | None:
    """Small files as one, and rows per file; None when one of them is broken.

    Raises:
        ContractError: Values of one column have several types.
    """
    try:
        rows = [_DECODER.decode_lines(content.removeprefix(_MARK)) for content in contents]
    except msgspec.DecodeError:
        return None
    return _table([row for part in rows for row in part], asked, ""), [len(part) for part in rows]


def read_array(content: bytes, asked: Asked, file: str) -> pl.DataFrame:
    """A file that is one array of objects.

    Raises:
        ContractError: It is not, or a value has several types in one column.
    """
    try:
        rows = _DECODER.decode(content.removeprefix(_MARK))
    except msgspec.DecodeError as error:
        raise errors.json_is_broken(asked.name, file, 0, str(error)) from error
    if not isinstance(rows, list):
        what = f"it holds {_KINDS.get(type(rows), 'a value')}, not an array of objects"
        raise errors.json_is_broken(asked.name, file, 0, what)
    return _table(rows, asked, file)


def times(frame: pl.DataFrame, asked: Asked, file: str) -> pl.DataFrame:
    """Text columns that the contract declares as times and dates, parsed; nothing else is converted.

    Raises:
        ContractError: A cell is not written as its type.
    """
    declared: Mapping[str, Column] = asked.contract.columns if asked.contract is not None else {}
    texts = [
        name
        for name, column in declared.items()
        if column.type in ("time", "date") and frame.schema.get(name) == pl.String
    ]
    if not texts or asked.contract is None:
        return frame
    return frame.with_columns(typed(frame.select(texts), asked.contract, asked.name, file))


_KINDS: dict[type, str] = {dict: "an object", str: "text", int: "a number", float: "a number"}


def _table(rows: Sequence[Any], asked: Asked, file: str) -> pl.DataFrame:
    crooked = next((row for row, value in enumerate(rows) if not isinstance(value, dict)), None)
    if crooked is not None:
        what = f"{_KINDS.get(type(rows[crooked]), 'a value')} where an object is expected"
        raise errors.json_is_broken(asked.name, file, crooked + 1, what)
    if not rows and asked.contract is not None:
        return typed(
            pl.DataFrame(schema=dict.fromkeys(asked.contract.columns, pl.String)),
            asked.contract,
            asked.name,
            file,
        )
    try:
        frame = from_rows(rows)
    except (pl.exceptions.PolarsError, TypeError, OverflowError) as error:
        raise errors.json_is_broken(asked.name, file, 0, str(error).partition("\n")[0]) from error
    return times(frame, asked, file)


def _first_fault(data: bytes, error: msgspec.DecodeError) -> tuple[int, str]:
    for number, line in enumerate(data.splitlines(), start=1):
        try:
            if line.strip():
                _DECODER.decode(line)
        except msgspec.DecodeError as found:
            return number, str(found)
    return 0, str(error)
