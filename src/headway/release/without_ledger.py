"""Stop and rollback while the ledger is away: an override beside the route, journalled later.

Works from what lies in the environment's serving directory alone. The override wins over the route
until the ledger is back; then `settle` writes it into the journal before anything else may move.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
from msgspec.structs import replace

from headway.bundle import route, signing
from headway.bundle.route import RELEASES, Endpoint, Override, Route
from headway.core import clock
from headway.errors import release as errors
from headway.facts.moves import ANY_DIGEST, EnvironmentState, Hold, Move
from headway.release import moves
from headway.release.history import replay
from headway.release.moves import Request
from headway.release.publish import KEPT


def override_stop(directory: Path, key: bytes, request: Request, endpoints: Sequence[str] = ()) -> Override:
    """Take every endpoint out of service.

    Args:
        directory: The environment's serving directory.
        key: The workspace's key.
        request: Who, why, when.
        endpoints: Their short names, for the refusal.

    Raises:
        GateError: Nothing was ever published here.
        EngineError: The route is damaged, or the disk refuses.
    """
    _require_release(directory, endpoints, "stop")
    present = _present(directory, key)
    stopped = tuple(replace(endpoint, releases=()) for endpoint in present.endpoints)
    return _write(directory, key, present, "stop", request, stopped)


def override_roll_back(directory: Path, key: bytes, request: Request, endpoint: str) -> Override:
    """Bring back the release before, from the routes and bundles that are kept on disk.

    Raises:
        GateError: Nothing was ever published here.
        EngineError: No earlier release lies here, or the disk refuses.
    """
    _require_release(directory, (endpoint,), "roll back to")
    present = _present(directory, key)
    earlier = _earlier(directory, key, present, endpoint)
    if earlier is None:
        raise errors.no_release_kept(present.environment, str(directory))
    settings = next(item for item in present.endpoints if item.name == endpoint)
    back = replace(settings, releases=earlier.releases)
    return _write(directory, key, present, "roll_back", request, (back,))


def _require_release(directory: Path, endpoints: Sequence[str], action: str) -> None:
    """Refuse where no release was ever put beside the servers."""
    if not any((directory / RELEASES).glob("*")):
        nodes = [f"endpoint.{name}" for name in endpoints]
        raise errors.nothing_was_released(directory.name, nodes, action)


def _present(directory: Path, key: bytes) -> Route:
    return route.effective(route.read(directory, key), route.read_override(directory, key))


def _earlier(directory: Path, key: bytes, present: Route, endpoint: str) -> Endpoint | None:
    """The endpoint as it was with the release before the present one; newest first on disk."""
    line: list[Endpoint] = []
    for kept in _kept(directory / KEPT, key):
        found = [item for item in kept.endpoints if item.name == endpoint and item.releases]
        if found and (not line or line[-1].releases != found[0].releases):
            line.append(found[0])
    now = next((item.releases for item in present.endpoints if item.name == endpoint), ())
    at = next((index for index, item in enumerate(line) if item.releases == now), -1)
    older = [item for item in line[at + 1 :] if _is_kept(item, directory)]
    return older[0] if older else None


def _kept(folder: Path, key: bytes) -> Iterator[Route]:
    """The routes that were published, newest first; one that is damaged or not ours is passed over."""
    for path in sorted(folder.glob("*.json"), reverse=True):
        with contextlib.suppress(OSError, msgspec.DecodeError, UnicodeDecodeError):
            found = msgspec.json.decode(path.read_bytes(), type=Route)
            if signing.is_signed(found, key):
                yield found


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


def is_done(override: Override, state: EnvironmentState) -> bool:
    """Whether the ledger already points where the override does; pure.

    It does when the move was committed and only its publication failed, so that an override had to
    carry it to the servers.
    """
    return all(
        state.pointers.get(f"endpoint.{endpoint.name}")
        == (endpoint.releases[0].release if endpoint.releases else None)
        for endpoint in override.endpoints
    )


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
