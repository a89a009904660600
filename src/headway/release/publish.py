"""Makes what is served equal to what the ledger decided: bundles on disk first, then the route file.

Idempotent: publishing a state twice writes nothing the second time, so it is simply repeated until
the route carries the ledger's revision.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
from msgspec.structs import replace

from headway.bundle import durable, route, signing
from headway.bundle.read import open_bundle
from headway.bundle.route import RELEASES, Endpoint, Route, Served
from headway.errors import EngineError, HeadwayError
from headway.errors import bundle as bundle_errors
from headway.errors import release as errors
from headway.facts.artifacts import Artifact
from headway.facts.moves import EnvironmentState
from headway.store.ports import BlobStore

KEPT = "kept"
"""Folder of every route that was published, by revision: what a rollback without a ledger reads."""


def publish(
    *,
    product: str,
    endpoints: Sequence[Endpoint],
    state: EnvironmentState,
    artifact: Callable[[str], Artifact | None],
    blobs: BlobStore,
    directory: Path,
    key: bytes,
    online: str = "",
    prepare: Callable[[Sequence[Endpoint]], None] | None = None,
) -> bool:
    """Put bundles and route in place for an environment's state.

    Args:
        product: The product's name.
        endpoints: Declared endpoints with their limits; their releases are filled in here.
        state: What the ledger says.
        artifact: Finds a release by its digest.
        blobs: Where its files lie.
        directory: The environment's serving directory.
        key: The workspace's key.
        online: The online store; see `headway.bundle.route.Route.online`.
        prepare: Called with what is about to be followed, once its bundles are in place.

    Returns:
        Whether anything was written.

    Raises:
        EngineError: A blob is missing or damaged, or the disk refuses.
    """
    routed = tuple(_with_release(endpoint, state) for endpoint in endpoints)
    try:
        for endpoint in routed:
            for served in endpoint.releases:
                _materialise(served.release, artifact, blobs, directory / RELEASES, key)
    except OSError as reason:
        raise bundle_errors.not_written(str(directory / RELEASES), str(reason)) from reason
    wanted = Route(
        product=product,
        environment=state.name,
        revision=state.revision,
        head=state.head,
        endpoints=routed,
        online=online,
    )
    if prepare is not None:
        prepare(routed)
    if _same(wanted, published(directory, key)):
        return False
    _keep(wanted, directory / KEPT, key)
    route.publish(wanted, directory, key)
    return True


def published(directory: Path, key: bytes) -> Route | None:
    """The route in place; None when there is none, or when it is damaged and must be written again."""
    try:
        return route.read(directory, key)
    except EngineError:
        return None


def _keep(wanted: Route, folder: Path, key: bytes) -> None:
    """Keep the route for rollbacks without a ledger; before it is followed, so that none is ever missing."""
    path = folder / f"{wanted.revision:08d}.json"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        durable.replace(path, msgspec.json.encode(signing.sign(wanted, key)))
    except OSError as reason:
        raise bundle_errors.not_written(str(path), str(reason)) from reason


def _with_release(endpoint: Endpoint, state: EnvironmentState) -> Endpoint:
    release = state.pointers.get(f"endpoint.{endpoint.name}")
    served = (Served(release=release, weight=100.0),) if release is not None else ()
    return replace(endpoint, releases=served)


def _same(wanted: Route, found: Route | None) -> bool:
    return found is not None and replace(found, signature="") == replace(wanted, signature="")


def _materialise(
    release: str,
    artifact: Callable[[str], Artifact | None],
    blobs: BlobStore,
    releases: Path,
    key: bytes,
) -> None:
    """Write a release's files beside, verify them, rename: a server never sees half a bundle."""
    target = releases / release
    if _is_whole(target, key):
        return
    found = artifact(release)
    if found is None:
        raise errors.release_is_unknown(release)
    with durable.folder_beside(target) as partial:
        for file in found.files:
            durable.write_synced(partial / file.name, blobs.read(file.digest))
        open_bundle(partial, key)
        _replace(target, partial)
        durable.sync_directory(releases)


def _replace(target: Path, partial: Path) -> None:
    """Put a whole bundle where there is none, or a damaged one."""
    if target.exists():
        damaged = durable.beside(target)
        target.rename(damaged)
        shutil.rmtree(damaged, ignore_errors=True)
    partial.rename(target)


def _is_whole(target: Path, key: bytes) -> bool:
    if not target.is_dir():
        return False
    try:
        open_bundle(target, key)
    except HeadwayError:
        return False  # damaged on disk: it is written again from the blobs
    return True
