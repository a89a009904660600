"""A look-up whose newest row is older than the group's `ttl` says so, in the log and in the figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from headway.bundle.manifest import Input, Lookup
from headway.errors import online as online_errors
from headway.online.lookup import OnlineRows
from headway.online.pack import PackedGroup, pack
from headway.online.table import Looked
from headway.predictions.log import PredictionLog
from headway.predictions.record import Prediction
from headway.predictions.segments import newest
from headway.render.shown import prediction_text
from headway.serve.core import Core, Request
from headway.serve.lookups import Lookup as Compiled
from headway.serve.lookups import OnlineFeatures
from headway.serve.watch import serve_bundle

if TYPE_CHECKING:
    from pathlib import Path

WEATHER = {"wind": "wind", "sky": "sky"}
INPUTS = (
    Input(name="scaled", type="number", origin="on_demand"),
    Input(name="distance", type="number", origin="request"),
    Input(name="rainy", type="number", origin="on_demand"),
)
"""None of which is missing without weather, for which this model has no answer."""
HALF_AN_HOUR = 1800.0
BODY = b"""{"rows": [
    {"scheduled_at": "2026-01-01T11:20:00Z", "origin": "JFK", "distance": 2.0, "seats": null},
    {"scheduled_at": "2026-01-01T12:00:00Z", "origin": "JFK", "distance": 2.0, "seats": null},
    {"scheduled_at": "2026-01-01T12:00:00Z", "origin": "EWR", "distance": 2.0, "seats": null}
]}"""
"""Predicted two hours before; the newest weather at JFK is that of 09:00."""


@pytest.fixture
def logged(environment: Any, tmp_path: Path) -> list[Prediction]:
    """A row whose weather is young enough, one whose weather is too old, one without any."""
    lookup = Lookup(group="weather", keys={"origin": "origin"}, features=WEATHER, ttl_seconds=HALF_AN_HOUR)
    bundle = environment.bundle(environment.release(lookups=(lookup,), inputs=INPUTS))
    log = PredictionLog(tmp_path / "log", flush_seconds=3600)
    core = Core(serve_bundle(bundle, environment.key), log)
    assert core.handle(Request("POST", "/predict/delay", BODY)).status == 200
    log.close()
    found, lost = newest(tmp_path / "log", 10)
    assert lost == 0
    return found


def test_the_log_tells_what_is_too_old_from_what_is_not_there(logged: list[Prediction]) -> None:
    told = [(item.found, item.age_seconds, item.ttl_seconds) for (item,) in (one.lookups for one in logged)]
    assert told == [(True, None, None), (False, 3600.0, HALF_AN_HOUR), (False, None, None)]
    young, old, none = map(prediction_text, logged)
    assert "missing" not in young
    assert "newest is 1h old, over the ttl of 30m, so its features are missing" in old
    assert "no row of this entity by that moment" in none


class Store:
    """An online store that has the row of the second entity, too old, and says no more after that."""

    def __init__(self) -> None:
        self.answers = [Looked([(1.0,), (float("nan"),)], "c" * 64, (1,), ((1, 7_000_000),))]

    def at(self, *_: Any) -> Looked:
        if not self.answers:
            raise online_errors.store_is_not_reached("online", "it is away")
        return self.answers.pop()

    def close(self) -> None:
        """Nothing to let go of."""


def test_rows_that_are_too_old_are_counted_apart(weather_rows: OnlineRows) -> None:
    online = OnlineFeatures(Store(), "snapshot", "delay")
    lookup = Compiled("weather", "weather/v1", ("origin",), ("wind",), ("wind",), 5_000_000)
    keys, moments = [("JFK",), ("EWR",)], [10**18, 10**18]
    given = online.at(lookup, keys, moments, weather_rows)
    assert (given.noted.expired, given.noted.ttl_us) == (((1, 7_000_000),), 5_000_000)
    assert dict(online.counts) == {("weather", "online"): 1, ("weather", "expired"): 1}
    given = online.at(lookup, keys, moments, weather_rows)  # as released: JFK is there, and old
    assert [place for place, _ in given.noted.expired] == [0]
    assert given.noted.missed == (0, 1)
    assert dict(online.counts) == {
        ("weather", "online"): 1,
        ("weather", "expired"): 2,
        ("weather", "snapshot"): 1,
    }


@pytest.fixture
def weather_rows() -> OnlineRows:
    """The weather that releases bring along."""
    event = np.array([0], dtype=np.int64)
    rows = PackedGroup(
        keys={"origin": ["JFK"]}, event_time=event, known_time=event, features={"wind": np.array([1.0])}
    )
    return OnlineRows(pack({"weather": rows}))
