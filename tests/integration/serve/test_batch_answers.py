"""A batch answers each row as a request of that row alone is answered, refuses the same rows, and logs the same."""

from __future__ import annotations

import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headway.errors import EngineError, UsageError, UserCodeError
from headway.online.table import Looked
from headway.predictions.log import PredictionLog
from headway.predictions.record import Prediction
from headway.predictions.segments import read
from headway.serve.batch import answer, decode, open_bundle, open_endpoint
from headway.serve.lookups import OnlineFeatures
from headway.serve.serving import live

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from headway.serve.core import Core
    from headway.serve.serving import Variant

moments = st.integers(50_000_000_000, 86_400_000_000).map(
    lambda us: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)
)
sound = {
    "scheduled_at": moments,
    "origin": st.just("JFK"),
    "distance": st.floats(0, 12, allow_nan=False),
    "seats": st.none() | st.integers(-(2**63), 2**63 - 1),
}
anything = {
    "scheduled_at": moments | st.just(datetime(2026, 1, 1)),  # noqa: DTZ001 -- refused
    "origin": st.sampled_from(["JFK", "JFK", "EWR", "ZZZ", None, 7]),
    "distance": st.sampled_from([1.0, -1.0, 5001.0, None, float("inf"), True, "2"]),
    "seats": st.sampled_from([None, 1, 1.0, 2**63, float("nan")]),
}
rows = st.lists(st.fixed_dictionaries(sound) | st.fixed_dictionaries(anything), min_size=1, max_size=30)


def columns(drawn: Sequence[dict[str, Any]]) -> dict[str, list[Any]]:
    return {name: [row[name] for row in drawn] for name in sound}


def variant_of(core: Core) -> Variant:
    return core.serving.endpoints["delay"].variants[0]


@settings(deadline=None, max_examples=60)
@given(drawn=rows)
def test_a_row_of_a_batch_is_answered_or_refused_as_it_is_alone(
    served: Core, ask: Any, drawn: list[Any]
) -> None:
    variant = variant_of(served)
    decoded = decode(variant.release, columns(drawn))
    bad = {fault.place for fault in decoded.faults}
    try:
        found = answer(variant, decoded.records, 1, "run", None).answered if decoded.records else None
    except UserCodeError:  # no weather is known yet: the model answers no number
        statuses = [ask(row).status for place, row in enumerate(drawn) if place not in bad]
        assert 500 in statuses
        return
    place = 0
    for index, row in enumerate(drawn):
        sent = {name: None if value != value else value for name, value in row.items()}  # noqa: PLR0124 -- NaN
        if sent["distance"] == float("inf"):
            assert index in bad, "JSON cannot say it"
            continue
        reply = ask(sent)
        assert (reply.status == 400) == (index in bad), reply.body
        if reply.status == 200:
            (alone,) = msgspec.json.decode(reply.body)["predictions"]
            assert found is not None
            assert (found.probability[place], found.label[place]) == (alone["probability"], alone["label"])
            place += 1
    assert place == len(decoded.records)


def test_a_fault_names_its_row_and_its_value(served: Core) -> None:
    drawn = [
        {"scheduled_at": datetime(2026, 1, 1, tzinfo=UTC), "origin": "ZZZ", "distance": 1.0, "seats": None}
    ]
    (fault,) = decode(variant_of(served).release, columns(drawn * 1), first=41).faults
    assert fault.place == 41
    assert fault.reason.startswith("origin: ")
    assert "ZZZ" in fault.reason


def test_every_answer_is_in_the_log_before_it_is_given(served: Core, tmp_path: Path) -> None:
    variant = variant_of(served)
    at = datetime(2026, 1, 1, 12, tzinfo=UTC)
    drawn = [
        {"scheduled_at": at, "origin": "JFK", "distance": float(n % 10), "seats": n} for n in range(15_000)
    ]
    records = decode(variant.release, columns(drawn)).records
    with closing(PredictionLog(tmp_path / "log", flush_seconds=60)) as log:
        found = answer(variant, records, time.time_ns() // 1000, "run-1", log)
        logged = [item for item in read(tmp_path / "log") if isinstance(item, Prediction)]
    assert [item.id for item in logged] == found.ids
    assert {item.request for item in logged} == {"run-1"}
    assert logged[7].sent == {
        "scheduled_at": "2026-01-01T12:00:00Z",
        "origin": "JFK",
        "distance": 7.0,
        "seats": 7,
    }
    assert [item.answer["probability"] for item in logged] == found.answered.probability


def test_a_log_that_cannot_take_the_answers_stops_the_batch(served: Core, tmp_path: Path) -> None:
    variant = variant_of(served)
    at = datetime(2026, 1, 1, 12, tzinfo=UTC)
    drawn = [{"scheduled_at": at, "origin": "JFK", "distance": 1.0, "seats": 1}] * 11
    records = decode(variant.release, columns(drawn)).records
    with (
        closing(PredictionLog(tmp_path / "log", capacity=10, flush_seconds=60)) as log,
        pytest.raises(EngineError, match="prediction log"),
    ):
        answer(variant, records, 1, "run", log)


def test_rows_that_are_also_answered_alone_are_counted_once(environment: Any) -> None:
    class Store:
        def at(self, table: str, keys: Sequence[Any], *_: Any) -> Looked:
            del table
            return Looked([(1.0, "clear")] * len(keys))

    digest = environment.release()
    alone = open_bundle(environment.bundle(digest), environment.key)
    online = OnlineFeatures(Store(), "snapshot", "delay")
    lookups = alone.release._lookups
    alone.release._lookups = tuple(item._replace(table="weather/v1") for item in lookups)
    route = environment.publish((digest, 100.0))
    variant = live("prod", route.endpoints[0], {digest: alone.release}, online).variants[0]
    at = datetime(2026, 1, 1, 12, tzinfo=UTC)
    drawn = [{"scheduled_at": at, "origin": "JFK", "distance": 1.0, "seats": 1}] * 40
    answer(variant, decode(variant.release, columns(drawn)).records, 1, "run", None)
    assert dict(online.counts) == {("weather", "online"): 40}


def test_the_stable_release_of_an_endpoint_answers(environment: Any) -> None:
    first, second = environment.release(), environment.release(bias=1.0)
    environment.publish((first, 90.0), (second, 10.0))
    found = open_endpoint(environment.directory, environment.key, "delay")
    assert (found.release.digest, found.role) == (first, "stable")
    with pytest.raises(UsageError, match="no endpoint `dely`"):
        open_endpoint(environment.directory, environment.key, "dely")
    environment.publish()
    with pytest.raises(EngineError, match="stopped"):
        open_endpoint(environment.directory, environment.key, "delay")


def test_a_model_whose_answer_depends_on_its_neighbours_is_found_out(served: Core) -> None:
    variant = variant_of(served)
    at = datetime(2026, 1, 1, 12, tzinfo=UTC)
    drawn = [{"scheduled_at": at, "origin": "JFK", "distance": float(n), "seats": n} for n in range(10)]
    records = decode(variant.release, columns(drawn)).records
    model = variant.release._model

    class Relative:
        inputs = model.inputs

        def predict(self, _: Any) -> np.ndarray:
            raise AssertionError

        def answer(self, given: Any) -> np.ndarray:
            share = np.arange(1, len(given.numbers) + 1) / len(given.numbers)
            return np.column_stack([1 - share, share])

    variant.release._model = Relative()
    try:
        with pytest.raises(UserCodeError, match="the probability of a row"):
            answer(variant, records, 1, "run", None)
    finally:
        variant.release._model = model
