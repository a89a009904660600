"""The ledger and the servers: publishing what was decided, settling what was done without it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from headway.bundle import durable, route
from headway.bundle.route import Endpoint, Override
from headway.core import claim
from headway.core.clock import SystemClock
from headway.engine.recall import PRODUCT_FILE, find_product
from headway.errors import ConflictError, EngineError
from headway.errors import engine as engine_errors
from headway.errors import release as errors
from headway.facts.moves import EnvironmentState, Move
from headway.release import moves, without_ledger
from headway.release.moves import Request
from headway.release.publish import KEPT, publish, published
from headway.spec.product import Product, Secret
from headway.store.journal import Sealed
from headway.store.workspace import Workspace

if TYPE_CHECKING:
    from headway.engine.delivery.materialise import Materialised
    from headway.spec import product as spec

_TRIES = 50
"""Times that a move is planned again when others move first; an apply in full flight moves once."""


class Ended(NamedTuple):
    """A rollback or stop that is done.

    Attributes:
        move: The journal's move; None when the ledger was away and an override stands instead.
        override: What stands beside the route; None when the ledger took the move and it is published.
        why_override: Why the ledger could not take it, or why it could not be published.
    """

    move: Move | None
    override: Override | None = None
    why_override: str = ""


def declared_endpoints(product: Product) -> tuple[Endpoint, ...]:
    """What the file says of each endpoint's route: limits and unit; releases are filled in later."""
    return tuple(
        Endpoint(
            name=name,
            releases=(),
            rate=endpoint.limits.rate,
            timeout_seconds=endpoint.limits.timeout.total_seconds() if endpoint.limits.timeout else None,
            unit=endpoint.unit,
            lookup_fallback=endpoint.lookups.fallback,
            **(
                {}
                if endpoint.lookups.timeout is None
                else {"lookup_seconds": endpoint.lookups.timeout.total_seconds()}
            ),
        )
        for name, endpoint in product.endpoints.items()
    )


def online_of(product: Product) -> str:
    """Where the file says that features are looked up; see `headway.bundle.route.Route.online`."""
    named = product.online
    return f"${named.secret}" if isinstance(named, Secret) else named or ""


def release_features(
    workspace: Workspace, product: Product, state: EnvironmentState
) -> tuple[bool, list[Materialised]]:
    """Make servers follow the ledger's revision: features for look-up first, then the route.

    Returns:
        Whether the route had to be written, and what was written for look-up.

    Raises:
        ConflictError: The online store has a table of something else by that name (ON003).
        EngineError: The online store cannot be written. The route is published all the same: servers go
            on with what the endpoint declares as `fallback`.
    """
    from headway.engine.delivery.materialise import materialise

    done: list[Materialised] = []
    trouble: list[EngineError | ConflictError] = []
    online = online_of(product)

    def prepare(routed: Sequence[Endpoint]) -> None:
        try:
            done.extend(materialise(workspace, state, routed, online))
        except (EngineError, ConflictError) as reason:
            trouble.append(reason)

    written = republish(workspace, product.name, declared_endpoints(product), state, online, prepare)
    if trouble:
        raise trouble[0]
    return written, done


class FeaturesBack(NamedTuple):
    """What became of the features for look-up after a rollback; the rollback stands in any case."""

    written: list[Materialised]
    trouble: str = ""


def bring_features_back(workspace: Workspace, environment: str) -> FeaturesBack:
    """Bring the online store to the commits that an environment points at again, if it can be done.

    Until then servers look up the newer rows; the next `apply` does what cannot be done now.
    """
    from headway.engine.delivery.materialise import materialise

    try:
        state = workspace.open_reader().environment(environment)
        present = published(workspace.serve(environment), workspace.key())
        if present is None:
            return FeaturesBack([])
        return FeaturesBack(materialise(workspace, state, present.endpoints, present.online))
    except (EngineError, ConflictError) as reason:
        return FeaturesBack([], reason.what)


def republish(
    workspace: Workspace,
    product: str,
    endpoints: Sequence[Endpoint],
    state: EnvironmentState,
    online: str = "",
    prepare: Callable[[Sequence[Endpoint]], None] | None = None,
) -> bool:
    """Make the route carry the ledger's revision; returns whether anything had to be written."""
    if not endpoints or state.revision == 0:
        return False
    return publish(
        product=product,
        endpoints=endpoints,
        state=state,
        artifact=workspace.open_reader().artifact,
        blobs=workspace.blobs(),
        directory=workspace.serve(state.name),
        key=workspace.key(),
        online=online,
        prepare=prepare,
    )


def sweep(workspace: Workspace) -> None:
    """Remove what killed processes left half-written, in the workspace and beside its servers."""
    workspace.sweep()
    for directory in claim.entries(workspace.state / "serve"):
        for folder in (directory, directory / route.RELEASES, directory / KEPT):
            durable.sweep(folder)


def settle(workspace: Workspace, environment: str) -> Move | None:
    """Journal an override that was made while the ledger was away; nothing else may move before.

    Raises:
        ConflictError: The ledger still cannot take it.
    """
    directory = workspace.serve(environment)
    if not (directory / route.OVERRIDE).exists():
        return None
    override = route.read_override(directory, workspace.key())
    present = published(directory, workspace.key())
    if override is None:
        return None
    if present is not None and not route.wins(present, override):
        route.clear_override(directory)
        return None
    move = _journalled(workspace, environment, override)
    _republish_as_routed(workspace, environment)
    route.clear_override(directory)
    return move


def _journalled(workspace: Workspace, environment: str, override: Override) -> Move | None:
    """Write an override into the journal; None when the ledger already says the same.

    Raises:
        ConflictError: The ledger cannot take it, or others always moved first.
    """

    def plan(state: EnvironmentState, past: Sequence[Move]) -> Move | None:
        done = without_ledger.is_done(override, state)
        return None if done else without_ledger.settle(override, state, past)

    try:
        return _move(workspace, environment, plan)
    except EngineError as error:
        raise errors.override_stands(environment, override.action, override.who) from error


def _move(
    workspace: Workspace,
    environment: str,
    plan: Callable[[EnvironmentState, Sequence[Move]], Move | None],
) -> Move | None:
    """Make the move that `plan` wants of the present state; plan again when somebody moved first.

    Raises:
        ConflictError: Somebody moved first every time.
        EngineError: The ledger cannot be read or written.
    """
    lost: ConflictError | None = None
    for _ in range(_TRIES):
        reader = workspace.open_reader()
        past = [fact.body for fact, _ in reader.journal(environment) if isinstance(fact.body, Move)]
        made = plan(reader.environment(environment), past)
        if made is None:
            return None
        try:
            workspace.open_writer().move(made)
        except ConflictError as error:
            lost = error
        else:
            return made
    assert lost is not None
    raise lost


def roll_back(
    workspace: Workspace, environment: str, endpoint: str | None, request: Request, *, ledger: bool = True
) -> Ended:
    """Bring back the release before; with the ledger when it answers, else beside it.

    Args:
        workspace: Where the ledger and the serving directory are.
        environment: Its name.
        endpoint: Its short name; None when there is just one.
        request: Who, why, when, until.
        ledger: False leaves the ledger alone, as if it were away (for drills).

    Raises:
        GateError: There is no earlier release.
        ConflictError: Others moved the environment first, every time.
        EngineError: Neither the ledger nor the disk has one.
    """
    name = _chosen(workspace, environment, endpoint)

    def move(state: EnvironmentState, past: Sequence[Move]) -> Move:
        return moves.roll_back(state, past, f"endpoint.{name}", request)

    def override(directory: Path, key: bytes) -> Override:
        return without_ledger.override_roll_back(directory, key, request, name)

    return _with_or_without(workspace, environment, move, override, ledger=ledger)


def stop(workspace: Workspace, environment: str, request: Request, *, ledger: bool = True) -> Ended:
    """Take every endpoint of an environment out of service.

    Raises:
        GateError: Nothing was ever released there.
        ConflictError: Others moved the environment first, every time.
        EngineError: Neither the ledger nor the servers' directory can be written.
    """
    names = _endpoints(workspace, environment)

    def move(state: EnvironmentState, past: Sequence[Move]) -> Move:
        return moves.stop(state, past, [f"endpoint.{name}" for name in names], request)

    def override(directory: Path, key: bytes) -> Override:
        return without_ledger.override_stop(directory, key, request, names)

    return _with_or_without(workspace, environment, move, override, ledger=ledger)


def _with_or_without(
    workspace: Workspace,
    environment: str,
    move: Callable[[EnvironmentState, Sequence[Move]], Move],
    override: Callable[[Path, bytes], Override],
    *,
    ledger: bool,
) -> Ended:
    """Try the ledger; where it cannot be read or written, act beside the route file.

    A race that is lost is no reason for an override: the ledger works, and stays the truth.
    """
    why, made = "the ledger was left alone as asked", None
    if ledger:
        try:
            if _is_settled(workspace, environment):
                made = _move(workspace, environment, move)
                _republish_as_routed(workspace, environment)
                return Ended(made)
            why = "an earlier override cannot be journalled yet"
        except EngineError as error:
            why = error.what
    directory = workspace.serve(environment)
    return Ended(made, override(directory, workspace.key()), why)


def _is_settled(workspace: Workspace, environment: str) -> bool:
    """Whether no override waits for the journal any more; False when the ledger cannot take it.

    Raises:
        ConflictError: Others moved the environment first, every time.
    """
    try:
        settle(workspace, environment)
    except ConflictError as error:
        if isinstance(error.__cause__, EngineError):
            return False
        raise
    return True


def _republish_as_routed(workspace: Workspace, environment: str) -> None:
    """Publish with the limits that the route has: a rollback does not depend on the product file."""
    present = published(workspace.serve(environment), workspace.key())
    state = workspace.open_reader().environment(environment)
    if present is not None:
        republish(workspace, present.product, present.endpoints, state, present.online)
    else:
        product = _declared(workspace)
        republish(workspace, product.name, declared_endpoints(product), state, online_of(product))


def _endpoints(workspace: Workspace, environment: str) -> list[str]:
    """Names of the endpoints that are published; where no route can be read, of those declared.

    Raises:
        UsageError: The product declares none.
    """
    present = published(workspace.serve(environment), workspace.key())
    if present is not None:
        return [endpoint.name for endpoint in present.endpoints]
    return [*require_endpoints(workspace)]


def require_endpoints(workspace: Workspace) -> Mapping[str, spec.Endpoint]:
    """The endpoints that the product file declares.

    Raises:
        UsageError: It declares none (RL005).
    """
    product = _declared(workspace)
    if not product.endpoints:
        raise errors.not_an_endpoint(product.name, next(iter(product.models), "MODEL"))
    return product.endpoints


def _declared(workspace: Workspace) -> Product:
    from headway.spec.load import load_alone

    return load_alone(workspace.root / PRODUCT_FILE).product


def _chosen(workspace: Workspace, environment: str, endpoint: str | None) -> str:
    """The endpoint that is meant: the one named, else the only one."""
    names = _endpoints(workspace, environment)
    if endpoint is None and len(names) == 1:
        return names[0]
    if endpoint is None:
        raise errors.which_endpoint(environment, names)
    if endpoint not in names:
        raise errors.no_such_endpoint(environment, endpoint, names)
    return endpoint


def request(who: str, why: str, hold: str | None = None) -> Request:
    """A request made now; `hold` is a duration such as `2h`, None holds until somebody lifts it.

    Raises:
        SpecError: `hold` is not a duration.
    """
    now = SystemClock().now()
    if hold is None:
        return Request(who, why, now)
    from headway.errors.spec import not_a_quantity
    from headway.spec.quantities import DURATION, parse_duration

    try:
        return Request(who, why, now, now + parse_duration(hold))
    except ValueError as error:
        raise not_a_quantity(hold, DURATION) from error


def workspace_at(folder: Path, *environments: str | None) -> Workspace:
    """The workspace of the product at or above `folder`.

    Args:
        folder: Where the user stands.
        environments: Names that the user gave; None where none was given.

    Raises:
        UsageError: There is no product file, or an environment is neither declared nor ever moved.
    """
    file = find_product(folder)
    workspace = Workspace(file.parent)
    for name in environments:
        if name is not None and not workspace.serve(name).is_dir():
            _check_known(workspace, file, name)
    return workspace


def _check_known(workspace: Workspace, file: Path, environment: str) -> None:
    moved = workspace.open_reader().environments()
    if environment in moved:
        return
    from headway.spec.load import load_alone

    declared = tuple(load_alone(file).product.environments) or ("dev",)
    if environment not in declared:
        raise engine_errors.unknown_environment(environment, declared, str(file))


def key_around(bundle: Path) -> bytes | None:
    """The key for a bundle: of `HEADWAY_KEY`, else of the workspace that it lies in; None without one."""
    named = os.environ.get("HEADWAY_KEY")
    if named:
        return bytes.fromhex(named)
    for place in bundle.resolve().parents:
        if place.name == ".headway" and (place / "key").is_file():
            return Workspace(place.parent).key()
    return None


def verify_journal(workspace: Workspace) -> Sealed:
    """Check the chain of every fact, and that it reaches as far as what is published.

    Raises:
        GateError: A row was changed or is missing, or the ledger ends before the servers' revision.
    """
    reader = workspace.open_reader()
    sealed = reader.verify()
    for directory in sorted((workspace.state / "serve").glob("*")):
        found = published(directory, workspace.key())
        if found is None:
            continue
        present = reader.environment(found.environment).revision
        if found.revision > present:
            raise engine_errors.ledger_is_behind(found.environment, found.revision, present)
    return sealed
