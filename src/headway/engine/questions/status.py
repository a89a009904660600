"""What every environment points at, serves and holds; and whether ledger and servers agree."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from headway.bundle import route
from headway.bundle.route import Override, Route
from headway.core.clock import SystemClock, to_text
from headway.engine.delivery.materialise import Kept, kept
from headway.engine.groups.restored import Restored, restored
from headway.engine.retention import Past, limits_in, past
from headway.engine.standing_in import standing_in
from headway.errors import HeadwayError
from headway.facts.moves import EnvironmentState, Move
from headway.lineage.retention import Limit
from headway.plan.make import hold_on
from headway.release.history import was_released
from headway.release.publish import published
from headway.spec.load import load_alone
from headway.store.ports import EnvironmentReader
from headway.store.workspace import Workspace


class EnvironmentStatus(NamedTuple):
    """One environment.

    Attributes:
        runtimes: Endpoint's node -> how its release answers, and why when it is native.
        route: What is published; None when nothing is.
        override: What was done without the ledger and is not journalled yet.
        trouble: Why the route cannot be read.
        stand_ins: Source's node -> when the version was read that is used while it cannot be read.
        online: Tables of the online store that the route's releases look up.
        online_trouble: Why they cannot be told.
        past: What it holds that is older than it may be.
        is_known: Whether the ledger could be read; else `state` has only the name.
        unreleased: Endpoints of the route that never had a release.
        restored: Groups that hold the rows of an earlier commit.
    """

    state: EnvironmentState
    protected: bool
    runtimes: dict[str, str]
    route: Route | None
    override: Override | None
    trouble: str = ""
    stand_ins: dict[str, str] = {}  # noqa: RUF012 -- the default of a tuple's field
    online: tuple[Kept, ...] = ()
    online_trouble: str = ""
    past: tuple[Past, ...] = ()
    is_known: bool = True
    unreleased: tuple[str, ...] = ()
    restored: tuple[Restored, ...] = ()

    @property
    def agrees(self) -> bool | None:
        """Whether the servers carry the ledger's revision, and no override stands; None where nobody can tell."""
        if not self.is_known:
            return None
        served = self.route is not None and self.route.revision == self.state.revision
        return self.override is None and (served or not self.runtimes)


class Status(NamedTuple):
    """A workspace.

    Attributes:
        ledger_trouble: Why the ledger cannot be read; then only the servers' side is told.
    """

    product: str
    environments: tuple[EnvironmentStatus, ...]
    ledger_trouble: str = ""

    def to_json(self) -> dict[str, Any]:
        """The documented schema of `status --json`."""
        return {
            "product": self.product,
            "ledger": self.ledger_trouble or "ok",
            "environments": [_as_json(item) for item in self.environments],
        }


def status_of(file: Path) -> Status:
    """The status of every environment that is declared or ever moved."""
    product = load_alone(file).product
    workspace = Workspace(file.parent)
    reader = workspace.open_reader()
    trouble = ""
    names = dict.fromkeys([*product.environments, *([] if product.environments else ["dev"])])
    try:
        names |= dict.fromkeys(reader.environments())
        states = {name: reader.environment(name) for name in names}
    except HeadwayError as error:
        trouble = error.what
        states = {name: EnvironmentState(name=name) for name in names}
    limits = {} if trouble else _limits(file)
    return Status(
        product.name,
        tuple(
            _environment(
                workspace,
                states[name],
                limits,
                protected=name in product.environments and product.environments[name].protected,
            )._replace(is_known=not trouble)
            for name in names
        ),
        trouble,
    )


def _limits(file: Path) -> Mapping[str, Limit]:
    """For how long things may be kept; what is wrong with the product's code is another command's to say."""
    try:
        return limits_in(file)
    except HeadwayError:
        return {}


def _environment(
    workspace: Workspace, state: EnvironmentState, limits: Mapping[str, Limit], *, protected: bool
) -> EnvironmentStatus:
    directory = workspace.serve(state.name)
    found, override, trouble = None, None, ""
    if directory.is_dir():
        key = workspace.key()
        found = published(directory, key)
        try:
            override = route.read_override(directory, key)
        except HeadwayError as error:
            trouble = error.what
        if found is not None and not route.wins(found, override):
            override = None
    reader = workspace.open_reader()
    runtimes = {}
    for node, digest in state.pointers.items():
        artifact = reader.artifact(digest) if node.startswith("endpoint.") else None
        if artifact is not None:
            runtimes[node] = str(artifact.meta.get("runtime", ""))
    sources = [node for node in state.pointers if node.startswith("source.")]
    aged = standing_in(reader, sources)
    online, online_trouble = _online(workspace, state, found)
    old = tuple(past(workspace, reader, state, limits, SystemClock().now()))
    return EnvironmentStatus(
        state,
        protected,
        runtimes,
        found,
        override,
        trouble,
        aged,
        online,
        online_trouble,
        old,
        unreleased=_unreleased(reader, state, found),
        restored=tuple(restored(reader, state.pointers)),
    )


def _unreleased(reader: EnvironmentReader, state: EnvironmentState, found: Route | None) -> tuple[str, ...]:
    """Endpoints that serve nothing because nothing was ever released to them, not because somebody stopped them."""
    empty = [endpoint.name for endpoint in found.endpoints if not endpoint.releases] if found else []
    if not empty or not state.revision:  # without a revision the ledger knows nothing, or cannot be read
        return ()
    moves = [fact.body for fact, _ in reader.journal(state.name) if isinstance(fact.body, Move)]
    return tuple(name for name in empty if not was_released(moves, [f"endpoint.{name}"]))


def _online(
    workspace: Workspace, state: EnvironmentState, found: Route | None
) -> tuple[tuple[Kept, ...], str]:
    """The tables of the online store that the route's releases look up; or why they cannot be told."""
    if found is None:
        return (), ""
    try:
        return tuple(kept(workspace, state, found.endpoints, found.online)), ""
    except HeadwayError as error:
        return (), error.what


def _time(microseconds: int | None) -> str | None:
    return None if microseconds is None else to_text(datetime.fromtimestamp(microseconds / 1e6, UTC))


def _as_json(item: EnvironmentStatus) -> dict[str, Any]:
    now = SystemClock().now()
    state = item.state
    return {
        "name": state.name,
        "protected": item.protected,
        "revision": state.revision if item.is_known else None,
        "pointers": state.pointers if item.is_known else None,
        "holds": [
            {"node": hold.node, "digest": hold.digest, "who": hold.who, "why": hold.why}
            for hold in state.holds
            if hold_on(state, hold.node, hold.digest, now) is not None
        ],
        "served": {
            endpoint.name: [served.release for served in endpoint.releases]
            for endpoint in (route.effective(item.route, item.override).endpoints if item.route else ())
        },
        "unreleased": list(item.unreleased),
        "route_revision": item.route.revision if item.route else None,
        "last_good": item.stand_ins,
        "restored": {group.commit.node: group.to_json() for group in item.restored},
        "past_retention": [
            {"what": old.what, "since": to_text(old.since), "rule": old.rule} for old in item.past
        ],
        "online": {
            table.table: {
                "commit": table.stamp.commit if table.stamp else None,
                "wanted": table.wanted,
                "rows": table.stamp.rows if table.stamp else 0,
                "newest_event": _time(table.stamp.event_us if table.stamp else None),
                "written": _time(table.stamp.written_us if table.stamp else None),
            }
            for table in item.online
        },
        "online_trouble": item.online_trouble,
        "override": item.override.action if item.override else None,
        "agrees": item.agrees,
    }
