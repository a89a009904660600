"""Bring back the rows of an earlier commit as a new commit; nothing of the history is taken away."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from msgspec.structs import replace

from headway.core.clock import SystemClock
from headway.core.ids import uuid7
from headway.engine.groups.commit import Making, commit_all, place_of
from headway.engine.groups.log import snapshot_of
from headway.engine.groups.shared import place_of_lender
from headway.engine.opened import Opened, open_product, plan
from headway.engine.own_contract import judge
from headway.engine.questions.group_history import artifact_of, commit_at
from headway.errors import sharing
from headway.errors import tables as errors
from headway.facts.commits import Committed
from headway.facts.executions import Execution, Fingerprint
from headway.facts.fact import Made, RunEnded, RunStarted
from headway.spec.neighbours import is_shared

COMMAND = "group restore"


class Restored(NamedTuple):
    """What a restore did.

    Attributes:
        source: The commit whose rows came back.
        commit: The commit that holds them now.
        is_new: Whether it was made; the newest rows may be those already.
    """

    source: Committed
    commit: Committed
    is_new: bool

    def to_json(self) -> dict[str, Any]:
        """The documented schema of `group restore --json`."""
        return {
            "node": self.commit.node,
            "restored": self.source.number,
            "number": self.commit.number,
            "commit": self.commit.commit,
            "new": self.is_new,
            "added": self.commit.added,
            "updated": self.commit.updated,
            "deleted": self.commit.deleted,
            "rows": self.commit.rows,
        }


class _Author(NamedTuple):
    now: datetime
    run: str
    who: str


def restore(file: Path, reference: str, who: str, why: str) -> Restored:
    """Make a group hold the rows of an earlier commit, until its sources or its code change.

    The new commit takes the place of what the group's code made of the sources as they are, so that
    the next apply builds on it. No pointer moves here.

    Raises:
        UsageError: There is no such commit, it is of another version or product, or the sources are not up to
            date.
        ConflictError: Somebody else writes the group.
        ContractError: The rows break the contract that the group has now.
        EngineError: The rows of the commit are damaged or collected.
    """
    opened = open_product(file)
    source = commit_at(opened.reader, reference)
    name = source.node.partition(".")[2]
    if is_shared(name) and name in opened.loaded.product.feature_groups:
        _, folder = place_of_lender(opened.loaded, name)
        raise sharing.group_is_of_another_product(reference, folder, "group restore GROUP@N")
    group = opened.loaded.product.feature_groups.get(name)
    if group is None or group.version != source.version:
        raise errors.commit_is_of_another_version(reference, source.version, group.version if group else 0)
    fingerprint = _fingerprint(opened, source.node)
    writer, tables = opened.workspace.open_writer(), opened.workspace.tables()
    author = _Author(SystemClock().now(), uuid7(), who)
    with writer.lease(source.node, f"{who}: {COMMAND}"):
        snapshot = snapshot_of(artifact_of(opened.reader, source))
        rows = tables.read(snapshot).collect()
        contract = opened.loaded.contracts.get(group.contract or "")
        judged = judge(rows, contract, source.node, author.now) if contract is not None else None
        place = place_of(opened.reader, tables, source.node, source.version, source.table)
        making = Making(
            "restore", source.code, judged.outcome if judged else source.contract, source.number, why
        )
        made = commit_all(tables, place, rows, snapshot.key, author, making)
        execution = Execution(
            run=author.run,
            node=source.node,
            kind="feature_group",
            fingerprint=fingerprint,
            key=fingerprint.key(source.node),
            outcome="succeeded",
            started=author.now,
            seconds=(SystemClock().now() - author.now).total_seconds(),
            output=made.fact.commit,
            trigger=f"{COMMAND} to commit {source.number} by {who}" + (f": {why}" if why else ""),
        )
        writer.record(
            RunStarted(run=author.run, command=COMMAND, environment="", plan="", who=who),
            Made(artifact=made.artifact(), node=source.node),
            *((made.fact,) if made.is_new else ()),
            *((replace(judged, about=made.fact.commit),) if judged is not None else ()),
            execution,
            RunEnded(run=author.run, outcome="succeeded", seconds=execution.seconds),
        )
    return Restored(source, made.fact, made.is_new)


def _fingerprint(opened: Opened, node: str) -> Fingerprint:
    """What the group is made of now.

    Raises:
        UsageError: Its sources are not up to date.
    """
    environment = next(iter(opened.loaded.product.environments), "dev")
    outputs = {step.node: step.output for step in plan(opened, environment).steps}
    needs = opened.graph.node(node).needs
    if not all(outputs.get(need) for need in needs):
        raise errors.group_is_behind(node)
    own = opened.own[node]
    return Fingerprint(
        config=own.config,
        code=own.code,
        environment=own.environment,
        data=own.data,
        inputs={need: outputs[need] for need in needs},
    )
