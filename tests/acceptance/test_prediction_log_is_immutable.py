"""What was answered cannot be answered otherwise afterwards: the prediction log only grows, and every record is sealed.

Seals are checksums: they find what the disk or a hand changed, and not somebody who writes new ones. A record whose
seal is broken is never shown; it is counted.
"""

from __future__ import annotations

import inspect
import struct
from functools import partial
from pathlib import Path

import pytest
from lending import Lending

from headway.api import reading
from headway.core.ids import uuid7
from headway.predictions import frame, record, segments
from headway.predictions.log import PredictionLog
from headway.predictions.record import Answers, Origin

ANSWERED = 5
ORIGIN = Origin(
    environment="dev",
    endpoint="main",
    release="a" * 64,
    variant="stable",
    unit_column=None,
    request=("amount",),
    inputs=(("amount", "number"),),
)


@pytest.fixture
def segment(product: Lending) -> Path:
    """A closed segment with five answers of dev."""
    origin = frame.framed_origin(ORIGIN)
    directory = product.workspace.serve("dev") / "log"
    log = PredictionLog(directory, flush_seconds=3600)
    for number in range(ANSWERED):
        log.add(1, 300, origin, partial(answers, origin.key, number))
        log.flush()
    log.close()
    (path,) = directory.glob(f"*{segments.CLOSED}")
    return path


def answers(origin: int, number: int) -> Answers:
    return Answers(
        origin=origin,
        request=f"request {number}",
        at=number,
        seconds=0.001,
        ids=[uuid7()],
        sent=[[float(number)]],
        numbers=struct.pack("<d", float(number)),
        texts=[],
        probability=[0.25],
        label=[False],
        value=[],
    )


def test_a_closed_segment_is_read_as_it_was_written(product: Lending, segment: Path) -> None:
    found, lost = reading.predictions(product.root, "dev", 100)
    assert [one.sent for one in found] == [{"amount": float(number)} for number in range(ANSWERED)]
    assert lost == 0
    assert segment.exists()


def test_every_byte_of_a_closed_segment_that_is_changed_is_found_and_counted(segment: Path) -> None:
    whole = segment.read_bytes()
    before = list(frame.records(whole))
    for place in range(len(whole)):
        read = list(frame.records(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :]))
        lost = [one for one in read if isinstance(one, frame.Lost)]
        assert lost, place
        assert all(one in before for one in read if one not in lost), place


def test_a_reader_is_told_of_a_changed_byte_wherever_it_is(product: Lending, segment: Path) -> None:
    whole = segment.read_bytes()
    before, _ = reading.predictions(product.root, "dev", 100)
    for place in range(0, len(whole), 97):
        segment.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        found, lost = reading.predictions(product.root, "dev", 100)
        assert lost > 0, place
        assert all(one in before for one in found), place


def test_a_changed_answer_is_not_shown(product: Lending, segment: Path) -> None:
    kept, changed = struct.pack(">d", 0.25), struct.pack(">d", 0.75)
    whole = segment.read_bytes()
    assert whole.count(kept) == ANSWERED
    segment.write_bytes(whole.replace(kept, changed, 1))
    found, lost = reading.predictions(product.root, "dev", 100)
    assert (len(found), lost) == (ANSWERED - 1, 1)
    assert {one.answer["probability"] for one in found} == {0.25}


def test_an_answer_that_is_cut_out_of_the_middle_of_a_record_takes_no_other_with_it(
    product: Lending, segment: Path
) -> None:
    whole = segment.read_bytes()
    middle = whole.index(b"request 2")
    segment.write_bytes(whole[:middle] + whole[middle + 9 :])
    found, lost = reading.predictions(product.root, "dev", 100)
    assert [one.request for one in found] == [f"request {number}" for number in (0, 1, 3, 4)]
    assert lost == 1


def test_a_log_that_is_opened_again_leaves_closed_segments_alone(product: Lending, segment: Path) -> None:
    whole = segment.read_bytes()
    PredictionLog(segment.parent, flush_seconds=3600).close()
    assert segment.read_bytes() == whole
    assert [one.path for one in segments.segments(segment.parent)] == [segment]


def test_nothing_can_be_asked_to_change_a_record() -> None:
    assert {name for name in vars(PredictionLog) if not name.startswith("_")} == {
        "add",
        "refuse",
        "flush",
        "close",
        "counts",
    }
    readers = [
        name
        for name, found in inspect.getmembers(segments, inspect.isfunction)
        if found.__module__ == segments.__name__
    ]
    assert {name for name in readers if not name.startswith("_")} == {
        "segments",
        "read",
        "read_segment",
        "read_refused",
        "newest",
        "newest_refused",
        "find",
        "is_held",
    }
    one = next(record.predictions(ORIGIN, answers(0, 1)))
    with pytest.raises(AttributeError, match="immutable"):
        one.seconds = 2.0  # ty: ignore[invalid-assignment]
