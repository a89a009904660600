"""A server follows its route: new releases are loaded beside, and what is broken changes nothing."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from msgspec.structs import replace

from headway.bundle.route import (
    Endpoint,
    Override,
    Served,
    clear_override,
    publish,
    write_override,
)
from headway.errors import EngineError
from headway.predictions.log import PredictionLog
from headway.predictions.record import Prediction
from headway.predictions.segments import find, read
from headway.serve.core import Core, Reply, Request
from headway.serve.serving import summary
from headway.serve.watch import RouteWatch

if TYPE_CHECKING:
    from pathlib import Path

ROW = {"scheduled_at": "2026-01-01T12:00:00Z", "origin": "JFK", "distance": 2.0, "seats": None}


class Follower:
    """A core that follows an environment, one step at a time."""

    def __init__(self, environment: Any) -> None:
        self.watch = RouteWatch(environment.directory, environment.key)
        self.core = Core(self.watch.load(None))

    def step(self) -> bool:
        """One look at the files; whether anything was loaded."""
        changed = self.watch.has_changed()
        if changed:
            self.core.serving = self.watch.load(self.core.serving)
        return changed

    def ask(self, path: str = "/predict/delay", **more: Any) -> Reply:
        return self.core.handle(Request("POST", path, msgspec.json.encode({"rows": [ROW]} | more)))

    def version(self) -> str:
        reply = self.ask()
        assert reply.status == 200, reply.body
        return msgspec.json.decode(reply.body)["model_version"]


def stop(environment: Any, *, over: int) -> None:
    override = Override(
        environment="prod",
        over=over,
        action="stop",
        who="me",
        why="fire",
        at="2026-01-01T00:00:00.000000Z",
        endpoints=(Endpoint(name="delay", releases=()),),
    )
    write_override(override, environment.directory, environment.key)


def test_a_new_release_is_served_once_it_is_published(environment: Any) -> None:
    first, second = environment.release(bias=0.0), environment.release(bias=1.0)
    environment.publish((first, 100.0))
    follower = Follower(environment)
    assert follower.version() == first[:12]
    assert follower.step() is False
    environment.publish((second, 100.0))
    assert follower.version() == first[:12]
    assert follower.step() is True
    assert follower.version() == second[:12]
    assert follower.core.serving.route.revision == 2


def test_releases_with_other_code_under_the_same_names_are_served_side_by_side(environment: Any) -> None:
    plain, doubled = environment.release(factor=0.0), environment.release(factor=2.0)
    environment.publish((plain, 50.0), (doubled, 50.0), unit="origin")
    follower = Follower(environment)
    answers = {}
    for release in (plain, doubled):
        path = f"/v2/models/delay/versions/{release}/infer"
        inputs = [
            {"name": name, "shape": [1], "datatype": kind, "data": [ROW[name]]}
            for name, kind in (
                ("scheduled_at", "BYTES"),
                ("origin", "BYTES"),
                ("distance", "FP64"),
                ("seats", "INT64"),
            )
        ]
        reply = follower.core.handle(Request("POST", path, msgspec.json.encode({"inputs": inputs})))
        answers[release] = msgspec.json.decode(reply.body)["outputs"][0]["data"][0]
    assert answers[doubled] > answers[plain]


def test_traffic_is_split_and_sticks_to_the_unit(environment: Any) -> None:
    stable, canary = environment.release(bias=0.0), environment.release(bias=1.0)
    environment.publish((stable, 70.0), (canary, 30.0))
    follower = Follower(environment)

    def version(number: int) -> str:
        return msgspec.json.decode(follower.ask(id=f"caller {number}").body)["model_version"]

    drawn = [version(number) for number in range(300)]
    assert drawn == [version(number) for number in range(300)]
    assert 60 < drawn.count(canary[:12]) < 120
    environment.publish((stable, 40.0), (canary, 60.0))
    follower.step()
    assert all(version(number) == canary[:12] for number, was in enumerate(drawn) if was == canary[:12])


def test_a_row_sticks_by_the_declared_unit(environment: Any) -> None:
    stable, canary = environment.release(bias=0.0), environment.release(bias=1.0)
    environment.publish((stable, 50.0), (canary, 50.0), unit="origin")
    follower = Follower(environment)
    assert len({follower.version() for _ in range(50)}) == 1


@pytest.mark.parametrize("data", [b"", b"{", b"\x00" * 100, b'{"product": "p"}'])
@pytest.mark.parametrize("name", ["route.json", "override.json"])
def test_a_damaged_file_changes_nothing_and_is_counted(environment: Any, data: bytes, name: str) -> None:
    release = environment.release()
    environment.publish((release, 100.0))
    follower = Follower(environment)
    (environment.directory / name).write_bytes(data)
    assert follower.step() is True
    assert follower.version() == release[:12]
    assert follower.core.serving.failures == 1
    assert name in follower.core.serving.failure
    assert follower.step() is False
    (environment.directory / name).unlink()
    environment.publish((release, 100.0))
    follower.step()
    assert follower.core.serving.failure == ""


def test_an_online_store_without_its_address_changes_nothing_and_is_told(
    environment: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_SUCH_ADDRESS", raising=False)
    route = environment.publish((environment.release(), 100.0))
    watch = RouteWatch(environment.directory, environment.key)
    before = watch.load(None)
    publish(replace(route, revision=2, online="$NO_SUCH_ADDRESS"), environment.directory, environment.key)
    after = watch.load(before)
    assert "NO_SUCH_ADDRESS" in after.endpoints["delay"].failure
    assert after.endpoints["delay"].variants == before.endpoints["delay"].variants
    assert after.failures == 1


def test_a_route_of_another_workspace_changes_nothing(environment: Any) -> None:
    release = environment.release()
    route = environment.publish((release, 100.0))
    follower = Follower(environment)
    publish(msgspec.structs.replace(route, endpoints=(), revision=9), environment.directory, b"another key")
    follower.step()
    assert follower.version() == release[:12]
    assert "not signed" in follower.core.serving.failure


def test_a_broken_release_leaves_the_old_one_serving_until_it_is_mended(environment: Any) -> None:
    first, second = environment.release(bias=0.0), environment.release(bias=1.0)
    environment.publish((first, 100.0))
    follower = Follower(environment)
    model = environment.bundle(second) / "model.onnx"
    whole = model.read_bytes()
    model.write_bytes(whole[:-1])
    environment.publish((second, 100.0), rate=5.0)
    follower.step()
    assert follower.version() == first[:12]
    (endpoint,) = summary(follower.core.serving)["endpoints"]
    assert endpoint["state"] == "serving"
    assert "model.onnx" in endpoint["failure"]
    assert follower.core.serving.endpoints["delay"].route.rate == 5.0
    assert follower.core.serving.failures == 1
    assert follower.step() is False
    shutil.rmtree(environment.bundle(second))
    assert environment.release(bias=1.0) == second
    assert follower.step() is True
    assert follower.version() == second[:12]
    assert summary(follower.core.serving)["endpoints"][0]["failure"] == ""


def test_a_broken_release_of_one_endpoint_does_not_hold_back_another(environment: Any) -> None:
    release, rents = environment.release(), environment.release(endpoint="rents")
    served = Served(release=release, weight=100.0)
    environment.publish_endpoints(Endpoint(name="delay", releases=(served,)))
    follower = Follower(environment)
    missing = Endpoint(name="rents", releases=(Served(release="0" * 64, weight=100.0),))
    environment.publish_endpoints(Endpoint(name="delay", releases=()), missing)
    follower.step()
    assert follower.ask().status == 503
    assert b"stopped" in follower.ask().body
    assert follower.ask("/predict/rents").status == 503
    assert follower.core.handle(Request("GET", "/v2/health/ready")).status == 503
    assert follower.core.handle(Request("GET", "/v2/models/rents/ready")).status == 503
    assert follower.core.handle(Request("GET", "/v2/models/rents")).status == 503
    environment.publish_endpoints(Endpoint(name="rents", releases=(Served(release=rents, weight=100.0),)))
    follower.step()
    assert follower.ask("/predict/rents").status == 200
    assert follower.ask().status == 404


def test_an_override_stops_until_the_ledger_is_back(environment: Any) -> None:
    release = environment.release()
    environment.publish((release, 100.0))
    follower = Follower(environment)
    stop(environment, over=1)
    follower.step()
    assert follower.ask().status == 503
    assert follower.core.serving.overridden
    assert follower.core.handle(Request("GET", "/v2/health/ready")).status == 200
    environment.publish((release, 100.0))
    follower.step()
    assert follower.ask().status == 200
    assert not follower.core.serving.overridden
    clear_override(environment.directory)
    follower.step()
    assert follower.ask().status == 200


def test_at_the_start_every_fault_is_raised(environment: Any) -> None:
    environment.publish(("0" * 64, 100.0))
    with pytest.raises(EngineError) as caught:
        Follower(environment)
    assert caught.value.code == "RL501"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"on_demand": "delay.nothing"}, "delay.nothing"),
        ({"lookups": ()}, "sky, wind"),
        ({"runtime": "native"}, "model.joblib"),
        ({"runtime": "native", "libraries": {"numpy": "0.1"}}, "numpy"),
    ],
)
def test_a_release_that_cannot_serve_is_a_named_error(
    environment: Any, changes: dict[str, Any], says: str
) -> None:
    environment.publish((environment.release(**changes), 100.0))
    with pytest.raises(EngineError) as caught:
        Follower(environment)
    assert caught.value.code in ("SE101", "SE102")
    assert says in caught.value.what


def test_the_rate_limit_answers_429_and_says_when_to_ask_again(environment: Any) -> None:
    environment.publish((environment.release(), 100.0), rate=2.0)
    follower = Follower(environment)
    replies = [follower.ask() for _ in range(20)]
    refused = [reply for reply in replies if reply.status == 429]
    assert len(refused) >= 17
    assert dict(refused[0].headers)[b"retry-after"] == b"1"
    assert {reply.status for reply in replies} == {200, 429}


def test_an_answer_that_took_too_long_is_not_given_nor_logged(environment: Any, tmp_path: Path) -> None:
    environment.publish((environment.release(), 100.0), timeout_seconds=1e-9)
    follower = Follower(environment)
    follower.core.log = PredictionLog(tmp_path / "log", flush_seconds=3600)
    reply = follower.ask()
    follower.core.log.close()
    assert reply.status == 504
    assert list(read(tmp_path / "log")) == []


def test_every_answered_row_is_logged_untransformed(environment: Any, tmp_path: Path) -> None:
    stable, canary = environment.release(bias=0.0), environment.release(bias=1.0)
    environment.publish((stable, 50.0), (canary, 50.0), unit="origin")
    follower = Follower(environment)
    log = follower.core.log = PredictionLog(tmp_path / "log", flush_seconds=3600)
    other = ROW | {"distance": 5, "seats": 3, "scheduled_at": "2026-01-01T15:00:00+01:00"}
    reply = follower.core.handle(
        Request("POST", "/predict/delay", msgspec.json.encode({"id": "mine", "rows": [ROW, other]}))
    )
    log.close()
    value = msgspec.json.decode(reply.body)
    logged = [record for record in read(tmp_path / "log") if isinstance(record, Prediction)]
    assert [record.id for record in logged] == [item["prediction_id"] for item in value["predictions"]]
    assert [record.answer["probability"] for record in logged] == [
        item["probability"] for item in value["predictions"]
    ]
    first, second = logged
    assert first.sent == ROW
    assert second.sent == other | {"distance": 5.0}
    assert first.features == {"scaled": 0.0, "wind": 1.0, "rainy": 0.0}
    assert (first.request, first.unit, first.endpoint, first.environment) == ("mine", "JFK", "delay", "prod")
    assert first.release[:12] == value["model_version"]
    assert first.variant == ("stable" if first.release == stable else canary[:12])
    assert find(tmp_path / "log", second.id) == second
    assert 0 < first.seconds < 60
