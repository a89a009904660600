"""`apply` from the product file: open, plan, carry out, publish."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path

from headway.core.clock import SystemClock
from headway.engine import anonymity, events, governing
from headway.engine.admission import admit
from headway.engine.apply import Applied, Job, Verdict, apply
from headway.engine.delivery import serving
from headway.engine.judge import judge
from headway.engine.opened import Opened, check_environment, open_product, plan, within_environment
from headway.engine.run_node import Bench
from headway.engine.stages.table import stages
from headway.errors import engine as errors
from headway.facts.evidence import Evidence
from headway.facts.moves import EnvironmentState
from headway.plan.locked import refusal
from headway.plan.plan import Plan
from headway.spec.built import not_built
from headway.survey.closure import Closure


def converge(
    file: Path,
    environment: str,
    *,
    only: Collection[str],
    refresh: Collection[str],
    who: str,
    why: str,
    report: Callable[[events.Event], None],
) -> Applied:
    """Make an environment what the product file wants.

    Raises:
        SpecError: The file is wrong, or uses parts that are not built yet.
        ConflictError: Somebody else is applying.
        HeadwayError: What a stage raised.
    """
    opened = open_product(file)
    check_environment(opened, environment)
    parts = not_built(opened.loaded)
    if parts:
        raise errors.not_built_yet(parts)
    opened = within_environment(opened, environment, only)
    serving.sweep(opened.workspace)
    settled = serving.settle(opened.workspace, environment)
    if settled is not None:
        report(
            events.Noticed(f"journalled what was done without the ledger: {settled.action} by {settled.who}")
        )
    made = plan(opened, environment, only, refresh)
    refused = refusal(made)
    if refused is not None:  # whatever would be computed
        report(events.Planned(made))
        return Applied("", made, refusal=refused)
    job = job_of(opened, environment, only=only, who=who, why=why, report=report)
    applied = apply(job, made)
    if not made.todo:  # a rule may have come since the releases were judged
        governed = anonymity.standing(opened, made)
        job.writer.record(*governing.evidence(governed, made, opened.reader, SystemClock().now()))
    if applied.moved:
        return applied
    return applied._replace(brought=tuple(job.publish(opened.reader.environment(environment))))


def job_of(
    opened: Opened,
    environment: str,
    *,
    only: Collection[str],
    who: str,
    why: str,
    report: Callable[[events.Event], None],
) -> Job:
    """Everything that carrying out a plan of this product needs."""
    workspace = opened.workspace
    bench = bench_of(opened, who)

    begun = bench.clock.now()

    def replan() -> Plan:
        # As of the beginning: what ripens while an apply runs is for the next one, or it would never end.
        return plan(opened, environment, only, now=begun)

    def judge_plan(made: Plan) -> list[tuple[Evidence, str]]:
        return judge(opened, made)

    def admit_plan(made: Plan) -> Verdict:
        return admit(opened, made)

    def publish(state: EnvironmentState) -> list[str]:
        is_routed, done = serving.release_features(workspace, opened.loaded.product, state)
        for table in done:
            report(events.Materialised(table, table.seconds))
        return [*(["the route"] if is_routed else []), *(table.table for table in done)]

    return Job(
        root=opened.root,
        blobs=bench.blobs,
        reader=opened.reader,
        writer=bench.writer,
        clock=bench.clock,
        bench=bench,
        own=opened.own,
        replan=replan,
        judge=judge_plan,
        admit=admit_plan,
        publish=publish,
        report=report,
        scratch=workspace.scratch,
        who=who,
        why=why,
    )


def bench_of(opened: Opened, who: str) -> Bench:
    """What each node of this product is run with."""
    present = opened.present
    declaration_files = (opened.file.name, *opened.loaded.contracts)
    return Bench(
        root=opened.root,
        graph=opened.graph,
        blobs=opened.workspace.blobs(),
        reader=opened.reader,
        writer=opened.workspace.open_writer(),
        clock=SystemClock(),
        stages=stages(),
        condition=opened.conditions,
        key=opened.workspace.key,
        tables=opened.workspace.tables,
        who=who,
        declaration=opened.loaded,
        # The declaration goes into every archive: a node is made again from it, with or without code.
        code_files={
            node.name: (*_code(present.closures.get(node.name)), *declaration_files)
            for node in opened.graph.nodes
        },
        libraries={name: dict(versions) for name, versions in present.environment.items()},
    )


def _code(closure: Closure | None) -> tuple[str, ...]:
    return () if closure is None else closure.files
