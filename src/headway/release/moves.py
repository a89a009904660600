"""The moves that people ask for: promote, roll back, stop, lift a hold. Pure: state in, move out.

`apply` makes its own moves from a plan; all of them are committed by the same compare-and-swap.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from headway.errors import release as errors
from headway.facts.moves import ANY_DIGEST, EnvironmentState, Hold, Move
from headway.release.history import earlier_release, was_released


class Request(NamedTuple):
    """Who asks for a move, why, and when; `until` ends the hold that a rollback or stop leaves."""

    who: str
    why: str
    at: datetime
    until: datetime | None = None


def roll_back(state: EnvironmentState, moves: Sequence[Move], endpoint: str, request: Request) -> Move:
    """Bring back every pointer of the release before, and hold the present one.

    Raises:
        GateError: There is no earlier release to go back to, or never was any.
    """
    if not was_released(moves, (endpoint,)):
        raise errors.nothing_was_released(state.name, (endpoint,), "roll back to")
    target = earlier_release(moves, endpoint)
    if target is None:
        raise errors.nothing_to_roll_back_to(state.name, endpoint)
    present = state.pointers.get(endpoint)
    holds = [hold for hold in state.holds if hold.node != endpoint or hold.digest != ANY_DIGEST]
    holds = [hold for hold in holds if hold.digest != target[endpoint]]
    if present is not None:
        holds.append(_hold(endpoint, present, request))
    return _between(state, target, "roll_back", request, tuple(holds))


def stop(state: EnvironmentState, moves: Sequence[Move], endpoints: Sequence[str], request: Request) -> Move:
    """Take the pointers of `endpoints` away, and hold every release until somebody lifts it.

    Raises:
        GateError: Nothing was ever released to any of them.
    """
    if not was_released(moves, endpoints):
        raise errors.nothing_was_released(state.name, endpoints, "stop")
    target = {node: digest for node, digest in state.pointers.items() if node not in endpoints}
    kept = tuple(hold for hold in state.holds if not (hold.node in endpoints and hold.digest == ANY_DIGEST))
    holds = kept + tuple(_hold(endpoint, ANY_DIGEST, request) for endpoint in endpoints)
    return _between(state, target, "stop", request, holds)


def lift(state: EnvironmentState, endpoint: str, request: Request) -> Move:
    """End every hold on an endpoint.

    Raises:
        UsageError: Nothing is held there.
    """
    holds = tuple(hold for hold in state.holds if hold.node != endpoint)
    if len(holds) == len(state.holds):
        raise errors.nothing_is_held(state.name, endpoint)
    return _between(state, state.pointers, "unhold", request, holds)


def promote(
    state: EnvironmentState,
    target: Mapping[str, str],
    request: Request,
    evidence: tuple[str, ...],
) -> Move:
    """Point one environment at what another one points at; computes nothing."""
    return _between(state, {**state.pointers, **target}, "promote", request, state.holds, evidence)


def override(
    state: EnvironmentState, target: Mapping[str, str], request: Request, holds: tuple[Hold, ...]
) -> Move:
    """Write into the journal what was done to the servers while the ledger was away."""
    return _between(state, target, "override", request, holds)


def _hold(endpoint: str, digest: str, request: Request) -> Hold:
    return Hold(
        node=endpoint, digest=digest, who=request.who, why=request.why, at=request.at, until=request.until
    )


def _between(
    state: EnvironmentState,
    target: Mapping[str, str],
    action: str,
    request: Request,
    holds: tuple[Hold, ...],
    evidence: tuple[str, ...] = (),
) -> Move:
    """The move from the present pointers to `target`, naming only those that change."""
    nodes = state.pointers.keys() | target.keys()
    changed = sorted(node for node in nodes if state.pointers.get(node) != target.get(node))
    return Move(
        environment=state.name,
        revision=state.revision + 1,
        action=action,  # ty: ignore[invalid-argument-type]
        who=request.who,
        why=request.why,
        at=request.at,
        before={node: state.pointers[node] for node in changed if node in state.pointers},
        after={node: target[node] for node in changed if node in target},
        evidence=evidence,
        holds=holds,
    )
