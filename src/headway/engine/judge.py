"""Judge the gates that have no verdict yet, against the champion of each environment that asks.

An apply also judges for every protected environment, so that a promotion, which computes nothing,
finds its evidence.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec
import polars as pl

from headway.core.clock import SystemClock
from headway.engine.opened import Opened
from headway.engine.stages.names import ROWS
from headway.facts.evidence import Evidence
from headway.plan.make import verdicts
from headway.plan.plan import Plan, Step
from headway.spec.product import Evaluation

if TYPE_CHECKING:
    from headway.evidence.gates import Rivals
    from headway.evidence.report import Report
    from headway.facts.artifacts import Artifact


def judge(opened: Opened, plan: Plan) -> list[tuple[Evidence, str]]:
    """(evidence to record, environment) for every gate without a verdict.

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
    return _without_repeats(judged)


def _judge_step(opened: Opened, step: Step, environment: str) -> Sequence[Evidence]:
    declared = opened.loaded.product.evaluations[step.node.partition(".")[2]]
    if not declared.gates:
        return ()
    pointers = opened.reader.environment(environment).pointers
    champion = pointers.get(f"model.{declared.model}", "")
    settled = pointers.get(step.node) == step.output
    known = verdicts(opened.reader.evidence(step.output), None if settled else champion, SystemClock().now())
    open_gates = [gate for gate in declared.gates if gate not in known]
    if not open_gates:
        return ()
    return _verdicts(opened, step, declared, open_gates, champion)


def _verdicts(
    opened: Opened, step: Step, declared: Evaluation, gates: Sequence[str], champion: str
) -> list[Evidence]:
    from headway.engine.stages.evaluation import REPORT
    from headway.evidence.gates import judge as judge_gates
    from headway.evidence.report import Report

    artifact = opened.reader.artifact(step.output)
    assert artifact is not None, "a step's output is in the ledger"
    blobs = opened.workspace.blobs()
    report = msgspec.json.decode(blobs.read(artifact.file(REPORT).digest), type=Report)
    rivals = _rivals(opened, step, declared, gates, champion)
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
        for verdict in judge_gates(gates, report, rivals)
    ]


def _rivals(opened: Opened, step: Step, declared: Evaluation, gates: Sequence[str], champion: str) -> Rivals:
    """The champion, judged again on the challenger's test rows; only when a gate asks for it."""
    from headway.evidence.gates import Rivals

    made = opened.reader.made_by(step.output)[0][1].fingerprint.inputs
    challenger = made[f"model.{declared.model}"]
    if not champion or not any("champion" in gate for gate in gates):
        return Rivals()
    if champion == challenger:
        return Rivals(same=True)
    dataset = f"dataset.{opened.loaded.product.models[declared.model].dataset}"
    model = opened.reader.artifact(champion)
    rows = opened.reader.artifact(made[dataset])
    if model is None or rows is None:
        return Rivals(why_no_champion="the champion is not in the ledger any more")
    report, why = _champion_report(opened, declared, model, rows, dataset)
    return Rivals(champion=report, why_no_champion=why)


def _champion_report(
    opened: Opened, declared: Evaluation, champion: Artifact, rows: Artifact, dataset: str
) -> tuple[Report | None, str]:
    """The champion's report on rows that it was not trained on, or why there is none."""
    from headway.data import tables
    from headway.engine.evaluating import evaluate_model
    from headway.engine.models import inputs_of
    from headway.engine.user_code import importable
    from headway.features.layout import FEATURE_PREFIX

    blobs = opened.workspace.blobs()
    frame = tables.read(blobs.path(rows.file(ROWS).digest))
    gone = [item.name for item in inputs_of(champion) if FEATURE_PREFIX + item.name not in frame.columns]
    if gone:
        return None, f"the champion needs `{gone[0]}`, which the dataset does not have any more"
    trained = opened.reader.made_by(champion.digest)[0][1].fingerprint.inputs[dataset]
    unseen = _unseen(opened, frame, trained, rows.digest)
    if unseen is not None and not unseen.any():
        return None, "the champion was trained on all test rows"
    threshold = opened.loaded.product.models[declared.model].answer.threshold
    slices_off = msgspec.structs.replace(declared, slices=None)
    with importable(opened.root):
        found = evaluate_model(
            slices_off,
            champion,
            frame,
            blobs,
            threshold=threshold,
            unseen=None if unseen is None else unseen.to_numpy(),
        )
    return found.report, ""


def _unseen(opened: Opened, frame: pl.DataFrame, trained_on: str, dataset: str) -> pl.Series | None:
    """Which test rows the champion was not trained on; None when that is all of them."""
    from headway.data import tables
    from headway.features.layout import PART, ROW_PREFIX

    if trained_on == dataset:
        return None
    artifact = opened.reader.artifact(trained_on)
    if artifact is None:
        return None
    old = tables.read(opened.workspace.blobs().path(artifact.file(ROWS).digest))
    shared = [name for name in frame.columns if name.startswith(ROW_PREFIX) and name in old.columns]
    test = frame.filter(frame[PART] == "test").select(shared)
    used = old.filter(old[PART].is_in(["train", "validate"])).select(shared).unique()
    marked = test.join(
        used.with_columns(pl.lit(value=True).alias("__seen")),
        on=shared,
        how="left",
        nulls_equal=True,
        maintain_order="left",
    )
    return marked["__seen"].is_null()


def _without_repeats(judged: Sequence[tuple[Evidence, str]]) -> list[tuple[Evidence, str]]:
    """Environments with the same champion share a verdict."""
    found: dict[tuple[str, str, str], tuple[Evidence, str]] = {}
    for item, environment in judged:
        found.setdefault((item.about, item.check, item.against["champion"]), (item, environment))
    return list(found.values())
