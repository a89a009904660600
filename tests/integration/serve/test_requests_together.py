"""Requests that wait at the same time share one call of the model, and nobody can tell but by the clock."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from letting import EXITS, FAILS, INFINITE, KEY, Rent, named, release, routed, tensors, told

from headway.bundle.manifest import Lookup
from headway.errors import online as online_errors
from headway.online.table import Looked
from headway.predictions.log import PredictionLog
from headway.predictions.record import Prediction
from headway.predictions.segments import read
from headway.serve.core import MOST_ROWS, Core, Reply, Request
from headway.serve.lanes import Lanes
from headway.serve.lookups import OnlineFeatures
from headway.serve.shortcut import Turns
from headway.serve.watch import RouteWatch, serve_bundle

if TYPE_CHECKING:
    from pathlib import Path


pytestmark = pytest.mark.usefixtures("rents")


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    releases = tmp_path_factory.mktemp("rents") / "releases"
    return releases / release(releases)


@pytest.fixture
def core(bundle: Path) -> Core:
    return Core(serve_bundle(bundle, KEY))


def counts(core: Core) -> dict[int, tuple[int, int]]:
    """Status -> requests, rows."""
    return {label.status: (meter.count, meter.rows) for label, meter in core.meters.requests.items()}


# -- answers ---------------------------------------------------------------------------------------


def test_requests_that_wait_share_one_call_and_each_gets_its_own_answers(core: Core) -> None:
    replies = core.handle_together([named(1.0), named(2.0, 3.0), tensors(4.0, 5.0), named(6.0)])
    assert Rent.asked == [6]
    assert [told(reply) for reply in replies] == [[11.0], [21.0, 32.0], [41.0, 51.0], [61.0]]
    ids = [dict(reply.headers)[b"headway-prediction-id"] for reply in replies]
    assert len(set(ids)) == 4
    assert counts(core) == {200: (4, 6)}


def test_one_request_alone_has_the_model_to_itself(core: Core) -> None:
    assert told(core.handle_together([named(1.0)])[0]) == [11.0]
    assert core.handle_together([]) == []
    assert Rent.asked == [1]


ASKED = st.lists(
    st.sampled_from([1.0, 2.5, 1000.0, FAILS, INFINITE, EXITS, 2e6, "x"]), min_size=1, max_size=4
)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(asked=st.lists(st.tuples(st.sampled_from([named, tensors]), ASKED), max_size=8))
def test_together_is_answered_what_is_answered_one_by_one(core: Core, asked: list[Any]) -> None:
    requests = [form(*sizes) for form, sizes in asked]
    before = [told(core.handle(request)) for request in requests]
    assert [told(reply) for reply in core.handle_together(requests)] == before


@pytest.mark.parametrize(("size", "code"), [(FAILS, "SE017"), (INFINITE, "SE016"), (EXITS, "SE018")])
def test_a_row_that_the_model_fails_at_fails_nobody_else(core: Core, size: float, code: str) -> None:
    first, bad, last = core.handle_together([named(1.0), named(size), named(2.0, 3.0)])
    assert Rent.asked == [4, 1, 1, 2], "together, then one by one"
    assert (told(first), told(last)) == ([11.0], [21.0, 32.0])
    assert bad.status == 500
    assert told(bad)[1] == code
    assert counts(core) == {200: (2, 3), 500: (1, 1)}


def test_a_request_that_is_refused_is_refused_alone(core: Core) -> None:
    unknown = Request("POST", "/predict/flights", b"{}")
    described = Request("GET", "/v2/health/live")
    requests = [
        named(2e6),
        named(1.0),
        Request("POST", "/predict/rents", b"{"),
        unknown,
        named(2.0),
        described,
    ]
    replies = core.handle_together(requests)
    assert Rent.asked == [2]
    assert [reply.status for reply in replies] == [400, 200, 400, 404, 200, 200]
    assert [told(replies[place]) for place in (1, 4)] == [[11.0], [21.0]]


def test_without_the_proof_each_request_has_a_call_of_its_own(tmp_path: Path) -> None:
    for rows_independent in (False, msgspec.UNSET):
        releases = tmp_path / str(rows_independent) / "releases"
        unproven = Core(serve_bundle(releases / release(releases, rows_independent=rows_independent), KEY))
        replies = unproven.handle_together([named(1.0), named(2.0)])
        assert [told(reply) for reply in replies] == [[11.0], [21.0]]
        described = msgspec.json.decode(unproven.handle(Request("GET", "/v2/models/rents")).body)
        assert described["parameters"]["rows_independent"] is False
    assert Rent.asked == [1, 1, 1, 1]


def test_the_endpoint_says_that_its_rows_are_independent(core: Core) -> None:
    described = msgspec.json.decode(core.handle(Request("GET", "/v2/models/rents")).body)
    assert described["parameters"]["rows_independent"] is True


# -- limits, log, releases -------------------------------------------------------------------------


def test_the_rate_is_counted_by_requests_not_by_calls(environment: Any) -> None:
    core = routed(environment, (release(environment.directory / "releases"), 100.0), rate=2.0)
    replies = core.handle_together([named(float(number)) for number in range(5)])
    assert [reply.status for reply in replies] == [200, 200, 429, 429, 429]
    assert Rent.asked == [2]


def test_a_request_that_waited_too_long_with_others_is_told_so(environment: Any) -> None:
    core = routed(environment, (release(environment.directory / "releases"), 100.0), timeout_seconds=60.0)
    late = named(1.0)._replace(until=0.0)
    replies = core.handle_together([late, named(2.0)])
    assert [told(reply) for reply in replies] == [(504, "SE015"), [21.0]]


def test_each_request_is_logged_as_itself(bundle: Path, tmp_path: Path) -> None:
    log = PredictionLog(tmp_path / "log")
    core = Core(serve_bundle(bundle, KEY), log)
    replies = core.handle_together([named(1.0, caller="a"), named(2.0, 3.0, caller="b"), named(FAILS)])
    log.close()
    logged = [record for record in read(tmp_path / "log") if isinstance(record, Prediction)]
    assert [(record.request, record.features["size"], record.answer["value"]) for record in logged] == [
        ("a", 1.0, 11.0),
        ("b", 2.0, 21.0),
        ("b", 3.0, 32.0),
    ]
    ids = [
        row["prediction_id"]
        for reply in replies[:2]
        for row in msgspec.json.decode(reply.body)["predictions"]
    ]
    assert [record.id for record in logged] == ids
    assert all(record.seconds > 0 for record in logged)


def test_a_group_never_spans_releases(environment: Any) -> None:
    releases = environment.directory / "releases"
    one, other = release(releases), release(releases, base=1000.0)
    core = routed(environment, (one, 50.0), (other, 50.0))
    requests = [named(1.0, caller=str(number)) for number in range(16)]
    alone = [msgspec.json.decode(core.handle(request).body)["model_version"] for request in requests]
    Rent.asked.clear()
    for reply, before in zip(core.handle_together(requests), alone, strict=True):
        body = msgspec.json.decode(reply.body)
        assert body["model_version"] == before, "a unit stays with its release"
        assert body["predictions"][0]["value"] == (11.0 if before == one[:12] else 1011.0)
    assert sorted(Rent.asked) == sorted(alone.count(version) for version in set(alone))


def test_a_swap_in_the_middle_of_a_group_leaves_it_to_the_release_that_began(environment: Any) -> None:
    releases = environment.directory / "releases"
    old, new = release(releases), release(releases, base=1000.0)
    core, swapped = routed(environment, (old, 100.0)), routed(environment, (new, 100.0))

    def swap() -> None:
        core.serving = swapped.serving

    Rent.meanwhile.append(swap)
    bodies = [msgspec.json.decode(reply.body) for reply in core.handle_together([named(1.0), named(2.0)])]
    assert [(body["model_version"], body["predictions"][0]["value"]) for body in bodies] == [
        (old[:12], 11.0),
        (old[:12], 21.0),
    ]
    assert told(core.handle(named(1.0))) == [1011.0]


# -- look-ups and code of the product, beside the model --------------------------------------------


class Store:
    """An online store in which some airports have a wind; notes how often it is asked, for how many rows."""

    winds: ClassVar = {"JFK": -9.0, "EWR": -8.0}

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.is_down = False

    def at(self, table: str, keys: Any, moments_us: Any, features: Any, ttl_us: Any) -> Looked:  # noqa: ARG002
        self.asked.append(len(keys))
        if self.is_down:
            raise online_errors.store_is_not_reached("it", "down")
        rows = [(self.winds.get(origin, -7.0), "clear") for (origin,) in keys]
        missed = tuple(place for place, (origin,) in enumerate(keys) if origin not in self.winds)
        return Looked(rows, "c" * 64, missed)

    def close(self) -> None:
        """Nothing is held."""


def looking_up(environment: Any, store: Store, fallback: Any, log: PredictionLog | None = None) -> Core:
    features = {"wind": "wind", "sky": "sky"}
    lookups = (
        Lookup(group="weather", keys={"origin": "origin"}, features=features, table="flights.weather/v1"),
    )
    environment.publish((environment.release(lookups=lookups), 100.0))
    core = Core(RouteWatch(environment.directory, environment.key).load(None), log)
    live = core.serving.endpoints["delay"]
    online = OnlineFeatures(store, fallback, "delay")
    variant = live.variants[0]._replace(online=online)
    core.serving = core.serving._replace(endpoints={"delay": live._replace(variants=(variant,))})
    return core


def flights(environment: Any, *origins: str) -> Request:
    rows = [environment.row | {"origin": origin} for origin in origins]
    return Request("POST", "/predict/delay", msgspec.json.encode({"rows": rows}))


def test_a_store_is_asked_once_for_requests_that_wait_and_each_gets_its_own_features(
    environment: Any, tmp_path: Path
) -> None:
    """Also where calls of the model are not shared: a look-up is independent of others by itself."""
    store, log = Store(), PredictionLog(tmp_path / "log")
    core = looking_up(environment, store, "snapshot", log)
    core.handle_together(
        [
            flights(environment, "JFK"),
            flights(environment, "EWR", "größe"),
            flights(environment, "größe", "JFK"),
        ]
    )
    assert store.asked == [5]
    log.close()
    logged = [record for record in read(tmp_path / "log") if isinstance(record, Prediction)]
    found = [(record.sent["origin"], record.features["wind"], record.lookups[0].found) for record in logged]
    assert found == [
        ("JFK", -9.0, True),
        ("EWR", -8.0, True),
        ("größe", -7.0, False),
        ("größe", -7.0, False),
        ("JFK", -9.0, True),
    ]


def test_a_store_that_is_down_is_asked_once_and_refuses_or_falls_back_for_each(environment: Any) -> None:
    for fallback, status, source in (("refuse", 503, "refused"), ("snapshot", 200, "snapshot")):
        store = Store()
        store.is_down = True
        core = looking_up(environment, store, fallback)
        replies = core.handle_together([flights(environment, "JFK"), flights(environment, "JFK", "JFK")])
        assert [reply.status for reply in replies] == [status, status]
        assert store.asked == [3]
        online = core.serving.endpoints["delay"].variants[0].online
        assert dict(online.counts) == {("weather", source): 3}


def test_a_large_request_is_looked_up_by_itself(environment: Any) -> None:
    store = Store()
    core = looking_up(environment, store, "snapshot")
    large = flights(environment, *["JFK"] * (MOST_ROWS + 1))
    replies = core.handle_together([flights(environment, "JFK"), large, flights(environment, "EWR")])
    assert [reply.status for reply in replies] == [200, 200, 200]
    assert sorted(store.asked) == [2, MOST_ROWS + 1]


def test_code_that_fails_for_one_request_fails_that_one(environment: Any) -> None:
    """The product's own functions see one request each, whoever waits beside it."""
    digest = environment.release(rows_independent=True, factor=1.0)
    core = Core(serve_bundle(environment.bundle(digest), environment.key))
    rows = [environment.row | {"distance": distance} for distance in (2.0, 13.0, 19.0, 3.0)]
    requests = [Request("POST", "/predict/delay", msgspec.json.encode(row)) for row in rows]
    alone = [core.handle(request) for request in requests]
    together = core.handle_together(requests)
    assert [reply.status for reply in together] == [200, 500, 500, 200] == [reply.status for reply in alone]

    def probability(reply: Reply) -> float:
        return msgspec.json.decode(reply.body)["predictions"][0]["probability"]

    assert [probability(together[place]) for place in (0, 3)] == [
        probability(alone[place]) for place in (0, 3)
    ]


# -- the event loop --------------------------------------------------------------------------------


class Caller:
    """A connection as `Turns` sees it."""

    def __init__(self) -> None:
        self.replies: list[Reply] = []

    def reply(self, reply: Reply) -> None:
        self.replies.append(reply)


def test_what_came_in_one_turn_of_the_loop_is_answered_in_the_next_and_nobody_waits_for_more(
    core: Core,
) -> None:
    async def asked(count: int) -> list[Any]:
        turns, callers = Turns(core, Lanes(core)), [Caller() for _ in range(count)]
        for number, caller in enumerate(callers):
            turns.add(caller, named(float(number)))  # ty: ignore[invalid-argument-type] -- all that it is asked
        await asyncio.sleep(0)
        return [[told(reply) for reply in caller.replies] for caller in callers]

    assert asyncio.run(asked(1)) == [[[1.0]]]
    assert asyncio.run(asked(5)) == [[[10.0 * number + 1]] for number in range(5)]
    assert Rent.asked == [1, 5]
