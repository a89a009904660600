"""The route file: what one environment serves, in one small file replaced by atomic rename."""

from __future__ import annotations

from msgspec import Struct

ROUTE = "route.json"
OVERRIDE = "override.json"


class Served(Struct, frozen=True, kw_only=True):
    """One release behind an endpoint, with its share of the traffic (weights sum to 100)."""

    release: str
    weight: float


class Endpoint(Struct, frozen=True, kw_only=True):
    """One endpoint's releases; none means stopped: every request is answered 503.

    Attributes:
        rate: Requests per second accepted; None means no limit.
        timeout_seconds: Longest time for one request; None means no limit.
        unit: Request column by which traffic sticks to a release.
    """

    name: str
    releases: tuple[Served, ...]
    rate: float | None = None
    timeout_seconds: float | None = None
    unit: str | None = None


class Route(Struct, frozen=True, kw_only=True):
    """What is served, as published from the ledger.

    Attributes:
        revision: Revision of the environment that it carries.
        head: Hash of the journal's newest row at that revision.
        signature: HMAC-SHA256 (hexadecimal) over the canonical JSON without this field.
    """

    product: str
    environment: str
    revision: int
    head: str
    endpoints: tuple[Endpoint, ...]
    signature: str = ""


class Override(Struct, frozen=True, kw_only=True):
    """A stop or rollback done without the ledger; wins over the route until it is journalled.

    Attributes:
        over: Revision of the route that it overrides.
        action: `stop` or `roll_back`.
        at: RFC 3339, UTC.
    """

    environment: str
    over: int
    action: str
    who: str
    why: str
    at: str
    endpoints: tuple[Endpoint, ...]
    signature: str = ""
