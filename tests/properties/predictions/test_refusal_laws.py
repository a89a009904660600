"""Laws of refused requests in the log: each is counted once, and no flood of them costs disk or a prediction."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from headway.core.ids import uuid7
from headway.predictions.frame import HEADER, Lost, framed_origin, records
from headway.predictions.log import PredictionLog
from headway.predictions.record import Answers, Origin, Prediction, Refused
from headway.predictions.refusals import MOST_KINDS, SECONDS_PER_RECORD, GatheredRefusals
from headway.predictions.segments import read, read_refused

ORIGINS = [
    framed_origin(
        Origin(
            environment="prod",
            endpoint=endpoint,
            release="a" * 64,
            variant="stable",
            unit_column=None,
            request=("x",),
            inputs=(),
        )
    )
    for endpoint in ("delay", "rents", "fraud")
]
FAULTS = st.lists(
    st.tuples(st.sampled_from(["x", "y", ""]), st.sampled_from(["min", "max", "type"])),
    max_size=3,
    unique=True,
).map(tuple)
REFUSALS = st.tuples(
    st.sampled_from(ORIGINS),
    st.integers(0, 10**6),
    st.just(400),
    st.sampled_from(["DC004", "SE008", "SE010"]),
    FAULTS,
)
LARGEST_RECORD = 2000
"""Bytes of a record: ten faults of a hundred characters, and more than its origin."""


def taken(gathered: GatheredRefusals, now: float | None) -> list[Refused]:
    found = list(records(HEADER + gathered.take(now)))
    assert all(isinstance(item, Refused) for item in found)
    return [item for item in found if isinstance(item, Refused)]


@given(bursts=st.lists(st.tuples(st.lists(REFUSALS, max_size=60), st.floats(0, 60)), max_size=8))
@settings(max_examples=60, deadline=None)
def test_whatever_is_refused_is_counted_once_and_written_seldom(
    bursts: list[tuple[list[tuple], float]],
) -> None:
    gathered, now, told = GatheredRefusals(), 0.0, []
    for burst, pause in bursts:
        for refusal in burst:
            gathered.add(*refusal)
        told += taken(gathered, now)
        now += pause
    most = MOST_KINDS + len(ORIGINS)
    assert len(told) <= most + now / SECONDS_PER_RECORD
    told += taken(gathered, None)
    sent = [refusal for burst, _ in bursts for refusal in burst]
    assert sum(item.count for item in told) == len(sent)
    assert {item.endpoint for item in told} <= {"delay", "rents", "fraud"}
    for item in told:
        known = [
            at
            for origin, at, status, code, faults in sent
            if origin is ORIGINS[("delay", "rents", "fraud").index(item.endpoint)]
            and (not item.code or (status, code) == (item.status, item.code))
            and (not item.code or tuple((one.column, one.rule) for one in item.faults) == faults)
        ]
        assert item.first in known
        assert item.last in known
        assert item.first <= item.last


@given(refusals=st.lists(REFUSALS, min_size=1, max_size=200))
@settings(max_examples=25, deadline=None)
def test_kinds_beyond_the_most_are_one_number_for_each_release(refusals: list[tuple]) -> None:
    gathered = GatheredRefusals()
    for refusal in refusals:
        gathered.add(*refusal)
    told = taken(gathered, None)
    assert len(told) <= MOST_KINDS + len(ORIGINS)
    kinds = {(origin.key, *rest) for origin, _, *rest in refusals}
    assert any(not item.code for item in told) == (len(kinds) > MOST_KINDS)


def test_a_flood_neither_fills_the_disk_nor_drives_out_predictions() -> None:
    flood, answered = 50_000, 200
    with tempfile.TemporaryDirectory() as folder:
        log = PredictionLog(Path(folder), flush_seconds=0.001, capacity=answered)
        origin = ORIGINS[0]
        for number in range(flood):
            log.refuse(origin, number, 400, "DC004", (("x", f"rule {number}"),))
            if number % (flood // answered) == 0:
                log.add(1, 100, origin, partial(answers, origin.key))
        log.close()
        assert log.counts[:2] == (answered, 0)
        found = [item for item in read_refused(Path(folder)) if isinstance(item, Refused)]
        assert sum(item.count for item in found) == flood
        assert len([item for item in read(Path(folder)) if isinstance(item, Prediction)]) == answered
        assert not [item for item in read(Path(folder)) if isinstance(item, Lost)]
        assert len(found) <= 3 * (MOST_KINDS + 1)  # it takes less than two of the waits between writes
        size = sum(path.stat().st_size for path in Path(folder).iterdir())
        assert size < answered * 500 + len(found) * LARGEST_RECORD


def answers(origin: int) -> Answers:
    return Answers(
        origin=origin,
        request="request",
        at=0,
        seconds=0.001,
        ids=[uuid7()],
        sent=[[1.0]],
        numbers=b"",
        texts=[],
        probability=[0.25],
        label=[False],
        value=[],
    )
