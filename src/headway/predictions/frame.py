"""The bytes of a prediction-log segment: framed, checksummed msgpack records. Pure.

A segment begins with `HEADER`. A record is a mark of four bytes, the length and the CRC-32 of its
payload (u32 each, little-endian), and the payload. The first byte of a mark, 0xC1, is the one that
msgpack never uses, so that reading finds its feet again after damage.

Answers name their origin by the checksum of its record. The writer repeats the origins in every batch,
so that a damaged one takes no more than its batch with it.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Literal, NamedTuple
from zlib import crc32

import msgspec

from headway.predictions.record import (
    Answers,
    JudgedAnswers,
    Origin,
    Prediction,
    Refusals,
    Refused,
    predictions,
    refused,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HEADER = b"HEADWAY-LOG\x00\x00\x00\x00\x02"
ORIGIN = b"\xc1ORG"
ANSWERS = b"\xc1ANS"
REFUSED = b"\xc1REF"
DROPPED = b"\xc1DRP"

_FRAME = struct.Struct("<4sII")

_Record = JudgedAnswers | Refusals | Origin | int
_encode = msgspec.msgpack.Encoder().encode
_DECODERS: dict[bytes, Callable[[bytes], _Record]] = {
    ORIGIN: msgspec.msgpack.Decoder(Origin).decode,
    ANSWERS: msgspec.msgpack.Decoder(JudgedAnswers).decode,
    REFUSED: msgspec.msgpack.Decoder(Refusals).decode,
    DROPPED: msgspec.msgpack.Decoder(int).decode,
}


class Lost(NamedTuple):
    """Records that were predicted but cannot be read.

    Attributes:
        count: How many; at least one for damage, where the true number cannot be known.
        cause: `dropped` by the writer (queue full, disk full), `torn` off at the end by a crash, or
            `damaged` later.
        file: Name of the segment; empty before it is known.
    """

    count: int
    cause: Literal["dropped", "torn", "damaged"]
    file: str = ""


class FramedOrigin(NamedTuple):
    """An origin as it is written, and the key by which answers name it."""

    key: int
    record: bytes


def framed_origin(origin: Origin) -> FramedOrigin:
    """An origin, encoded once for all answers that will name it."""
    payload = _encode(origin)
    return FramedOrigin(crc32(payload), _framed(ORIGIN, payload))


def answers_bytes(answers: Answers) -> bytes:
    """The answers to one request as a framed record."""
    return _framed(ANSWERS, _encode(answers))


def refusals_bytes(refusals: Refusals) -> bytes:
    """Refused requests of one kind as a framed record."""
    return _framed(REFUSED, _encode(refusals))


def dropped_bytes(count: int) -> bytes:
    """A framed record that says how many predictions were dropped before it."""
    return _framed(DROPPED, _encode(count))


def records(data: bytes) -> Iterator[Prediction | Refused | Lost]:
    """What a segment holds, in order; each gap is one `Lost`.

    Bytes that are no record are skipped up to the next one that is: those are *damaged*, or *torn*
    when none follows. Answers whose origin is lost are *damaged* too.
    """
    if not data.startswith(HEADER):
        yield Lost(1, "torn" if HEADER.startswith(data) else "damaged")
        return
    at = len(HEADER)
    origins: dict[int, Origin] = {}
    while at < len(data):
        found = _record(data, at)
        if found is None:
            following = _next(data, at + 1)
            yield Lost(1, "torn" if following is None else "damaged")
            at = len(data) if following is None else following
            continue
        record, key, at = found
        if isinstance(record, int):
            yield Lost(record, "dropped")
        elif isinstance(record, Origin):
            origins[key] = record
        else:
            yield from _rows(record, origins)


def _rows(
    record: JudgedAnswers | Refusals, origins: dict[int, Origin]
) -> Iterator[Prediction | Refused | Lost]:
    origin = origins.get(record.origin)
    if isinstance(record, Refusals):
        yield Lost(1, "damaged") if origin is None else refused(origin, record)
    elif origin is None:
        yield Lost(len(record.ids), "damaged")
    else:
        yield from predictions(origin, record)


def _framed(mark: bytes, payload: bytes) -> bytes:
    return _FRAME.pack(mark, len(payload), crc32(payload)) + payload


def _record(data: bytes, at: int) -> tuple[_Record, int, int] | None:
    """The record that begins at a place, its checksum, and where it ends; None when none does."""
    start = at + _FRAME.size
    if start > len(data):
        return None
    mark, length, checksum = _FRAME.unpack_from(data, at)
    payload = data[start : start + length]
    decode = _DECODERS.get(mark)
    if decode is None or len(payload) < length or crc32(payload) != checksum:
        return None
    try:
        return decode(payload), checksum, start + length
    except msgspec.DecodeError:
        return None


def _next(data: bytes, at: int) -> int | None:
    """Where the next whole record begins."""
    while (at := data.find(ANSWERS[:1], at)) >= 0:
        if _record(data, at) is not None:
            return at
        at += 1
    return None
