"""Stop and rollback while the ledger is away: an override beside the route, journalled later.

Works from what lies in the environment's serving directory alone. The override wins over the route
until the ledger is back; then `settle` writes it into the journal before anything else may move.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
from msgspec.structs import replace

from headway.bundle import route
from headway.bundle.route import RELEASES, Endpoint, Override, Route
from headway.core import clock
from headway.errors import release as errors
from headway.facts.moves import ANY_DIGEST, EnvironmentState, Hold, Move
from headway.release import moves
from headway.release.history import replay
from headway.release.moves import Request
from headway.release.publish import KEPT


def override_stop(directory: Path, key: bytes, request: Request) -> Override:
    """Take every endpoint out of service.

    Raises:
        EngineError: Nothing was ever published here, or the disk refuses.
    """
    present = _present(directory, key)
    stopped = tuple(replace(endpoint, releases=()) for endpoint in present.endpoints)
    return _write(directory, key, present, "stop", request, stopped)


def override_roll_back(directory: Path, key: bytes, request: Request, endpoint: str) -> Override:
    """Bring back the release before, from the routes and bundles that are kept on disk.

    Raises:
        EngineError: No earlier release lies here, or the disk refuses.
    """
    present = _present(directory, key)
    earlier = _earlier(directory, present, endpoint)
    if earlier is None:
        raise errors.no_release_kept(present.environment, str(directory))
    settings = next(item for item in present.endpoints if item.name == endpoint)
    back = replace(settings, releases=earlier.releases)
    return _write(directory, key, present, "roll_back", request, (back,))


def _present(directory: Path, key: bytes) -> Route:
    return route.effective(route.read(directory, key), route.read_override(directory, key))


def _earlier(directory: Path, present: Route, endpoint: str) -> Endpoint | None:
    """The endpoint as it was with the release before the present one; newest first on disk."""
    line: list[Endpoint] = []
    for path in sorted((directory / KEPT).glob("*.json"), reverse=True):
        kept = msgspec.json.decode(path.read_bytes(), type=Route)
        found = [item for item in kept.endpoints if item.name == endpoint and item.releases]
        if found and (not line or line[-1].releases != found[0].releases):
            line.append(found[0])
    now = next((item.releases for item in present.endpoints if item.name == endpoint), ())
    at = next((index for index, item in enumerate(line) if item.releases == now), -1)
    older = [item for item in line[at + 1 :] if _is_kept(item, directory)]
    return older[0] if older else None


def _is_kept(endpoint: Endpoint, directory: Path) -> bool:
    return all((directory / RELEASES / served.release).is_dir() for served in endpoint.releases)


def _write(
    directory: Path,
    key: bytes,
    present: Route,
    action: str,
    request: Request,
    endpoints: tuple[Endpoint, ...],
) -> Override:
    override = Override(
        environment=present.environment,
        over=present.revision,
        action=action,
        who=request.who,
        why=request.why,
        at=clock.to_text(request.at),
        endpoints=endpoints,
    )
    return route.write_override(override, directory, key)


def settle(override: Override, state: EnvironmentState, past: Sequence[Move]) -> Move:
    """The move that writes an override into the journal; pure.

    Args:
        override: What was done without the ledger.
        state: The environment as the ledger has it.
        past: The environment's moves, oldest first.
    """
    request = Request(override.who, override.why, clock.from_text(override.at))
    target = dict(state.pointers)
    holds = list(state.holds)
    for endpoint in override.endpoints:
        node = f"endpoint.{endpoint.name}"
        held = ANY_DIGEST if not endpoint.releases else state.pointers.get(node, "")
        if held:
            holds.append(
                Hold(node=node, digest=held, who=request.who, why=request.why, at=request.at, until=None)
            )
        if not endpoint.releases:
            target.pop(node, None)
            continue
        back = endpoint.releases[0].release
        target |= next(
            (after for _, after in reversed([*replay(past)]) if after.get(node) == back), {node: back}
        )
    return moves.override(state, target, request, tuple(holds))
