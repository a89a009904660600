"""What a server serves at one moment, as one frozen value that is swapped whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from headway.bundle.manifest import CONTRACT
from headway.predictions.frame import framed_origin
from headway.predictions.record import Origin
from headway.serve.assignment import salt_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from headway.bundle.route import Endpoint, Route
    from headway.predictions.frame import FramedOrigin
    from headway.serve.lookups import OnlineFeatures
    from headway.serve.release import LoadedRelease

STABLE = "stable"


class Variant(NamedTuple):
    """One release behind an endpoint.

    Attributes:
        role: `stable` for the first, its short digest for others.
        origin: What its predictions have in common, as the log has it.
        online: Where its features are looked up.
    """

    release: LoadedRelease
    role: str
    origin: FramedOrigin
    online: OnlineFeatures


class Live(NamedTuple):
    """An endpoint as it is served.

    Attributes:
        route: What the route says of it.
        variants: Its releases, loaded, as in the route; none when stopped or failed.
        weights: Their shares, percent.
        salt: For the sticky draw.
        failure: Why the route's releases are not what is served; empty when they are.
    """

    route: Endpoint
    variants: tuple[Variant, ...]
    weights: tuple[float, ...]
    salt: bytes
    failure: str = ""

    @property
    def is_stopped(self) -> bool:
        """Whether somebody took it out of service."""
        return not self.route.releases and not self.variants


class Serving(NamedTuple):
    """Everything that is served.

    Attributes:
        route: What is followed, with an override applied.
        endpoints: Name -> endpoint.
        overridden: Whether a stop or rollback without the ledger is in force.
        failure: Why the newest route or override is not followed; empty when it is.
        failures: How often a route, an override or a release could not be taken up.
    """

    route: Route
    endpoints: Mapping[str, Live]
    overridden: bool = False
    failure: str = ""
    failures: int = 0

    @property
    def is_ready(self) -> bool:
        """Whether every endpoint that is not stopped has a release."""
        return all(live.variants or live.is_stopped for live in self.endpoints.values())


def live(
    environment: str,
    endpoint: Endpoint,
    releases: Mapping[str, LoadedRelease],
    online: OnlineFeatures,
) -> Live:
    """An endpoint with its releases; all of the route's must be among `releases`.

    Args:
        environment: Its name.
        endpoint: What the route says of it.
        releases: Digest -> release.
        online: Where features are looked up.
    """
    digests = [served.release for served in endpoint.releases]
    roles = [STABLE, *(releases[digest].version for digest in digests[1:])]
    return Live(
        route=endpoint,
        variants=tuple(
            Variant(releases[digest], role, _origin(environment, endpoint, releases[digest], role), online)
            for digest, role in zip(digests, roles, strict=False)
        ),
        weights=tuple(served.weight for served in endpoint.releases),
        salt=salt_of(environment, endpoint.name, digests),
    )


def _origin(environment: str, endpoint: Endpoint, release: LoadedRelease, role: str) -> FramedOrigin:
    return framed_origin(
        Origin(
            environment=environment,
            endpoint=endpoint.name,
            release=release.digest,
            variant=role,
            unit_column=endpoint.unit,
            request=release.manifest.request,
            inputs=tuple((item.name, item.type) for item in release.inputs),
            contract=next((file.blake3 for file in release.manifest.files if file.name == CONTRACT), ""),
        )
    )


def summary(serving: Serving) -> dict[str, Any]:
    """What is served, for people and probes."""
    route = serving.route
    return {
        "product": route.product,
        "environment": route.environment,
        "revision": route.revision,
        "head": route.head,
        "ready": serving.is_ready,
        "overridden": serving.overridden,
        "failure": serving.failure,
        "failures": serving.failures,
        "endpoints": [_endpoint(item) for item in serving.endpoints.values()],
    }


def _endpoint(item: Live) -> dict[str, Any]:
    state = "serving" if item.variants else "stopped" if item.is_stopped else "failed"
    return {
        "name": item.route.name,
        "state": state,
        "failure": item.failure,
        "releases": [
            {
                "release": variant.release.digest,
                "role": variant.role,
                "weight": weight,
                "runtime": variant.release.manifest.runtime,
                "why_native": variant.release.manifest.why_native,
                "rows_independent": bool(variant.release.manifest.rows_independent),
            }
            for variant, weight in zip(item.variants, item.weights, strict=True)
        ],
    }
