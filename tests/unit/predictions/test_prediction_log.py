"""The prediction log never blocks, never lies about what is lost, and is readable after any crash."""

from __future__ import annotations

import fcntl
import os
import resource
from typing import TYPE_CHECKING

import msgspec
import pytest

from headway.core.ids import uuid7
from headway.errors import EngineError
from headway.predictions.frame import HEADER, Lost, prediction_bytes
from headway.predictions.log import PredictionLog
from headway.predictions.record import Prediction
from headway.predictions.segments import find, read, segments

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


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
    log.add(len(predictions), lambda: predictions)


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
    assert [record.at if isinstance(record, Prediction) else record[:2] for record in read(tmp_path)] == [
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
    assert (counts.written, counts.dropped, counts.waiting, counts.failures) == (1, 2, 2, 1)
    assert counts.failure
    assert [record.at for record in read(tmp_path) if isinstance(record, Prediction)] == [0]
    log.close()
    assert log.counts[:3] == (3, 2, 0)
    assert log.counts.failure == ""
    losses = [record for record in read(tmp_path) if isinstance(record, Lost)]
    assert [(lost.count, lost.cause) for lost in losses] == [(2, "dropped")]


def test_what_cannot_be_encoded_is_counted_and_stops_nothing(log: PredictionLog, tmp_path: Path) -> None:
    add(log, msgspec.structs.replace(prediction(), answer={"label": object()}))
    add(log, prediction(1))
    log.flush()
    assert log.counts[:3] == (1, 1, 0)
    assert [record.at for record in read(tmp_path) if isinstance(record, Prediction)] == [1]


def test_a_log_that_cannot_be_written_is_a_named_error(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("a file")
    with pytest.raises(EngineError) as caught:
        PredictionLog(tmp_path / "log")
    assert caught.value.code == "SE303"


def segment(directory: Path, data: bytes, name: str = "20260101T000000.000000Z-1-1.open") -> Path:
    path = directory / name
    path.write_bytes(HEADER + data)
    return path


def test_every_torn_tail_is_counted_and_what_stands_before_it_is_read(tmp_path: Path) -> None:
    first, second = prediction_bytes(prediction(1)), prediction_bytes(prediction(2))
    for length in range(1, len(second)):
        path = segment(tmp_path, first + second[:length])
        whole, torn = read(tmp_path)
        assert isinstance(whole, Prediction)
        assert torn == Lost(1, "torn", path.name)


def test_a_damaged_record_is_counted_and_the_next_is_found(tmp_path: Path) -> None:
    parts = [prediction_bytes(prediction(number)) for number in range(3)]
    for place in range(len(parts[1])):
        damaged = bytearray(parts[1])
        damaged[place] ^= 0xFF
        path = segment(tmp_path, parts[0] + bytes(damaged) + parts[2])
        found = list(read(tmp_path))
        assert [record.at for record in found if isinstance(record, Prediction)] == [0, 2]
        assert found[1] == Lost(1, "damaged", path.name)


@pytest.mark.parametrize("data", [b"garbage", b"HEADWAY-LOG\x00\x00\x00\x00\x02", b"HEAD"])
def test_a_file_that_is_no_segment_is_counted(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "20260101T000000.000000Z-1-1.seg").write_bytes(data)
    assert [type(record) for record in read(tmp_path)] == [Lost]


def test_other_files_and_a_missing_directory_are_no_segments(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    (tmp_path / "notes.seg").write_text("hello")
    assert list(read(tmp_path)) == []
    assert list(read(tmp_path / "nowhere")) == []


def test_the_unfinished_record_of_a_living_writer_is_no_loss(tmp_path: Path) -> None:
    path = segment(tmp_path, prediction_bytes(prediction())[:-5])
    with path.open("rb") as writer:
        fcntl.flock(writer, fcntl.LOCK_EX)
        assert list(read(tmp_path)) == []
    assert [type(record) for record in read(tmp_path)] == [Lost]


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
    assert [record.at for record in read(tmp_path) if isinstance(record, Prediction)] == [7]


def test_a_segment_of_a_living_writer_is_not_taken_over(log: PredictionLog, tmp_path: Path) -> None:
    add(log, prediction())
    log.flush()
    PredictionLog(tmp_path, flush_seconds=3600).close()
    assert [path.suffix for path in tmp_path.iterdir()] == [".open"]


def test_a_prediction_is_found_by_its_id_in_any_segment(tmp_path: Path) -> None:
    ids = [uuid7(1_700_000_000_000 + 3_600_000 * hour) for hour in range(4)]
    for hour, prediction_id in enumerate(ids):
        name = f"20231115T{hour:02d}0000.000000Z-1-1.seg"
        segment(tmp_path, prediction_bytes(prediction(hour, prediction_id=prediction_id)), name)
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
    segment(tmp_path, prediction_bytes(mention))
    assert find(tmp_path, wanted.id) is None
