"""The prediction log never blocks, never lies about what is lost, and is readable after any crash."""

from __future__ import annotations

import fcntl
import os
import resource
import struct
from functools import partial
from typing import TYPE_CHECKING

import msgspec
import pytest

from headway.cli.main import main
from headway.core.ids import uuid7
from headway.errors import EngineError
from headway.predictions.frame import HEADER, Lost, answers_bytes, framed_origin
from headway.predictions.log import PredictionLog
from headway.predictions.record import Answers, Origin, Prediction
from headway.predictions.segments import find, newest, read, segments

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


ORIGIN = framed_origin(
    Origin(
        environment="prod",
        endpoint="delay",
        release="a" * 64,
        variant="stable",
        unit_column=None,
        request=("carrier", "distance", "empty"),
        inputs=(("distance", "number"),),
    )
)


def answers(one: Prediction) -> Answers:
    """The answers to a request of one row."""
    return Answers(
        origin=ORIGIN.key,
        request=one.request,
        at=one.at,
        seconds=one.seconds,
        ids=[one.id],
        sent=[list(one.sent.values())],
        numbers=struct.pack("<d", one.features["distance"]),
        texts=[],
        probability=[one.answer["probability"]],
        label=[one.answer["label"]],
        value=[],
    )


def record(one: Prediction) -> bytes:
    return answers_bytes(answers(one))


def prediction(number: int = 0, *, prediction_id: str = "") -> Prediction:
    return Prediction(
        id=prediction_id or uuid7(),
        request=f"request {number}",
        at=number,
        environment="prod",
        endpoint="delay",
        release="a" * 64,
        variant="stable",
        unit="",
        sent={"carrier": "UA", "distance": 1.5, "empty": None},
        features={"distance": 1.5},
        answer={"probability": 0.25, "label": False},
        seconds=0.001,
    )


@pytest.fixture
def log(tmp_path: Path) -> Iterator[PredictionLog]:
    """A log that writes only when told to."""
    opened = PredictionLog(tmp_path, flush_seconds=3600)
    yield opened
    opened.close()


def add(log: PredictionLog, *predictions: Prediction) -> None:
    for one in predictions:
        log.add(1, 300, ORIGIN, partial(answers, one))


def test_what_is_logged_is_read_back_in_order(log: PredictionLog, tmp_path: Path) -> None:
    expected = [prediction(number) for number in range(5)]
    add(log, *expected[:3])
    add(log, *expected[3:])
    assert log.counts.waiting == 5
    log.flush()
    assert list(read(tmp_path)) == expected
    assert log.counts[:3] == (5, 0, 0)


def test_closing_writes_what_waits_and_closes_the_segment(log: PredictionLog, tmp_path: Path) -> None:
    add(log, prediction())
    log.close()
    log.close()
    assert [path.suffix for path in tmp_path.iterdir()] == [".seg"]
    assert len(list(read(tmp_path))) == 1


def test_a_log_without_predictions_leaves_no_file(log: PredictionLog, tmp_path: Path) -> None:
    log.close()
    assert list(tmp_path.iterdir()) == []


def test_segments_turn_by_size(tmp_path: Path) -> None:
    log = PredictionLog(tmp_path, flush_seconds=3600, segment_bytes=500)
    expected = [prediction(number) for number in range(6)]
    for one in expected:
        add(log, one)
        log.flush()
    log.close()
    assert len(segments(tmp_path)) == 3
    assert list(read(tmp_path)) == expected


def test_segments_turn_by_age(tmp_path: Path) -> None:
    log = PredictionLog(tmp_path, flush_seconds=3600, segment_seconds=0)
    for number in range(3):
        add(log, prediction(number))
        log.flush()
    log.close()
    assert len(segments(tmp_path)) == 3


def test_a_full_queue_drops_counts_and_says_so_in_the_log(tmp_path: Path) -> None:
    log = PredictionLog(tmp_path, flush_seconds=3600, capacity=2)
    add(log, prediction(0), prediction(1))
    add(log, prediction(2))
    assert log.counts.dropped == 1
    log.flush()
    add(log, prediction(3))
    log.close()
    assert [one.at if isinstance(one, Prediction) else one[:2] for one in read(tmp_path)] == [
        (1, "dropped"),
        0,
        1,
        3,
    ]


def test_a_full_disk_loses_nothing_that_still_fits_the_queue(tmp_path: Path) -> None:
    log = PredictionLog(tmp_path, flush_seconds=3600, capacity=3)
    add(log, prediction(0))
    log.flush()
    size = segments(tmp_path)[0].path.stat().st_size
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 10, limits[1]))
    try:
        add(log, prediction(1), prediction(2))
        log.flush()
        add(log, prediction(3), prediction(4))
        counts = log.counts
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert (counts.written, counts.dropped, counts.waiting, counts.failures) == (1, 1, 3, 1)
    assert counts.failure
    assert [one.at for one in read(tmp_path) if isinstance(one, Prediction)] == [0]
    log.close()
    assert log.counts[:3] == (4, 1, 0)
    assert log.counts.failure == ""
    losses = [one for one in read(tmp_path) if isinstance(one, Lost)]
    assert [(lost.count, lost.cause) for lost in losses] == [(1, "dropped")]


def test_what_cannot_be_encoded_is_counted_and_stops_nothing(log: PredictionLog, tmp_path: Path) -> None:
    add(log, msgspec.structs.replace(prediction(), answer={"probability": 0.5, "label": object()}))
    add(log, prediction(1))
    log.flush()
    assert log.counts[:3] == (1, 1, 0)
    assert [one.at for one in read(tmp_path) if isinstance(one, Prediction)] == [1]


def test_a_log_that_cannot_be_written_is_a_named_error(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("a file")
    with pytest.raises(EngineError) as caught:
        PredictionLog(tmp_path / "log")
    assert caught.value.code == "SE303"


def segment(directory: Path, data: bytes, name: str = "20260101T000000.000000Z-1-1.open") -> Path:
    path = directory / name
    path.write_bytes(HEADER + ORIGIN.record + data)
    return path


def test_every_torn_tail_is_counted_and_what_stands_before_it_is_read(tmp_path: Path) -> None:
    first, second = record(prediction(1)), record(prediction(2))
    for length in range(1, len(second)):
        path = segment(tmp_path, first + second[:length])
        whole, torn = read(tmp_path)
        assert isinstance(whole, Prediction)
        assert torn == Lost(1, "torn", path.name)


def test_a_damaged_record_is_counted_and_the_next_is_found(tmp_path: Path) -> None:
    parts = [record(prediction(number)) for number in range(3)]
    for place in range(len(parts[1])):
        damaged = bytearray(parts[1])
        damaged[place] ^= 0xFF
        path = segment(tmp_path, parts[0] + bytes(damaged) + parts[2])
        found = list(read(tmp_path))
        assert [one.at for one in found if isinstance(one, Prediction)] == [0, 2]
        assert found[1] == Lost(1, "damaged", path.name)


@pytest.mark.parametrize("data", [b"garbage", b"HEADWAY-LOG\x00\x00\x00\x00\x01", b"HEAD"])
def test_a_file_that_is_no_segment_is_counted(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "20260101T000000.000000Z-1-1.seg").write_bytes(data)
    assert [type(one) for one in read(tmp_path)] == [Lost]


def test_answers_whose_origin_is_damaged_are_counted(tmp_path: Path) -> None:
    damaged = bytearray(ORIGIN.record)
    damaged[20] ^= 0xFF
    path = tmp_path / "20260101T000000.000000Z-1-1.seg"
    path.write_bytes(HEADER + bytes(damaged) + record(prediction(1)) + ORIGIN.record + record(prediction(2)))
    found = list(read(tmp_path))
    assert found[:2] == [Lost(1, "damaged", path.name)] * 2
    assert [one.at for one in found if isinstance(one, Prediction)] == [2]


def test_every_batch_says_its_origins_again(log: PredictionLog, tmp_path: Path) -> None:
    for number in range(3):
        add(log, prediction(number), prediction(number))
        log.flush()
    assert segments(tmp_path)[0].path.read_bytes().count(ORIGIN.record) == 3


def test_large_requests_that_wait_are_bounded_by_their_bytes(tmp_path: Path) -> None:
    log = PredictionLog(tmp_path, flush_seconds=3600, capacity_bytes=500)
    add(log, prediction(0), prediction(1))
    assert (log.counts.waiting, log.counts.dropped) == (1, 1)
    log.flush()
    add(log, prediction(2))
    assert (log.counts.waiting, log.counts.dropped) == (1, 1)
    log.close()


def test_other_files_and_a_missing_directory_are_no_segments(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    (tmp_path / "notes.seg").write_text("hello")
    assert list(read(tmp_path)) == []
    assert list(read(tmp_path / "nowhere")) == []


def test_the_unfinished_record_of_a_living_writer_is_no_loss(tmp_path: Path) -> None:
    path = segment(tmp_path, record(prediction())[:-5])
    with path.open("rb") as writer:
        fcntl.flock(writer, fcntl.LOCK_EX)
        assert list(read(tmp_path)) == []
    assert [type(one) for one in read(tmp_path)] == [Lost]


def test_a_new_writer_closes_what_a_killed_one_left(tmp_path: Path) -> None:
    child = os.fork()
    if child == 0:
        log = PredictionLog(tmp_path, flush_seconds=3600)
        add(log, prediction(7))
        log.flush()
        os.kill(os.getpid(), 9)
    os.waitpid(child, 0)
    assert [path.suffix for path in tmp_path.iterdir()] == [".open"]
    PredictionLog(tmp_path, flush_seconds=3600).close()
    assert [path.suffix for path in tmp_path.iterdir()] == [".seg"]
    assert [one.at for one in read(tmp_path) if isinstance(one, Prediction)] == [7]


def test_a_segment_of_a_living_writer_is_not_taken_over(log: PredictionLog, tmp_path: Path) -> None:
    add(log, prediction())
    log.flush()
    PredictionLog(tmp_path, flush_seconds=3600).close()
    assert [path.suffix for path in tmp_path.iterdir()] == [".open"]


def test_a_prediction_is_found_by_its_id_in_any_segment(tmp_path: Path) -> None:
    ids = [uuid7(1_700_000_000_000 + 3_600_000 * hour) for hour in range(4)]
    for hour, prediction_id in enumerate(ids):
        name = f"20231115T{hour:02d}0000.000000Z-1-1.seg"
        segment(tmp_path, record(prediction(hour, prediction_id=prediction_id)), name)
    for hour, prediction_id in enumerate(ids):
        found = find(tmp_path, prediction_id)
        assert found is not None
        assert found.at == hour
    assert find(tmp_path, uuid7()) is None
    assert find(tmp_path, "not an id") is None
    assert find(tmp_path / "nowhere", ids[0]) is None


def test_an_id_within_another_record_is_not_mistaken_for_it(tmp_path: Path) -> None:
    wanted = prediction()
    mention = msgspec.structs.replace(prediction(), request=wanted.id)
    segment(tmp_path, record(mention))
    assert find(tmp_path, wanted.id) is None


# -- the newest ----------------------------------------------------------------------------------


def closed(directory: Path, name: str, ended: float, *found: Prediction) -> Path:
    """A segment that was written last at a moment, seconds since the epoch."""
    path = directory / f"2026010{name}T000000.000000Z-1-1.seg"
    path.write_bytes(HEADER + ORIGIN.record + b"".join(map(record, found)))
    os.utime(path, (ended, ended))
    return path


def test_the_newest_are_the_newest_of_all_processes(tmp_path: Path) -> None:
    """A server's segment that was begun first goes on while a batch writes another."""
    closed(tmp_path, "1", 2e9, prediction(1), prediction(4), prediction(5))
    closed(tmp_path, "2", 2e9, prediction(2), prediction(3))
    found, lost = newest(tmp_path, 3)
    assert ([item.at for item in found], lost) == ([3, 4, 5], 0)
    everything, _ = newest(tmp_path, 100)
    assert [item.at for item in everything] == [1, 2, 3, 4, 5]


def test_those_of_a_segment_that_is_being_written_count(log: PredictionLog, tmp_path: Path) -> None:
    closed(tmp_path, "1", 2e9, prediction(1))
    add(log, prediction(2))
    log.flush()
    assert [item.at for item in newest(tmp_path, 1)[0]] == [2]


def test_equal_moments_keep_the_order_in_which_they_were_written(tmp_path: Path) -> None:
    rows = [prediction(7) for _ in range(5)]
    closed(tmp_path, "1", 2e9, *rows)
    assert [item.id for item in newest(tmp_path, 3)[0]] == [item.id for item in rows[2:]]


def test_segments_that_ended_before_the_newest_are_not_read(tmp_path: Path) -> None:
    day = 86_400
    old = tmp_path / "20260101T000000.000000Z-1-1.seg"
    old.mkdir()  # whoever reads it fails
    os.utime(old, (day, day))
    closed(tmp_path, "2", 3 * day, *(prediction(number * day * 1_000_000) for number in (2, 3)))
    assert len(newest(tmp_path, 2)[0]) == 2
    with pytest.raises(IsADirectoryError):
        newest(tmp_path, 3)


def test_what_is_lost_beside_the_newest_is_counted(tmp_path: Path) -> None:
    path = closed(tmp_path, "1", 2e9, prediction(1), prediction(2))
    path.write_bytes(path.read_bytes()[:-3])
    found, lost = newest(tmp_path, 1)
    assert ([item.at for item in found], lost) == ([1], 1)


def test_there_is_no_newest_without_a_log(tmp_path: Path) -> None:
    assert newest(tmp_path / "missing", 10) == ([], 0)


@pytest.mark.parametrize("asked", [["predictions", "--last"], ["test", "--parity", "--limit"]])
def test_none_of_the_newest_is_no_question(asked: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*asked, "0"]) == 2
    assert "0 is below 1" in capsys.readouterr().err
