"""Answers what was known of an entity at a moment, from packed rows in memory."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple

import msgspec
from blake3 import blake3

from headway.errors import serve as errors
from headway.online.pack import MAGIC, Packed, Rows

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

DIGEST_BYTES = 32
MISSING_NUMBER = float("nan")

Value = float | str | None


class _Column(NamedTuple):
    at: Callable[[int], Value]
    missing: Value


class _Group(NamedTuple):
    keys: tuple[str, ...]
    entities: dict[tuple[object, ...], tuple[int, int]]
    event_time: memoryview
    known_time: memoryview
    columns: dict[str, _Column]


class OnlineRows:
    """Packed rows of several groups, read-only; look-ups take microseconds and copy nothing.

    Args:
        data: What `headway.online.pack.pack` made.

    Raises:
        EngineError: The bytes are of another kind or version, or were damaged (SE302).
    """

    def __init__(self, data: bytes) -> None:
        start = len(MAGIC) + DIGEST_BYTES
        if not data.startswith(MAGIC):
            raise errors.online_damaged("it does not begin as packed rows of version 1 do")
        if blake3(memoryview(data)[start:]).digest() != data[len(MAGIC) : start]:
            raise errors.online_damaged("its checksum is wrong")
        packed = msgspec.msgpack.decode(memoryview(data)[start:], type=Packed)
        self._groups = {name: _group(rows) for name, rows in packed.groups.items()}

    def has(self, group: str, keys: Collection[str], features: Collection[str]) -> bool:
        """Whether a group is there, with exactly these key columns and at least these features."""
        rows = self._groups.get(group)
        return rows is not None and set(rows.keys) == set(keys) and set(features) <= set(rows.columns)

    def keys(self, group: str) -> tuple[str, ...]:
        """Names of a group's key columns, in the order in which `at` takes their values.

        Raises:
            KeyError: There is no such group.
        """
        return self._groups[group].keys

    def at(
        self, group: str, key: tuple[object, ...], at_us: int, features: tuple[str, ...], ttl_us: int | None
    ) -> tuple[Value, ...]:
        """The values of the newest row that had happened and was known at a moment.

        The newest by event time; among equal ones the one known last; among those the last packed.

        Args:
            group: Name of the group.
            key: Values of the key columns; one that holds None, or is unknown, matches nothing.
            at_us: The moment, microseconds since the epoch, UTC; inclusive.
            features: Features wanted.
            ttl_us: A row whose event is older than this at the moment counts as missing.

        Returns:
            One value per feature; missing is NaN for a number and None for text.

        Raises:
            KeyError: There is no such group or feature.
        """
        found = self.found(group, key, at_us, features, ttl_us)
        return self.missing(group, features) if found is None else found

    def found(
        self, group: str, key: tuple[object, ...], at_us: int, features: tuple[str, ...], ttl_us: int | None
    ) -> tuple[Value, ...] | None:
        """The same; None where there is no such row."""
        rows = self._groups[group]
        columns = [rows.columns[feature] for feature in features]
        row = _row(rows, key, at_us)
        if row is None or (ttl_us is not None and at_us - rows.event_time[row] > ttl_us):
            return None
        return tuple([column.at(row) for column in columns])

    def age(self, group: str, key: tuple[object, ...], at_us: int) -> int | None:
        """How old the newest row of an entity is at a moment, microseconds, whatever its group's `ttl`; None without one."""
        rows = self._groups[group]
        row = _row(rows, key, at_us)
        return None if row is None else at_us - rows.event_time[row]

    def missing(self, group: str, features: tuple[str, ...]) -> tuple[Value, ...]:
        """What stands for features of which there is no row."""
        columns = self._groups[group].columns
        return tuple([columns[feature].missing for feature in features])


def _row(rows: _Group, key: tuple[object, ...], at_us: int) -> int | None:
    span = rows.entities.get(key)
    if span is None:
        return None
    low, high = span
    row = bisect_right(rows.event_time, at_us, low, high) - 1
    while row >= low and rows.known_time[row] > at_us:
        row -= 1
    return None if row < low else row


def _group(rows: Rows) -> _Group:
    spans = zip(rows.starts[:-1], rows.starts[1:], strict=True)
    columns = {name: _numbers(memoryview(data).cast("d")) for name, data in rows.numbers.items()}
    for name, texts in rows.texts.items():
        columns[name] = _texts(texts.words, memoryview(texts.places).cast("i"))
    return _Group(
        keys=tuple(rows.keys),
        entities=dict(zip(rows.entities, spans, strict=True)),
        event_time=memoryview(rows.event_time).cast("q"),
        known_time=memoryview(rows.known_time).cast("q"),
        columns=columns,
    )


def _numbers(column: memoryview[float]) -> _Column:
    return _Column(column.__getitem__, MISSING_NUMBER)


def _texts(words: list[str], places: memoryview) -> _Column:
    known = [*words, None]  # place -1 is the last
    return _Column(lambda row: known[places[row]], None)
