"""Promotion: one environment takes another's pointers, through its own gates; computes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from headway.core.clock import SystemClock
from headway.engine.admission import admit
from headway.engine.delivery import serving
from headway.engine.groups.shared import require_released
from headway.engine.opened import Opened, check_environment, open_product
from headway.errors import release as errors
from headway.facts.moves import EnvironmentState, Move
from headway.plan.make import hold_on
from headway.plan.plan import Plan, Step
from headway.release import moves
from headway.release.moves import Request


class Promoted(NamedTuple):
    """What a promotion did: the move, or None when the target pointed there already."""

    move: Move | None
    lifted: Move | None = None


def promote(file: Path, source: str, target: str, *, who: str, why: str, unhold: bool) -> Promoted:
    """Point `target` at what `source` points at.

    Args:
        file: The product file.
        source: Environment to take the pointers from.
        target: Environment to move.
        who: Who asks, for the journal.
        why: The reason, for the journal.
        unhold: Lift holds on the target's endpoints first; with no source, only that.

    Raises:
        GateError: The target's gates refuse, the release is held there, or it is made of rows of another
            product that its environment of this name never had.
        UsageError: The source points at nothing.
    """
    opened = open_product(file)
    check_environment(opened, target)
    writer = opened.workspace.open_writer()
    with writer.lease(f"environment-{target}", f"{who}: promote"):
        serving.settle(opened.workspace, target)
        request = Request(who, why, SystemClock().now())
        lifted = _lift(opened, target, request) if unhold else None
        if source == target:
            return Promoted(None, lifted)
        check_environment(opened, source)
        return Promoted(_move(opened, source, target, request), lifted)


def _lift(opened: Opened, target: str, request: Request) -> Move | None:
    move = None
    writer = opened.workspace.open_writer()
    for name in opened.loaded.product.endpoints:
        state = opened.reader.environment(target)
        if any(hold.node == f"endpoint.{name}" for hold in state.holds):
            move = moves.lift(state, f"endpoint.{name}", request)
            writer.move(move)
    if move is None:
        raise errors.nothing_is_held(target)
    _publish(opened, target)
    return move


def _move(opened: Opened, source: str, target: str, request: Request) -> Move | None:
    origin, state = opened.reader.environment(source), opened.reader.environment(target)
    if not origin.pointers:
        raise errors.nothing_to_promote(source)
    _refuse_held(origin, state, request)
    move = moves.promote(state, origin.pointers, request, ())
    if not move.after:
        return None
    require_released(opened.loaded, opened.reader, origin.pointers, target)
    verdict = admit(opened, _as_plan(opened, origin, state, target))
    if verdict.refusal is not None:
        raise verdict.refusal
    move = moves.promote(state, origin.pointers, request, verdict.facts)
    opened.workspace.blobs().sync()
    opened.workspace.open_writer().move(move)
    _publish(opened, target)
    return move


def _refuse_held(origin: EnvironmentState, state: EnvironmentState, request: Request) -> None:
    for node, digest in origin.pointers.items():
        held = hold_on(state, node, digest, request.at)
        if held is not None:
            raise errors.release_is_held(state.name, node, digest, held.who, held.why)


def _as_plan(opened: Opened, origin: EnvironmentState, state: EnvironmentState, target: str) -> Plan:
    """The move as a plan whose every step is fresh, so that it passes the same door as an apply."""
    steps = tuple(
        Step(
            node=node.name,
            kind=node.kind,
            status="fresh",
            output=origin.pointers[node.name],
            moves=state.pointers.get(node.name) != origin.pointers[node.name],
        )
        for node in opened.graph.nodes
        if node.name in origin.pointers
    )
    return Plan("", target, state.revision, steps)


def _publish(opened: Opened, target: str) -> None:
    serving.release_features(opened.workspace, opened.loaded.product, opened.reader.environment(target))
