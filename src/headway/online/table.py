"""A feature group's rows as online stores keep them: one packed value per entity, event and known time.

Light: the standard library, msgspec and NumPy, since the data plane imports it.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from struct import Struct as Packing
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec
from msgspec import Struct

from headway.online.pack import KEY_TYPES, Key, PackedGroup

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Value = float | str | None
MISSING_NUMBER = float("nan")
UNREADABLE = (struct.error, msgspec.DecodeError, IndexError)
"""What comes of unpacking a row, or reading a stamp, that was damaged."""

_encode = msgspec.msgpack.Encoder().encode
_texts = msgspec.msgpack.Decoder(list[str | None]).decode


class OnlineTable(Struct, frozen=True, kw_only=True):
    """One version of a feature group, as a store holds it beside other versions.

    Attributes:
        name: Unique in the store (`flight-delay.weather_hourly/v1`).
        keys: Key columns, in the order in which keys are given.
        features: Feature -> type, in order.
    """

    name: str
    keys: tuple[str, ...]
    features: tuple[tuple[str, Literal["number", "text"]], ...]


class Stamp(Struct, frozen=True, kw_only=True):
    """What a table in a store is, and how fresh.

    Attributes:
        commit: Commit of the feature group whose rows it holds.
        rows: How many.
        event_us: The newest event, microseconds since the epoch, UTC; None without rows.
        known_us: When the newest was known.
        written_us: When the store was written.
    """

    commit: str
    rows: int
    event_us: int | None
    known_us: int | None
    written_us: int


class Looked(NamedTuple):
    """What a look-up of n entities gave.

    Attributes:
        rows: n rows of one value per feature; missing is NaN for a number and None for text.
        commit: Commit of the feature group that they are of; empty where the store does not tell.
        missed: Places of those for whom no row was found.
        expired: (place, age in microseconds) of those among them whose newest row is too old to count.
    """

    rows: list[tuple[Value, ...]]
    commit: str = ""
    missed: tuple[int, ...] = ()
    expired: tuple[tuple[int, int], ...] = ()


class OnlineRow(NamedTuple):
    """One row as a store keeps it."""

    entity: bytes
    event_us: int
    known_us: int
    packed: bytes


class Picking(NamedTuple):
    """Takes some features out of packed rows.

    Attributes:
        unpack: Their values in a packed row; raises `UNREADABLE` when it was damaged.
        missing: What stands for them where there is no row: NaN for numbers, None for texts.
    """

    unpack: Callable[[bytes], tuple[Value, ...]]
    missing: tuple[Value, ...]

    def of(
        self, packed: Sequence[bytes | None], commit: str, expired: tuple[tuple[int, int], ...] = ()
    ) -> Looked:
        """Packed rows, of which None is missing, as the answer to a look-up."""
        unpack, missing = self.unpack, self.missing
        missed = tuple([place for place, row in enumerate(packed) if row is None])
        return Looked([missing if row is None else unpack(row) for row in packed], commit, missed, expired)


class RowPacking:
    """Packs and unpacks the features of one table's rows: float64 side by side, then texts as msgpack."""

    def __init__(self, table: OnlineTable) -> None:
        self._numbers = [name for name, kind in table.features if kind == "number"]
        self._texts = [name for name, kind in table.features if kind == "text"]
        self._packing = Packing(f"<{len(self._numbers)}d")
        places = {name: place for place, name in enumerate([*self._numbers, *self._texts])}
        self._places = places
        self._missing = [MISSING_NUMBER] * len(self._numbers) + [None] * len(self._texts)

    def picking(self, features: Sequence[str]) -> Picking:
        """How features are taken out of packed rows.

        Raises:
            KeyError: There is no such feature.
        """
        places = [self._places[name] for name in features]
        missing = tuple([self._missing[place] for place in places])
        unpack = self._packing.unpack
        if not self._texts and places == [*range(len(self._places))]:
            return Picking(unpack, missing)  # the row as it is

        def pick(packed: bytes) -> tuple[Value, ...]:
            values = self._values(packed) if self._texts else unpack(packed)
            return tuple([values[place] for place in places])

        return Picking(pick, missing)

    def _values(self, packed: bytes) -> list[Value]:
        return [*self._packing.unpack_from(packed), *_texts(packed[self._packing.size :])]

    def rows(self, group: PackedGroup) -> Iterator[OnlineRow]:
        """Rows ready for a store; those with a null in their key match nobody and are left out."""
        entities: dict[tuple[Key | None, ...], bytes | None] = {}
        numbers, width = _side_by_side(group.features, self._numbers, len(group.event_time))
        texts = [*zip(*[group.features[name] for name in self._texts], strict=True)]
        keys = zip(*group.keys.values(), strict=True)
        times = zip(group.event_time.tolist(), group.known_time.tolist(), strict=True)
        for row, (key, (event, known)) in enumerate(zip(keys, times, strict=True)):
            try:
                entity = entities[key]
            except KeyError:
                entity = entities[key] = entity_of(key)
            if entity is not None:
                packed = numbers[row * width : (row + 1) * width]
                yield OnlineRow(entity, event, known, packed + _encode(texts[row]) if texts else packed)


def entity_of(key: Sequence[object]) -> bytes | None:
    """A key as stores have it; None when a part is missing, or is of a kind that keys never are."""
    for part in key:
        if type(part) not in KEY_TYPES:
            return _entity_of_floats(key)
    return _encode(key)


def _entity_of_floats(key: Sequence[object]) -> bytes | None:
    """A key with whole floats: an integer column that may be null comes as one."""
    whole = [int(part) if isinstance(part, float) and part.is_integer() else part for part in key]
    return _encode(whole) if all(type(part) in KEY_TYPES for part in whole) else None


def _side_by_side(
    features: Mapping[str, NDArray[np.float64] | Sequence[str | None]], names: Sequence[str], count: int
) -> tuple[bytes, int]:
    """The bytes of the numbers row by row, and the bytes of one row."""
    import numpy as np  # late: a reader needs it not

    if not names:
        return b"", 0
    matrix = np.column_stack([np.asarray(features[name], dtype="<f8") for name in names])
    assert len(matrix) == count, "columns of a group have one length"
    return matrix.tobytes(), 8 * len(names)
