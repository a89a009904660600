"""What the footer of a Parquet file says of its columns, group of rows by group of rows, before any is read.

Apache Parquet format 2.11, `parquet.thrift`: FileMetaData, RowGroup, ColumnChunk, ColumnMetaData and
Statistics, in Thrift's compact protocol. Only what is needed is understood, and all else is stepped over.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from headway.errors import contract as errors

_MAGIC = b"PAR1"
_TAIL = 8
_LARGEST = 256 * 2**20
"""Bytes of a footer that are read; a larger one is damaged, or an attack."""
_DEEPEST = 32
_LONG = 0x0F
"""Stands for a list's length that follows."""
_INT32, _INT64 = 1, 2
_FORMATS = {_INT32: "<i", _INT64: "<q"}


class Chunk(NamedTuple):
    """One column in one group of rows.

    Attributes:
        nulls: How many there are; None where the file does not say.
        low: Smallest value, where the column holds 32- or 64-bit integers (also times and dates) and the
            file says it; bytes as they are stored, read with a sign.
        high: Largest value.
    """

    nulls: int | None
    low: int | None
    high: int | None


class Group(NamedTuple):
    """A group of rows: how many, and what is said of each column."""

    rows: int
    chunks: dict[str, Chunk]


def read_footer(path: Path) -> tuple[Group, ...]:
    """The groups of rows of a Parquet file, in order; columns inside of others are left out.

    Raises:
        ContractError: It is no Parquet file, or its footer is damaged (DC009).
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        try:
            return tuple(_group(item) for item in _metadata(file)[4])
        except (AttributeError, IndexError, KeyError, ValueError, TypeError, struct.error) as error:
            raise errors.footer_is_damaged(path.name, str(error) or type(error).__name__) from error


def _metadata(file: BinaryIO) -> dict[int, Any]:
    size = file.seek(0, 2)
    if size < 2 * _TAIL:
        raise ValueError("it is too short")
    file.seek(size - _TAIL)
    tail = file.read(_TAIL)
    length = int.from_bytes(tail[:4], "little")
    if tail[4:] != _MAGIC or length > min(size - _TAIL, _LARGEST):
        raise ValueError("it does not end as Parquet does")
    file.seek(size - _TAIL - length)
    return _Compact(file.read(length)).struct(0)


def _group(said: dict[int, Any]) -> Group:
    found: dict[str, Chunk] = {}
    for column in said[1]:
        about = column.get(3)
        if about is not None and len(about[3]) == 1:
            found[about[3][0].decode()] = _chunk(about)
    return Group(said[3], found)


def _chunk(about: dict[int, Any]) -> Chunk:
    said = about.get(12, {})
    form = _FORMATS.get(about[1])
    # Fields 5 and 6 are in the order of the logical type; 1 and 2 are older and of an order that is not said.
    low, high = said.get(6), said.get(5)
    exact = said.get(7, True) and said.get(8, True)
    if form is None or low is None or high is None or not exact:
        return Chunk(said.get(3), None, None)
    return Chunk(said.get(3), struct.unpack(form, low)[0], struct.unpack(form, high)[0])


class _Compact:
    """Reads Thrift's compact protocol: structs as mappings from field id to value.

    Args:
        data: The bytes.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def struct(self, depth: int) -> dict[int, Any]:
        """The fields of a struct."""
        if depth > _DEEPEST:
            raise ValueError("it is nested too deeply")
        found: dict[int, Any] = {}
        field = 0
        while True:
            head = self._byte()
            if not head:
                return found
            kind, step = head & 0x0F, head >> 4
            field = field + step if step else self._zigzag()
            found[field] = kind == 1 if kind in (1, 2) else self._value(kind, depth)

    def _value(self, kind: int, depth: int) -> Any:
        match kind:
            case 1 | 2:
                return self._byte() == 1
            case 3:
                return self._byte()
            case 4 | 5 | 6:
                return self._zigzag()
            case 7:
                return self._bytes(8)
            case 8:
                return self._bytes(self._varint())
            case 9 | 10:
                return self._list(depth)
            case 12:
                return self.struct(depth + 1)
        raise ValueError(f"a value is of kind {kind}")

    def _list(self, depth: int) -> list[Any]:
        head = self._byte()
        count = head >> 4
        count = self._varint() if count == _LONG else count
        if count > len(self._data):
            raise ValueError("a list is longer than the footer")
        return [self._value(head & 0x0F, depth + 1) for _ in range(count)]

    def _byte(self) -> int:
        self._at += 1
        return self._data[self._at - 1]

    def _bytes(self, count: int) -> bytes:
        start, self._at = self._at, self._at + count
        if self._at > len(self._data):
            raise ValueError("it ends too early")
        return self._data[start : self._at]

    def _varint(self) -> int:
        found = shift = 0
        while shift < 70:  # noqa: PLR2004 -- ten groups of seven bits hold 64
            byte = self._byte()
            found |= (byte & 0x7F) << shift
            if byte < 0x80:  # noqa: PLR2004 -- the last group
                return found
            shift += 7
        raise ValueError("a number is too long")

    def _zigzag(self) -> int:
        found = self._varint()
        return (found >> 1) ^ -(found & 1)
