"""Judge the gates that have no verdict yet, against the champion of each environment that asks.

An apply also judges for every protected environment, so that a promotion, which computes nothing,
finds its evidence.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from headway.core.clock import SystemClock
from headway.engine import anonymity, governing
from headway.engine.opened import Opened
from headway.facts.evidence import Evidence, Outcome
from headway.plan.make import verdicts
from headway.plan.plan import Plan, Step
from headway.spec.expression import mentions
from headway.spec.product import Evaluation
from headway.spec.references import LATENCIES


def judge(opened: Opened, plan: Plan) -> list[tuple[Evidence, str]]:
    """(evidence to record, environment) for every gate without a verdict, and every rule on a new release.

    Raises:
        UserCodeError: A metric of the product failed on the champion.
    """
    environments = [plan.env]
    environments += [
        name
        for name, declared in opened.loaded.product.environments.items()
        if declared.protected and name != plan.env
    ]
    judged: list[tuple[Evidence, str]] = []
    for step in plan.steps:
        if step.kind == "evaluation" and step.output:
            for environment in environments:
                judged += [(item, environment) for item in _judge_step(opened, step, environment)]
    now = SystemClock().now()
    measured = anonymity.measured(opened, plan, now)
    governed = anonymity.standing(opened, plan, measured)
    ruled = [*measured, *governing.evidence(governed, plan, opened.reader, now)]
    return [*_without_repeats(judged), *((item, plan.env) for item in ruled)]


def _judge_step(opened: Opened, step: Step, environment: str) -> Sequence[Evidence]:
    declared = opened.loaded.product.evaluations[step.node.partition(".")[2]]
    if not declared.gates:
        return ()
    pointers = opened.reader.environment(environment).pointers
    champion = pointers.get(f"model.{declared.model}", "")
    settled = pointers.get(step.node) == step.output
    known = verdicts(opened.reader.evidence(step.output), None if settled else champion, SystemClock().now())
    # A machine that was busy fails a latency once, so what failed is measured again.
    open_gates = [
        gate
        for gate in declared.gates
        if gate not in known or (mentions(gate, LATENCIES) and known[gate][1].outcome is Outcome.FAIL)
    ]
    if not open_gates:
        return ()
    return _verdicts(opened, step, declared, open_gates, champion)


def _verdicts(
    opened: Opened, step: Step, declared: Evaluation, gates: Sequence[str], champion: str
) -> list[Evidence]:
    from headway.engine import latency
    from headway.engine.champion import rivals_of
    from headway.engine.stages.names import REPORT
    from headway.evidence.gates import judge as judge_gates
    from headway.evidence.report import Report

    artifact = opened.reader.artifact(step.output)
    assert artifact is not None, "a step's output is in the ledger"
    blobs = opened.workspace.blobs()
    report = msgspec.json.decode(blobs.read(artifact.file(REPORT).digest), type=Report)
    rivals = rivals_of(opened, step.output, declared, gates, champion)
    seconds = {}
    if any(mentions(gate, LATENCIES) for gate in gates):
        made = opened.reader.made_by(step.output)[0][1].fingerprint.inputs
        rows = made[f"dataset.{opened.loaded.product.models[declared.model].dataset}"]
        seconds = latency.of_model(opened, made[f"model.{declared.model}"], rows)
        if rivals.champion is not None:
            rivals = rivals._replace(seconds=latency.of_model(opened, champion, rows))
    now = SystemClock().now()
    return [
        Evidence(
            check=verdict.gate,
            node=step.node,
            about=step.output,
            outcome=verdict.outcome,
            at=now,
            against={"champion": champion},
            observed=verdict.observed,
            wanted=verdict.wanted,
            reason=verdict.reason,
            values={name: value for name, value in verdict.values.items() if value == value},  # noqa: PLR0124 -- NaN is no JSON
        )
        for verdict in judge_gates(gates, report, rivals, seconds)
    ]


def _without_repeats(judged: Sequence[tuple[Evidence, str]]) -> list[tuple[Evidence, str]]:
    """Environments with the same champion share a verdict."""
    found: dict[tuple[str, str, str], tuple[Evidence, str]] = {}
    for item, environment in judged:
        found.setdefault((item.about, item.check, item.against["champion"]), (item, environment))
    return list(found.values())
