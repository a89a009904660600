"""Brings an environment's online store to the commits of its feature groups that releases look up.

Only what changed between the commit that stands there and the one that is wanted is written, in one
transaction per table. Doing it again does nothing; a killed one is done again by the next apply.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from headway.bundle.manifest import MANIFEST
from headway.bundle.read import read_manifest
from headway.bundle.route import ONLINE, RELEASES, Endpoint
from headway.engine.groups.log import snapshot_of
from headway.errors import ConflictError, EngineError, HeadwayError
from headway.facts.artifacts import Artifact
from headway.facts.moves import EnvironmentState
from headway.online.open import store
from headway.online.store import OnlineStore
from headway.online.table import OnlineRow, OnlineTable, RowPacking, Stamp
from headway.store.workspace import Workspace

if TYPE_CHECKING:
    import polars as pl

_MICROSECONDS = 1_000_000


class Materialised(NamedTuple):
    """A table of the online store that was brought to another commit.

    Attributes:
        written: Rows put in.
        gone: Rows taken out.
        anew: Whether all rows were written, for want of the commit that stood there.
        seconds: What this table took.
    """

    table: str
    commit: str
    written: int
    gone: int
    anew: bool
    seconds: float


class Kept(NamedTuple):
    """A table of the online store as it stands.

    Attributes:
        stamp: What it holds, and how fresh; None when it is not there.
        wanted: The commit that the environment points at; None where it points at another table's.
    """

    table: str
    stamp: Stamp | None
    wanted: str | None

    @property
    def follows(self) -> bool:
        """Whether it holds the commit that the environment points at."""
        return self.wanted is None or (self.stamp is not None and self.stamp.commit == self.wanted)


def kept(
    workspace: Workspace, state: EnvironmentState, endpoints: Sequence[Endpoint], place: str
) -> list[Kept]:
    """The tables that the endpoints' releases look up, as they stand.

    Raises:
        EngineError: The store cannot be reached, or a bundle cannot be read.
    """
    directory = workspace.serve(state.name)
    wanted = sorted(_wanted(directory, endpoints))
    if not wanted:
        return []
    online = store(place, directory / ONLINE, state.name)
    try:
        stamps = online.stamps()
    finally:
        online.close()
    return [
        Kept(table, stamps.get(table), _commit(workspace, state, group, table)) for group, table in wanted
    ]


def _commit(workspace: Workspace, state: EnvironmentState, group: str, table: str) -> str | None:
    """The commit that an environment points at, where its rows lie in this table."""
    digest = state.pointers.get(f"feature_group.{group}")
    artifact = None if digest is None else workspace.open_reader().artifact(digest)
    return digest if artifact is not None and artifact.table == table else None


def materialise(
    workspace: Workspace, state: EnvironmentState, endpoints: Sequence[Endpoint], place: str
) -> list[Materialised]:
    """Bring the tables that the endpoints' releases look up to the environment's commits.

    Args:
        workspace: Where groups and releases lie.
        state: What the environment points at.
        endpoints: As they are about to be published, or are; their bundles are in place.
        place: The online store; see `headway.bundle.route.Route.online`.

    Raises:
        EngineError: The store cannot be written, or a group's rows are damaged.
    """
    directory = workspace.serve(state.name)
    wanted = _wanted(directory, endpoints)
    if not wanted:
        return []
    online = store(place, directory / ONLINE, state.name)
    try:
        stamps = online.stamps()
        done = []
        for group, table in sorted(wanted):
            commit = state.pointers.get(f"feature_group.{group}")
            artifact = None if commit is None else workspace.open_reader().artifact(commit)
            if artifact is None or artifact.table != table:
                continue  # an older release's version of the group: its table stays as it is
            before = stamps.get(table)
            if before is None or before.commit != artifact.digest:
                done.append(_brought(workspace, online, artifact, before))
        _drop_unused(directory, online, stamps)
        return done
    finally:
        online.close()


def _wanted(directory: Path, endpoints: Sequence[Endpoint]) -> set[tuple[str, str]]:
    """Groups and tables that the releases look up."""
    releases = (served.release for endpoint in endpoints for served in endpoint.releases)
    return {
        (lookup.group, lookup.table)
        for release in releases
        for lookup in read_manifest(directory / RELEASES / release).lookups
        if lookup.table
    }


def _brought(
    workspace: Workspace, online: OnlineStore, artifact: Artifact, before: Stamp | None
) -> Materialised:
    try:
        return _write(workspace, online, artifact, before)
    except ConflictError as reason:
        if reason.code != "ON007":
            raise
        return _write(workspace, online, artifact, None)  # another command wrote it meanwhile: all of it then


def _write(
    workspace: Workspace, online: OnlineStore, artifact: Artifact, before: Stamp | None
) -> Materialised:
    import polars as pl  # an apply with nothing to write does not pay for it

    from headway.data.times import EVENT_TIME, KNOWN_TIME
    from headway.engine.delivery.online_rows import packed_group

    begun = time.perf_counter()
    features = artifact.meta["features"]
    types = artifact.meta["types"]
    table = OnlineTable(
        name=artifact.table,
        keys=tuple(artifact.meta["key"]),
        features=tuple((name, "text" if types[name] == "String" else "number") for name in features),
    )
    tables, snapshot = workspace.tables(), snapshot_of(artifact)
    packing = RowPacking(table)

    def rows(frame: pl.DataFrame | None) -> list[OnlineRow]:
        return [] if frame is None else [*packing.rows(packed_group(frame, table.keys, features))]

    changed = _changes(workspace, artifact, before)
    newest = tables.read(snapshot).select(pl.col(EVENT_TIME, KNOWN_TIME).max().dt.epoch("us")).collect()
    put, gone = (tables.read(snapshot).collect(), None) if changed is None else changed
    stamp = Stamp(
        commit=artifact.digest,
        rows=snapshot.rows,
        event_us=newest[EVENT_TIME][0],
        known_us=newest[KNOWN_TIME][0],
        written_us=round(time.time() * _MICROSECONDS),
    )
    written, taken = rows(put), rows(gone)
    since = None if changed is None or before is None else before.commit
    online.write(table, written, taken, stamp, since=since)
    spent = time.perf_counter() - begun
    return Materialised(table.name, artifact.digest, len(written), len(taken), changed is None, spent)


def _changes(
    workspace: Workspace, artifact: Artifact, before: Stamp | None
) -> tuple[pl.DataFrame, pl.DataFrame] | None:
    """Rows to put in and to take out since the commit that stands there; None where it is gone."""
    earlier = None if before is None else workspace.open_reader().artifact(before.commit)
    if earlier is None or earlier.table != artifact.table:
        return None
    try:
        found = workspace.tables().differences(snapshot_of(earlier), snapshot_of(artifact))
    except EngineError:
        return None  # its files were collected as garbage, or are damaged: then everything is written
    return found.added.vstack(found.updated), found.deleted


def _drop_unused(directory: Path, online: OnlineStore, tables: Collection[str]) -> None:
    """Remove tables that no release kept beside the route looks up: nothing can be rolled back to them."""
    needed: set[str] = set()
    for bundle in (directory / RELEASES).iterdir():
        if (bundle / MANIFEST).exists():
            try:
                needed |= {lookup.table for lookup in read_manifest(bundle).lookups}
            except HeadwayError:
                return  # who knows what a damaged release looked up
    # Another product of an environment of this name keeps its tables beside these.
    products = {table.partition(".")[0] for table in needed}
    for table in set(tables) - needed:
        if table.partition(".")[0] in products:
            online.drop(table)
