"""Follows an environment's route and override, and loads what they name, beside what is served.

Whatever is wrong with a new file or release, what was served before stays: the fault is told in the
result and counted.
"""

from __future__ import annotations

from threading import Thread
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary, finalize

from msgspec.structs import replace

from headway.bundle import route as routes
from headway.bundle.manifest import MANIFEST
from headway.bundle.read import read_manifest
from headway.bundle.route import ONLINE, OVERRIDE, RELEASES, ROUTE, Endpoint, Route, Served
from headway.errors import HeadwayError
from headway.errors.masking import masked
from headway.online.open import reader
from headway.serve.lookups import OnlineFeatures, Reader
from headway.serve.release import ALONE, LoadedRelease
from headway.serve.serving import Live, Serving, live

if TYPE_CHECKING:
    from pathlib import Path

Stat = tuple[int, int, int] | None
LONGEST_FAILURE = 500
"""Characters of a reason."""


class RouteWatch:
    """Follows one directory with `route.json`, `override.json` and `releases/`.

    Args:
        directory: The environment's directory.
        key: The workspace's key.
    """

    def __init__(self, directory: Path, key: bytes) -> None:
        self._directory = directory
        self._key = key
        self._releases: dict[str, LoadedRelease] = {}
        self._online: WeakValueDictionary[tuple[object, ...], OnlineFeatures] = WeakValueDictionary()
        self._wanted: set[str] = set()
        self._seen: tuple[Stat, ...] = ()

    def has_changed(self) -> bool:
        """Whether a file that matters differs from what `load` last saw; a few stat calls."""
        return self._stats() != self._seen

    def load(self, old: Serving | None) -> Serving:
        """What is to be served now; releases already loaded are used again.

        An endpoint whose new release cannot be loaded keeps its old one, and the others move.

        Args:
            old: What is served; None at the start, when every fault is raised instead.

        Raises:
            EngineError: At the start only: route, override or a release is refused.
        """
        self._seen = self._stats()
        try:
            route = routes.read(self._directory, self._key)
            override = routes.read_override(self._directory, self._key)
        except HeadwayError as reason:
            if old is None:
                raise
            return not_followed(old, reason)
        followed = routes.effective(route, override)
        self._wanted = {served.release for item in followed.endpoints for served in item.releases}
        self._seen = (*self._seen[:2], *self._stats()[2:])
        endpoints = {item.name: self._live(followed, item, old) for item in followed.endpoints}
        used = {variant.release.digest for item in endpoints.values() for variant in item.variants}
        self._releases = {digest: found for digest, found in self._releases.items() if digest in used}
        failures = sum(bool(item.failure) for item in endpoints.values())
        return Serving(
            route=followed,
            endpoints=endpoints,
            overridden=routes.wins(route, override),
            failures=(old.failures if old else 0) + failures,
        )

    def _live(self, route: Route, endpoint: Endpoint, old: Serving | None) -> Live:
        try:
            for served in endpoint.releases:
                self._release(served.release)
            online = self._looking_up(route, endpoint)
        except HeadwayError as reason:
            if old is None:
                raise
            kept = old.endpoints.get(endpoint.name)
            if kept is None or not kept.variants:
                return Live(route=endpoint, variants=(), weights=(), salt=b"", failure=reason.what)
            limits = replace(endpoint, releases=kept.route.releases)
            return kept._replace(route=limits, failure=reason.what)
        return live(route.environment, endpoint, self._releases, online)

    def _looking_up(self, route: Route, endpoint: Endpoint) -> OnlineFeatures:
        """The environment's online store as this endpoint uses it; opened once, so that its counts go on.

        It is closed when nothing looks up with it any more: neither what is served nor a request under way.
        """
        wanted = (route.online, endpoint.name, endpoint.lookup_seconds, endpoint.lookup_fallback)
        online = self._online.get(wanted)
        if online is None:
            opened = reader(
                route.online, self._directory / ONLINE, route.environment, endpoint.lookup_seconds
            )
            online = OnlineFeatures(opened, endpoint.lookup_fallback, endpoint.name)
            finalize(online, _close_aside, opened).atexit = False
            self._online[wanted] = online
        return online

    def close(self) -> None:
        """Let go of the online stores."""
        for online in list(self._online.values()):
            online.close()

    def _release(self, digest: str) -> None:
        if digest not in self._releases:
            directory = self._directory / RELEASES / digest
            self._releases[digest] = LoadedRelease(directory, self._key)

    def _stats(self) -> tuple[Stat, ...]:
        """Route and override first, then the manifest of each release that is wanted."""
        manifests = [f"{RELEASES}/{digest}/{MANIFEST}" for digest in sorted(self._wanted)]
        return tuple(_stat(self._directory / name) for name in (ROUTE, OVERRIDE, *manifests))


def not_followed(serving: Serving, reason: BaseException) -> Serving:
    """The same as before, which also tells why the newest route is not followed."""
    what = reason.what if isinstance(reason, HeadwayError) else f"{type(reason).__name__}: {reason}"
    return serving._replace(failure=masked(what)[:LONGEST_FAILURE], failures=serving.failures + 1)


def serve_bundle(directory: Path, key: bytes | None) -> Serving:
    """What is served from one bundle, without a route: the release alone, without limits.

    Raises:
        EngineError: The bundle is refused (RL5..) or cannot serve (SE1..).
    """
    manifest = read_manifest(directory)
    release = LoadedRelease(directory, key)
    endpoint = Endpoint(name=manifest.endpoint, releases=(Served(release=release.digest, weight=100.0),))
    route = Route(product=manifest.product, environment="", revision=0, head="", endpoints=(endpoint,))
    return Serving(
        route=route, endpoints={endpoint.name: live("", endpoint, {release.digest: release}, ALONE)}
    )


def _close_aside(opened: Reader) -> None:
    """Close a store in a thread of its own: it may wait for look-ups that hang, and requests must not."""
    Thread(target=opened.close, name="headway-online-end", daemon=True).start()


def _stat(path: Path) -> Stat:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size
