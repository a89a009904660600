"""A route file is followed only whole, possible, and signed; an override wins until it is journalled."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from headway.bundle.route import (
    Endpoint,
    Override,
    Route,
    Served,
    clear_override,
    effective,
    publish,
    read,
    read_override,
    write_override,
)
from headway.errors import EngineError

if TYPE_CHECKING:
    from pathlib import Path

KEY = b"the workspace's key"
A, B = "a" * 64, "b" * 64


def endpoint(*shares: tuple[str, float], name: str = "delay") -> Endpoint:
    return Endpoint(name=name, releases=tuple(Served(release=r, weight=w) for r, w in shares))


def route(*endpoints: Endpoint, revision: int = 3) -> Route:
    return Route(product="p", environment="prod", revision=revision, head="h", endpoints=endpoints)


def override(*endpoints: Endpoint, over: int = 3, environment: str = "prod") -> Override:
    return Override(
        environment=environment,
        over=over,
        action="stop",
        who="me",
        why="fire",
        at="2026-01-01T00:00:00.000000Z",
        endpoints=endpoints,
    )


def test_what_is_published_is_what_is_read(tmp_path: Path) -> None:
    published = publish(route(endpoint((A, 95.0), (B, 5.0))), tmp_path, KEY)
    assert read(tmp_path, KEY) == published
    assert publish(published, tmp_path, KEY) == published
    assert [path.name for path in tmp_path.iterdir()] == ["route.json"]


def test_a_weight_written_as_an_integer_keeps_its_signature(tmp_path: Path) -> None:
    publish(route(endpoint((A, 100))), tmp_path, KEY)
    assert read(tmp_path, KEY).endpoints[0].releases[0].weight == 100


def test_no_route_is_a_named_error_and_no_override_is_none(tmp_path: Path) -> None:
    with pytest.raises(EngineError) as caught:
        read(tmp_path, KEY)
    assert caught.value.code == "RL511"
    assert read_override(tmp_path, KEY) is None


@pytest.mark.parametrize("data", [b"", b"{", b"\xff\xfe", b"null", b"[" * 100_000, b'{"product": "p"}'])
def test_a_damaged_route_is_a_named_error(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "route.json").write_bytes(data)
    with pytest.raises(EngineError) as caught:
        read(tmp_path, KEY)
    assert caught.value.code == "RL512"


def test_every_truncation_is_a_named_error(tmp_path: Path) -> None:
    publish(route(endpoint((A, 100.0))), tmp_path, KEY)
    whole = (tmp_path / "route.json").read_bytes()
    for length in range(len(whole)):
        (tmp_path / "route.json").write_bytes(whole[:length])
        with pytest.raises(EngineError) as caught:
            read(tmp_path, KEY)
        assert caught.value.code == "RL512"


def test_a_foreign_signature_is_refused(tmp_path: Path) -> None:
    publish(route(endpoint((A, 100.0))), tmp_path, b"another key")
    write_override(override(), tmp_path, b"another key")
    for reading in (read, read_override):
        with pytest.raises(EngineError) as caught:
            reading(tmp_path, KEY)
        assert caught.value.code == "RL507"


def test_an_edited_route_is_refused(tmp_path: Path) -> None:
    published = publish(route(endpoint((A, 100.0))), tmp_path, KEY)
    changed = msgspec.structs.replace(published, endpoints=(endpoint((B, 100.0)),))
    (tmp_path / "route.json").write_bytes(msgspec.json.encode(changed))
    with pytest.raises(EngineError) as caught:
        read(tmp_path, KEY)
    assert caught.value.code == "RL507"


@pytest.mark.parametrize(
    "impossible",
    [
        (endpoint((A, 60.0), (B, 50.0)),),
        (endpoint((A, 110.0), (B, -10.0)),),
        (endpoint((A, 99.0)),),
        (endpoint(("../../etc", 100.0)),),
        (endpoint((A.upper(), 100.0)),),
        (endpoint((A, 100.0)), endpoint((B, 100.0))),
        (msgspec.structs.replace(endpoint((A, 100.0)), rate=0.0),),
        (msgspec.structs.replace(endpoint((A, 100.0)), timeout_seconds=-1.0),),
    ],
)
def test_an_impossible_route_is_never_published(tmp_path: Path, impossible: tuple[Endpoint, ...]) -> None:
    with pytest.raises(EngineError) as caught:
        publish(route(*impossible), tmp_path, KEY)
    assert caught.value.code == "RL512"
    assert list(tmp_path.iterdir()) == []


def test_a_failed_publish_keeps_the_old_route(tmp_path: Path) -> None:
    first = publish(route(endpoint((A, 100.0))), tmp_path / "served", KEY)
    (tmp_path / "blocked").write_text("a file")
    with pytest.raises(EngineError) as caught:
        publish(route(endpoint((B, 100.0))), tmp_path / "blocked", KEY)
    assert caught.value.code == "RL510"
    assert read(tmp_path / "served", KEY) == first


def test_an_override_wins_until_the_route_carries_a_later_revision() -> None:
    stop = override(Endpoint(name="delay", releases=()), over=3)
    for revision, stopped in ((2, True), (3, True), (4, False)):
        served = effective(route(endpoint((A, 100.0)), revision=revision), stop)
        assert (served.endpoints[0].releases == ()) is stopped


def test_an_override_leaves_other_endpoints_and_environments_alone() -> None:
    both = route(endpoint((A, 100.0)), endpoint((A, 100.0), name="rents"))
    back = override(endpoint((B, 100.0)))
    served = effective(both, back)
    assert [found.releases[0].release for found in served.endpoints] == [B, A]
    assert effective(both, override(endpoint((B, 100.0)), environment="dev")) == both
    assert effective(both, None) == both


def test_an_override_is_written_read_and_cleared(tmp_path: Path) -> None:
    written = write_override(override(endpoint((B, 100.0))), tmp_path, KEY)
    assert read_override(tmp_path, KEY) == written
    clear_override(tmp_path)
    clear_override(tmp_path)
    assert read_override(tmp_path, KEY) is None
