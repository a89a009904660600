"""Packs rows of feature groups into one checksummed file for look-up at request time.

The file is `HWON`, one version byte, the blake3 digest (32 bytes) of the rest, and msgpack of
`Packed`. Within a group, rows are sorted by entity, event time, known time (ties keep their order).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from blake3 import blake3
from msgspec import Struct

from headway.errors import serve as errors

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

MAGIC = b"HWON\x01"
KEY_TYPES = (str, int, bool)

Key = str | int | bool


class PackedGroup(NamedTuple):
    """The rows of one feature group, in any order; all columns have the same length.

    Attributes:
        keys: Key column -> values (text, integers or booleans; a null matches nobody).
        event_time: int64 microseconds since the epoch, UTC.
        known_time: int64 microseconds since the epoch, UTC.
        features: Feature -> float64 array (missing is NaN) or list of text (missing is None).
    """

    keys: Mapping[str, Sequence[Key | None]]
    event_time: NDArray[np.int64]
    known_time: NDArray[np.int64]
    features: Mapping[str, NDArray[np.float64] | Sequence[str | None]]


class Texts(Struct, frozen=True, array_like=True):
    """A column of text by dictionary: int32 places in `words`, -1 for missing."""

    words: list[str]
    places: bytes


class Rows(Struct, frozen=True, array_like=True):
    """One group as it lies in the file.

    Attributes:
        keys: Names of the key columns.
        entities: Key values of each entity, in the order of the key columns.
        starts: First row of each entity, and the number of rows at the end.
        event_time: int64, little-endian; likewise `known_time`.
        numbers: Feature -> float64, little-endian.
    """

    keys: list[str]
    entities: list[tuple[Key, ...]]
    starts: list[int]
    event_time: bytes
    known_time: bytes
    numbers: dict[str, bytes]
    texts: dict[str, Texts]


class Packed(Struct, frozen=True, array_like=True):
    """All groups of one release."""

    groups: dict[str, Rows]


def pack(groups: Mapping[str, PackedGroup]) -> bytes:
    """The bytes of `online.msgpack`; the same rows in the same order give the same bytes.

    Raises:
        BugError: Columns of a group differ in length, or a key is neither text, integer nor
            boolean (SE301).
    """
    packed = Packed({name: _rows(name, group) for name, group in sorted(groups.items())})
    body = msgspec.msgpack.encode(packed, order="sorted")
    return MAGIC + blake3(body).digest() + body


def _rows(name: str, group: PackedGroup) -> Rows:
    import numpy as np  # late: what only reads a store, or has nothing to write, needs it not

    _check(name, group)
    keys = [tuple(_plain(name, value) for value in row) for row in zip(*group.keys.values(), strict=True)]
    entities: dict[tuple[Key | None, ...], int] = {}
    entity = np.array([entities.setdefault(key, len(entities)) for key in keys], dtype=np.int64)
    order = np.lexsort((group.known_time, group.event_time, entity))
    kept = order[np.array([None not in keys[row] for row in order], dtype=bool)]
    matched = [key for key in entities if None not in key]
    counts = np.bincount(entity[kept], minlength=len(entities))[[entities[key] for key in matched]]
    numbers = {
        feature: np.asarray(column, dtype="<f8")[kept].tobytes()
        for feature, column in group.features.items()
        if isinstance(column, np.ndarray)
    }
    texts = {
        feature: _texts([column[row] for row in kept])
        for feature, column in group.features.items()
        if not isinstance(column, np.ndarray)
    }
    return Rows(
        keys=list(group.keys),
        entities=[tuple(part for part in key if part is not None) for key in matched],
        starts=[0, *np.cumsum(counts).tolist()],
        event_time=group.event_time[kept].astype("<i8").tobytes(),
        known_time=group.known_time[kept].astype("<i8").tobytes(),
        numbers=numbers,
        texts=texts,
    )


def _check(name: str, group: PackedGroup) -> None:
    columns = [*group.keys.values(), group.known_time, *group.features.values()]
    if not group.keys:
        raise errors.not_packable(name, "it has no key")
    if any(len(column) != len(group.event_time) for column in columns):
        raise errors.not_packable(name, "its columns differ in length")


def _plain(name: str, value: Any) -> Key | None:
    plain = value.item() if hasattr(value, "item") else value  # NumPy's own scalars
    if plain is not None and not isinstance(plain, KEY_TYPES):
        raise errors.not_packable(name, f"a key is of type {type(plain).__name__}")
    return plain


def _texts(column: list[str | None]) -> Texts:
    import numpy as np

    words: dict[str, int] = {}
    places = [-1 if text is None else words.setdefault(text, len(words)) for text in column]
    return Texts(list(words), np.array(places, dtype="<i4").tobytes())
