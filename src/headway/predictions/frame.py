"""The bytes of a prediction-log segment: framed, checksummed msgpack records. Pure.

A segment begins with `HEADER`. A record is a mark of four bytes, the length and the CRC-32 of its
payload (u32 each, little-endian), and the payload. The first byte of a mark, 0xC1, is the one that
msgpack never uses, so that reading finds its feet again after damage.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Literal, NamedTuple
from zlib import crc32

import msgspec

from headway.predictions.record import Prediction

if TYPE_CHECKING:
    from collections.abc import Iterator

HEADER = b"HEADWAY-LOG\x00\x00\x00\x00\x01"
PREDICTION = b"\xc1PRD"
DROPPED = b"\xc1DRP"

_FRAME = struct.Struct("<4sII")

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Prediction).decode
_count = msgspec.msgpack.Decoder(int).decode


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


def prediction_bytes(prediction: Prediction) -> bytes:
    """One prediction as a framed record."""
    return _framed(PREDICTION, _encode(prediction))


def dropped_bytes(count: int) -> bytes:
    """A framed record that says how many predictions were dropped before it."""
    return _framed(DROPPED, _encode(count))


def records(data: bytes) -> Iterator[Prediction | Lost]:
    """What a segment holds, in order; each gap is one `Lost`.

    Bytes that are no record are skipped up to the next one that is: those are *damaged*, or *torn*
    when none follows.
    """
    if not data.startswith(HEADER):
        yield Lost(1, "torn" if HEADER.startswith(data) else "damaged")
        return
    at = len(HEADER)
    while at < len(data):
        found = _record(data, at)
        if found is not None:
            record, at = found
            yield record
            continue
        following = _next(data, at + 1)
        yield Lost(1, "torn" if following is None else "damaged")
        at = len(data) if following is None else following


def _framed(mark: bytes, payload: bytes) -> bytes:
    return _FRAME.pack(mark, len(payload), crc32(payload)) + payload


def _record(data: bytes, at: int) -> tuple[Prediction | Lost, int] | None:
    """The record that begins at a place, and where it ends; None when none does."""
    start = at + _FRAME.size
    if start > len(data):
        return None
    mark, length, checksum = _FRAME.unpack_from(data, at)
    payload = data[start : start + length]
    if mark not in (PREDICTION, DROPPED) or len(payload) < length or crc32(payload) != checksum:
        return None
    try:
        record = _decode(payload) if mark == PREDICTION else Lost(_count(payload), "dropped")
    except msgspec.DecodeError:
        return None
    return record, start + length


def _next(data: bytes, at: int) -> int | None:
    """Where the next whole record begins."""
    while (at := data.find(PREDICTION[:1], at)) >= 0:
        if _record(data, at) is not None:
            return at
        at += 1
    return None
