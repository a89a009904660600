"""JSON: an object per row, a line each or in one array; numbers stay numbers and text stays text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
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
_SPACED = (b" :", b"\t:", b"\r:", b"\n:")
_name_ends = re.compile(rb'"[ \t\r\n]*:').findall


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
    if _may_repeat(data, rows):
        _refuse_repeated(enumerate(data.split(b"\n"), start=1), asked, file)
    return _table(rows, asked, file)


def read_many(contents: Sequence[bytes], asked: Asked) -> tuple[pl.DataFrame, list[int]] | None:
    """Small files as one, and rows per file; None when one of them is broken, or must be looked at closely.

    Raises:
        ContractError: Values of one column have several types.
    """
    try:
        rows = [_DECODER.decode_lines(content.removeprefix(_MARK)) for content in contents]
    except msgspec.DecodeError:
        return None
    if any(map(_may_repeat, contents, rows)):
        return None
    return _table([row for part in rows for row in part], asked, ""), [len(part) for part in rows]


def read_array(content: bytes, asked: Asked, file: str) -> pl.DataFrame:
    """A file that is one array of objects.

    Raises:
        ContractError: It is not, or a value has several types in one column.
    """
    data = content.removeprefix(_MARK)
    try:
        rows = _DECODER.decode(data)
    except msgspec.DecodeError as error:
        raise errors.json_is_broken(asked.name, file, 0, str(error)) from error
    if not isinstance(rows, list):
        what = f"it holds {_KINDS.get(type(rows), 'a value')}, not an array of objects"
        raise errors.json_is_broken(asked.name, file, 0, what)
    if _may_repeat(data, rows):
        _refuse_repeated([(0, data)], asked, file)
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
    return frame.with_columns(typed(frame.select(texts), asked.contract, asked.name, file, is_csv=False))


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


class _Repeated(Exception):  # noqa: N818 -- said in words by who catches it
    """A name that an object has twice."""


def _may_repeat(data: bytes, rows: Iterable[Any]) -> bool:
    """Whether there are more names than the rows have fields; names may stand in texts and in nested objects too."""
    spaced = any(
        mark[:1] in data and mark in data for mark in _SPACED
    )  # most have no tab: that is seen at once
    names = len(_name_ends(data)) if spaced else data.count(b'":')
    return names != sum(len(row) for row in rows if isinstance(row, dict))


def _refuse_repeated(texts: Iterable[tuple[int, bytes]], asked: Asked, file: str) -> None:
    """Refuse an object that has a name twice, as a CSV file that repeats a column: one value would be lost."""
    for row, text in texts:
        try:
            if text.strip():
                json.loads(text, object_pairs_hook=_once)
        except _Repeated as found:
            raise errors.json_is_broken(asked.name, file, row, f"an object has `{found}` twice") from None
        except (ValueError, RecursionError):
            continue  # numbers of thousands of digits, or hundreds of levels: no row of a table


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise _Repeated(next(name for name in names if names.count(name) > 1))
    return found


def _first_fault(data: bytes, error: msgspec.DecodeError) -> tuple[int, str]:
    for number, line in enumerate(data.splitlines(), start=1):
        try:
            if line.strip():
                _DECODER.decode(line)
        except msgspec.DecodeError as found:
            return number, str(found)
    return 0, str(error)
