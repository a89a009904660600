"""Verdicts and refusals in segments: read back, read from older ones, and counted when a disk or a kill damages them."""

from __future__ import annotations

import os
import resource
from functools import partial
from struct import pack
from typing import TYPE_CHECKING, Any
from zlib import crc32

import msgspec
import pytest

from headway.contract.verdict import Filled, Judged, Mapped, Warned
from headway.core.ids import uuid7
from headway.predictions.frame import (
    ANSWERS,
    HEADER,
    ORIGIN,
    Lost,
    answers_bytes,
    framed_origin,
    records,
    refusals_bytes,
)
from headway.predictions.log import PredictionLog
from headway.predictions.record import (
    Answers,
    Broken,
    Fault,
    JudgedAnswers,
    Origin,
    Prediction,
    Refusals,
    Refused,
    Verdict,
)
from headway.predictions.segments import find, read, read_refused

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RELEASE = "a" * 64
FAMILY = framed_origin(
    Origin(
        environment="prod",
        endpoint="delay",
        release=RELEASE,
        variant="stable",
        unit_column=None,
        request=("carrier", "distance"),
        inputs=(("distance", "number"),),
        contract="c" * 64,
    )
)
MAX = (("distance", "max"),)
JUDGED = Judged(
    warned=(Warned("distance: at most 5", ("distance",), (1,)),),
    mapped=(Mapped("carrier", (0, 2), ("ZZ", "YY")),),
    filled=(Filled("distance", (2,)),),
)


def values(rows: int = 1, *, at: int = 0) -> tuple[Any, ...]:
    """The fields of `Answers`, for n rows."""
    numbers, ids = pack(f"<{rows}d", *[1.5] * rows), [uuid7() for _ in range(rows)]
    sent = [["UA", 1.5]] * rows
    return FAMILY.key, "request", at, 0.001, ids, sent, numbers, [], [0.25] * rows, [False] * rows, []


def segment(directory: Path, *parts: bytes) -> Path:
    path = directory / "20260101T000000.000000Z-1-1.seg"
    path.write_bytes(HEADER + FAMILY.record + b"".join(parts))
    return path


@pytest.fixture
def log(tmp_path: Path) -> Iterator[PredictionLog]:
    """A log that writes only when told to."""
    opened = PredictionLog(tmp_path, flush_seconds=3600)
    yield opened
    opened.close()


def refused(directory: Path) -> list[Refused]:
    return [item for item in read_refused(directory) if isinstance(item, Refused)]


# -- verdicts ----------------------------------------------------------------------------------


def test_each_row_gets_its_share_of_the_verdict(tmp_path: Path) -> None:
    segment(tmp_path, answers_bytes(JudgedAnswers(*values(4), (), JUDGED)))
    found = [item for item in read(tmp_path) if isinstance(item, Prediction)]
    assert [item.verdict for item in found] == [
        Verdict(mapped={"carrier": "ZZ"}),
        Verdict(warned=(Broken(expectation="distance: at most 5", columns=("distance",)),)),
        Verdict(mapped={"carrier": "YY"}, filled=("distance",)),
        Verdict(),
    ]
    assert {item.contract for item in found} == {"c" * 64}
    alone = find(tmp_path, found[2].id)
    assert alone == found[2]


def test_answers_without_a_verdict_are_as_long_as_before_there_were_any() -> None:
    fields = values()
    assert answers_bytes(Answers(*fields)) == framed(ANSWERS, [*fields, ()])


@pytest.mark.parametrize("fields", [11, 12])
def test_segments_of_older_versions_are_read_as_without_a_verdict(tmp_path: Path, fields: int) -> None:
    origin = msgspec.to_builtins(msgspec.msgpack.decode(FAMILY.record[12:], type=Origin))
    del origin["contract"]
    older = framed(ORIGIN, origin)
    answers = framed(ANSWERS, [crc32(older[12:]), *values()[1:], ()][:fields])
    path = tmp_path / "20260101T000000.000000Z-1-1.seg"
    path.write_bytes(HEADER + older + answers)
    (one,) = read(tmp_path)
    assert isinstance(one, Prediction)
    assert (one.verdict, one.contract, one.lookups) == (Verdict(), "", ())
    assert refused(tmp_path) == []


def framed(mark: bytes, value: Any) -> bytes:
    payload = msgspec.msgpack.encode(value)
    return pack("<4sII", mark, len(payload), crc32(payload)) + payload


# -- refusals ----------------------------------------------------------------------------------


def test_equal_refusals_are_one_record_with_their_number_and_span(log: PredictionLog, tmp_path: Path) -> None:
    for at in (5, 3, 9):
        log.refuse(FAMILY, at, 400, "DC004", MAX)
    log.refuse(FAMILY, 7, 400, "SE008", ())
    log.flush()
    assert refused(tmp_path) == [
        Refused(
            first=3,
            last=9,
            count=3,
            environment="prod",
            endpoint="delay",
            release=RELEASE,
            variant="stable",
            contract="c" * 64,
            status=400,
            code="DC004",
            faults=(Fault(column="distance", rule="max"),),
        ),
        msgspec.structs.replace(refused(tmp_path)[1], first=7, last=7, count=1, code="SE008", faults=()),
    ]


def test_refusals_are_no_predictions(log: PredictionLog, tmp_path: Path) -> None:
    log.refuse(FAMILY, 1, 400, "DC004", MAX)
    log.add(1, 300, FAMILY, partial(Answers, *values()))
    log.flush()
    (one,) = read(tmp_path)
    assert isinstance(one, Prediction)
    assert find(tmp_path, one.id) == one
    assert log.counts[:3] == (1, 0, 0)


def test_every_torn_or_damaged_refusal_is_counted_and_hides_no_prediction(tmp_path: Path) -> None:
    record = refusals_bytes(Refusals(FAMILY.key, 1, 2, 3, 400, "DC004", MAX))
    answer = answers_bytes(JudgedAnswers(*values(3), (), JUDGED))
    for length in range(1, len(record)):
        path = segment(tmp_path, answer, record[:length])
        *whole, torn = read(tmp_path)
        assert len(whole) == 3
        assert torn == Lost(1, "torn", path.name)
    for place in range(len(record)):
        damaged = bytearray(record)
        damaged[place] ^= 0xFF
        path = segment(tmp_path, bytes(damaged), answer, record)
        lost, *whole = read(tmp_path)
        assert lost == Lost(1, "damaged", path.name)
        assert len(whole) == 3
        assert [item.count for item in refused(tmp_path)] == [3]


def test_a_damaged_verdict_takes_its_request_with_it_and_no_other(tmp_path: Path) -> None:
    judged, clean = (
        answers_bytes(JudgedAnswers(*values(3), (), JUDGED)),
        answers_bytes(Answers(*values(at=7))),
    )
    at = judged.index(b"ZZ")
    segment(tmp_path, judged[:at] + b"XX" + judged[at + 2 :], clean)
    lost, one = read(tmp_path)
    assert isinstance(lost, Lost)
    assert isinstance(one, Prediction)
    assert one.at == 7


def test_a_refusal_whose_origin_is_damaged_is_counted() -> None:
    (lost,) = records(HEADER + refusals_bytes(Refusals(FAMILY.key, 1, 2, 3, 400, "DC004")))
    assert lost == Lost(1, "damaged")


def test_what_was_written_of_refusals_outlives_the_writer(tmp_path: Path) -> None:
    child = os.fork()
    if child == 0:
        log = PredictionLog(tmp_path, flush_seconds=3600)
        log.refuse(FAMILY, 1, 400, "DC004", MAX)
        log.flush()
        log.refuse(FAMILY, 2, 400, "DC004", MAX)
        os.kill(os.getpid(), 9)
    os.waitpid(child, 0)
    PredictionLog(tmp_path, flush_seconds=3600).close()
    assert [path.suffix for path in tmp_path.iterdir()] == [".seg"]
    assert [(item.first, item.count) for item in refused(tmp_path)] == [(1, 1)]


def test_two_workers_tell_each_of_their_own_refusals(tmp_path: Path) -> None:
    workers = [PredictionLog(tmp_path, flush_seconds=3600) for _ in range(2)]
    for worker in workers:
        worker.refuse(FAMILY, 1, 400, "DC004", MAX)
        worker.close()
    assert sum(item.count for item in refused(tmp_path)) == 2


def test_a_full_disk_loses_no_refusal_that_can_still_be_written(tmp_path: Path) -> None:
    log = PredictionLog(tmp_path, flush_seconds=3600)
    log.refuse(FAMILY, 1, 400, "DC004", MAX)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(HEADER) + 10, limits[1]))
    try:
        log.flush()
        log.refuse(FAMILY, 2, 400, "DC004", MAX)
        log.flush()
        assert log.counts.failures == 2
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    log.close()
    assert [(item.first, item.count) for item in refused(tmp_path)] == [(1, 1), (2, 1)]
