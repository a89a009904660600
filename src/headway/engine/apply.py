"""Carry out a plan: compute what is missing, collect evidence, then ask for one pointer move.

Every durable thing goes through the ports, in an order in which a crash at any instant leaves the
old pointers valid: blobs, then the facts that name them, then a sync, then the move, then what is
published from it.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from headway.core.clock import Clock
from headway.core.ids import uuid7
from headway.engine import events
from headway.engine.groups import restored
from headway.engine.run_node import Bench, run_node
from headway.errors import HeadwayError
from headway.errors import engine as errors
from headway.facts.evidence import Evidence
from headway.facts.executions import Fingerprint
from headway.facts.fact import Fact, RunEnded, RunStarted
from headway.facts.moves import EnvironmentState, Move
from headway.plan.plan import Plan, Step
from headway.store.ports import BlobStore, EnvironmentReader, LedgerReader, LedgerWriter


class Reader(LedgerReader, EnvironmentReader, Protocol):
    """A ledger and its environments, read only."""


class Verdict(NamedTuple):
    """Whether the pointers may move.

    Attributes:
        facts: Ids of the evidence that says so.
        refusal: Why not; None when they may.
        advice: Gates that say no in an environment that is not protected, where they do not decide.
    """

    facts: tuple[str, ...] = ()
    refusal: HeadwayError | None = None
    advice: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Everything that carrying out a plan needs, given from outside so that each part can be a fake.

    Attributes:
        replan: The plan as the ledger proves it now.
        judge: Judges every gate that has no verdict yet, returns the evidence to record.
        admit: Says whether the environment accepts the plan's outputs.
        publish: Makes what is served equal to the ledger's state; idempotent.
        report: Told about every event.
        scratch: An empty folder for files on their way, removed when its block ends.
    """

    root: Path
    blobs: BlobStore
    reader: Reader
    writer: LedgerWriter
    clock: Clock
    bench: Bench
    own: Mapping[str, Fingerprint]
    replan: Callable[[], Plan]
    judge: Callable[[Plan], Sequence[tuple[Evidence, str]]]
    admit: Callable[[Plan], Verdict]
    publish: Callable[[EnvironmentState], Sequence[str]]
    report: Callable[[events.Event], None]
    scratch: Callable[[], AbstractContextManager[Path]]
    who: str
    why: str = ""


class Applied(NamedTuple):
    """What an apply did.

    Attributes:
        run: Its id; empty when there was nothing to do.
        executed: Nodes that ran, in order.
        moved: The move that was made, if any.
        refusal: Why the pointers did not move, when evidence said no.
        plan: The plan as it stands afterwards.
        brought: What servers lacked and now have though no pointer moved: the route, and tables for look-up.
    """

    run: str
    plan: Plan
    executed: tuple[str, ...] = ()
    moved: Move | None = None
    refusal: HeadwayError | None = None
    seconds: float = 0.0
    brought: tuple[str, ...] = ()


def apply(job: Job, plan: Plan) -> Applied:
    """Carry out `plan`; a plan with nothing to do writes nothing.

    Raises:
        ConflictError: Somebody else is applying, or moved the environment since the plan was made.
        UserCodeError: The product's own function failed; what ran before it is kept.
        ContractError: Data broke its contract.
        EngineError: An outside system failed.
    """
    begun = time.perf_counter()
    job.report(events.Planned(plan))
    if not plan.todo:
        for item in restored.newest(job.reader, [step.node for step in plan.steps]):
            job.report(events.Noticed(str(item)))
        return Applied("", plan, refusal=job.admit(plan).refusal)
    with job.writer.lease(f"environment-{plan.env}", f"{job.who}: apply"):
        present = job.reader.environment(plan.env)
        if present.revision != plan.revision:
            raise errors.plan_is_old(plan.env, plan.revision, present.revision)
        run = uuid7()
        job.writer.record(
            RunStarted(run=run, command="apply", environment=plan.env, plan=plan.id, who=job.who)
        )
        with _ending(job, run, begun):
            executed = _compute(job, plan, run)
            after = _collect_evidence(job)
            verdict = job.admit(after)
            moved = None if verdict.refusal else _move(job, after, present, verdict.facts)
            if verdict.advice:
                said = "; ".join(verdict.advice[:3])
                job.report(
                    events.Noticed(
                        f"gates say no: {said}; `{plan.env}` is not protected, so they do not decide"
                    )
                )
        outcome = "refused" if verdict.refusal else "succeeded"
        reason = verdict.refusal.what if verdict.refusal else ""
        seconds = time.perf_counter() - begun
        job.writer.record(RunEnded(run=run, outcome=outcome, seconds=seconds, reason=reason))
    final = job.replan() if moved else after
    return Applied(run, final, tuple(executed), moved, verdict.refusal, seconds)


@contextlib.contextmanager
def _ending(job: Job, run: str, begun: float) -> Generator[None]:
    """Record how a run ended when it did not end well; the error goes on."""
    try:
        yield
    except BaseException as error:
        outcome = "interrupted" if isinstance(error, KeyboardInterrupt) else "failed"
        reason = error.what if isinstance(error, HeadwayError) else type(error).__name__
        seconds = time.perf_counter() - begun
        job.writer.record(RunEnded(run=run, outcome=outcome, seconds=seconds, reason=reason))
        raise


def _compute(job: Job, plan: Plan, run: str) -> list[str]:
    """Run every step that is still needed when its turn comes; returns the nodes that ran."""
    outputs: dict[str, str] = {}
    executed: list[str] = []
    pending = [step for step in plan.steps if not step.output]
    with job.scratch() as folder:
        for step in plan.steps:
            if step.output:
                outputs[step.node] = step.output
                continue
            known = None if _is_forced(step) else _known(job, step.node, outputs)
            if known is not None:
                outputs[step.node] = known
                job.report(events.Reused(step, known))
                continue
            started = events.Started(step, pending.index(step) + 1, len(pending))
            job.report(started)
            finished = run_node(job.bench, step, _fingerprint(job, step.node, outputs), run, folder)
            job.report(finished)
            outputs[step.node] = finished.output
            executed.append(step.node)
    return executed


def _is_forced(step: Step) -> bool:
    """Whether a result must be made again although one with its fingerprint is known."""
    return bool(step.key) and bool(step.causes)


def _known(job: Job, node: str, outputs: Mapping[str, str]) -> str | None:
    """Early cut-off: the output of a step whose inputs came out equal to an earlier execution's."""
    done = job.reader.execution(_fingerprint(job, node, outputs).key(node))
    if done is None or done.output is None or job.bench.condition(done.output):
        return None
    return done.output


def _fingerprint(job: Job, node: str, outputs: Mapping[str, str]) -> Fingerprint:
    own = job.own[node]
    needs = job.bench.graph.node(node).needs
    return Fingerprint(
        config=own.config,
        code=own.code,
        environment=own.environment,
        data=own.data,
        inputs={**own.inputs, **{need: outputs[need] for need in needs}},
    )


def _collect_evidence(job: Job) -> Plan:
    """Judge what has no verdict yet, record it, and plan again."""
    plan = job.replan()
    for step in plan.steps:
        if step.kind == "evaluation" and step.output and step.status == "stale":
            job.report(events.Judging(step.node, len(step.causes)))
    judged = job.judge(plan)
    if judged:
        job.writer.record(*(evidence for evidence, _ in judged))
        for evidence, environment in judged:
            job.report(events.Judged(evidence, environment))
    return job.replan()


def _move(job: Job, plan: Plan, present: EnvironmentState, evidence: tuple[str, ...]) -> Move | None:
    """Sync every blob, then move all pointers in one transaction, then publish."""
    begun = time.perf_counter()
    moving = {step.node: step.output for step in plan.steps if step.moves}
    if not moving:
        return None
    move = Move(
        environment=plan.env,
        revision=present.revision + 1,
        action="apply",
        who=job.who,
        why=job.why or "the product file and its inputs changed",
        at=job.clock.now(),
        before={node: present.pointers[node] for node in moving if node in present.pointers},
        after=moving,
        evidence=evidence,
        plan=plan.id,
        holds=present.holds,
    )
    job.blobs.sync()
    commit(job.writer, move)
    job.publish(job.reader.environment(plan.env))
    job.report(events.Moved(move, time.perf_counter() - begun))
    return move


def commit(writer: LedgerWriter, move: Move) -> Fact:
    """Make the move durable; separate so that promotion and rollback pass through the same door."""
    return writer.move(move)


def summary(applied: Applied) -> dict[str, Any]:
    """An apply as JSON values, in the documented schema of `apply --json`."""
    return {
        "run": applied.run,
        "plan": applied.plan.id,
        "env": applied.plan.env,
        "executed": list(applied.executed),
        "revision": applied.moved.revision if applied.moved else applied.plan.revision,
        "moved": dict(applied.moved.after) if applied.moved else {},
        "brought": list(applied.brought),
        "refused": applied.refusal.what if applied.refusal else None,
        "seconds": round(applied.seconds, 3),
    }
