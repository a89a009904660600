"""The route file: what one environment serves, in one small file replaced by atomic rename.

An environment's directory, on which a server can live without a ledger:

    route.json                what the ledger decided (`Route`)
    override.json             a stop or rollback done without the ledger (`Override`), until journalled
    online.sqlite             features for look-up, unless the route names another online store
    releases/<digest>/        the bundles that either may name
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, TypeVar

import msgspec
from msgspec import Struct

from headway.bundle import durable, signing
from headway.errors import bundle as errors

if TYPE_CHECKING:
    from pathlib import Path

ROUTE = "route.json"
ONLINE = "online.sqlite"
OVERRIDE = "override.json"
RELEASES = "releases"

_DIGEST = re.compile(r"[0-9a-f]{64}")


class Served(Struct, frozen=True, kw_only=True):
    """One release behind an endpoint, with its share of the traffic (weights sum to 100)."""

    release: str
    weight: float


class Endpoint(Struct, frozen=True, kw_only=True):
    """One endpoint's releases; none means stopped: every request is answered 503.

    Attributes:
        releases: The first is the stable one.
        rate: Requests per second accepted; None means no limit.
        timeout_seconds: Longest time for one request; None means no limit.
        unit: Request column by which traffic sticks to a release.
        lookup_seconds: Longest time of one look-up in an online store across a network.
        lookup_fallback: What a look-up gives when the online store does not answer.
    """

    name: str
    releases: tuple[Served, ...]
    rate: float | None = None
    timeout_seconds: float | None = None
    unit: str | None = None
    lookup_seconds: float = 0.05
    lookup_fallback: Literal["snapshot", "missing", "refuse"] = "snapshot"


class Route(signing.Signed, frozen=True, kw_only=True):
    """What is served, as published from the ledger.

    Attributes:
        revision: Revision of the environment that it carries.
        head: Hash of the journal's newest row at that revision.
        online: Where features are looked up: empty for the file beside the route, `$NAME` for the address
            in an environment variable, or the address.
    """

    product: str
    environment: str
    revision: int
    head: str
    endpoints: tuple[Endpoint, ...]
    online: str = ""


class Override(signing.Signed, frozen=True, kw_only=True):
    """A stop or rollback done without the ledger; wins over the route until it is journalled.

    Attributes:
        over: Revision of the route that it overrides.
        action: `stop` or `roll_back`.
        at: RFC 3339, UTC.
        endpoints: The endpoints that it changes, by name; the route's others stay as they are.
    """

    environment: str
    over: int
    action: str
    who: str
    why: str
    at: str
    endpoints: tuple[Endpoint, ...]


Published = TypeVar("Published", Route, Override)


def publish(route: Route, directory: Path, key: bytes) -> Route:
    """Sign the route and put it in place by an atomic rename; the same route twice is harmless.

    Raises:
        EngineError: The route says something impossible (RL512), or the disk refuses (RL510).
        UsageError: The key is empty (RL509).
    """
    return _put(route, directory / ROUTE, key)


def read(directory: Path, key: bytes) -> Route:
    """The route of an environment's directory, its signature verified.

    Raises:
        EngineError: There is none (RL511), it is damaged (RL512), or signed by another key (RL507).
    """
    path = directory / ROUTE
    found = _get(path, Route, key)
    if found is None:
        raise errors.no_route(str(path))
    return found


def write_override(override: Override, directory: Path, key: bytes) -> Override:
    """Sign the override and put it beside the route file by an atomic rename.

    Raises:
        EngineError: The override says something impossible (RL512), or the disk refuses (RL510).
        UsageError: The key is empty (RL509).
    """
    return _put(override, directory / OVERRIDE, key)


def read_override(directory: Path, key: bytes) -> Override | None:
    """The override beside a route file, its signature verified; None when there is none.

    Raises:
        EngineError: It is damaged (RL512), or signed by another key (RL507).
    """
    return _get(directory / OVERRIDE, Override, key)


def clear_override(directory: Path) -> None:
    """Remove the override, once it is journalled; no override is no fault.

    Raises:
        EngineError: The disk refuses (RL510).
    """
    path = directory / OVERRIDE
    try:
        path.unlink(missing_ok=True)
        durable.sync_directory(directory)
    except OSError as reason:
        raise errors.not_written(str(path), str(reason)) from reason


def wins(route: Route, override: Override | None) -> bool:
    """Whether the override is in force: it is, until the route carries a later revision."""
    return (
        override is not None and override.environment == route.environment and route.revision <= override.over
    )


def effective(route: Route, override: Override | None) -> Route:
    """What is to be served: the route, with the endpoints of an override that is in force.

    The result carries the route's signature for tracing only; it was not signed as a whole.
    """
    if override is None or not wins(route, override):
        return route
    changed = {endpoint.name: endpoint for endpoint in override.endpoints}
    kept = tuple(changed.pop(endpoint.name, endpoint) for endpoint in route.endpoints)
    return msgspec.structs.replace(route, endpoints=kept + tuple(changed.values()))


def _put(value: Published, path: Path, key: bytes) -> Published:
    _check(value.endpoints, path)
    signed = signing.sign(value, key)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        durable.replace(path, msgspec.json.encode(signed))
    except OSError as reason:
        raise errors.not_written(str(path), str(reason)) from reason
    return signed


def _get(path: Path, kind: type[Published], key: bytes) -> Published | None:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as reason:
        raise errors.not_a_route(str(path), str(reason)) from reason
    try:
        value = msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as reason:
        raise errors.not_a_route(str(path), str(reason)) from reason
    if not signing.is_signed(value, key):
        raise errors.wrong_signature(str(path))
    _check(value.endpoints, path)
    return value


def _check(endpoints: tuple[Endpoint, ...], path: Path) -> None:
    names = [endpoint.name for endpoint in endpoints]
    if len(set(names)) < len(names):
        raise errors.not_a_route(str(path), "an endpoint is listed twice")
    for endpoint in endpoints:
        fault = _fault(endpoint)
        if fault:
            raise errors.not_a_route(str(path), f"endpoint {endpoint.name}: {fault}")


def _fault(endpoint: Endpoint) -> str:
    releases, weights = endpoint.releases, [served.weight for served in endpoint.releases]
    if not all(_DIGEST.fullmatch(served.release) for served in releases):
        return "a release is not a digest of 64 hexadecimal digits"
    if any(weight < 0 for weight in weights):
        return "a weight is negative"
    if releases and abs(sum(weights) - 100) > 1e-6:  # noqa: PLR2004 -- weights are percentages
        return f"weights sum to {sum(weights)}, not to 100"
    if any(limit is not None and not limit > 0 for limit in (endpoint.rate, endpoint.timeout_seconds)):
        return "a limit is not above 0"
    return ""
