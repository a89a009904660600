"""Products of plain Python values, for tests and benches of the engine itself.

The same engine, planner and store as for real products; only the stages are small: a node's value
is what its function makes of the values of its needs, kept as JSON.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from headway.core import digest
from headway.core.clock import SystemClock
from headway.engine import events
from headway.engine.apply import Job, Verdict
from headway.engine.run_node import Bench
from headway.engine.work import Draft, Stage, Work
from headway.facts.executions import Fingerprint
from headway.facts.moves import EnvironmentState
from headway.plan.make import Wanted, make
from headway.plan.plan import Plan
from headway.spec.graph import Graph, Node
from headway.store.ports import BlobStore, LedgerWriter
from headway.store.workspace import Workspace

FILE = "value.json"


class PlainNode(NamedTuple):
    """One node: a function from the values of its needs (by name) to a JSON value.

    Attributes:
        version: Stands for the function's code in the fingerprint.
    """

    name: str
    function: Callable[[Mapping[str, Any]], Any]
    needs: tuple[str, ...] = ()
    version: str = "1"


def stage_of(nodes: Sequence[PlainNode]) -> Stage:
    """The stage that runs these nodes."""
    functions = {node.name: node.function for node in nodes}

    def run(work: Work) -> Draft:
        values = {
            name: json.loads(work.blobs.read(artifact.file(FILE).digest))
            for name, artifact in work.inputs.items()
        }
        data = digest.canonical(functions[work.node.name](values))
        return Draft(kind="value", digest=digest.of_bytes(data), files={FILE: data})

    return run


def plain_job(
    root: Path,
    nodes: Sequence[PlainNode],
    *,
    environment: str = "dev",
    report: Callable[[events.Event], None] = events.unheard,
    wrap_blobs: Callable[[BlobStore], BlobStore] = lambda blobs: blobs,
    wrap_writer: Callable[[LedgerWriter], LedgerWriter] = lambda writer: writer,
    publish: Callable[[EnvironmentState], Sequence[str]] | None = None,
) -> Job:
    """A job on the embedded store below `root`, ready for `headway.engine.apply.apply`.

    Args:
        root: The workspace's directory.
        nodes: Every node after what it needs.
        environment: The environment to apply to.
        report: Told about every event.
        wrap_blobs: Puts a fault maker around the blob store.
        wrap_writer: Puts a fault maker around the ledger's writer.
        publish: Called after each move.
    """
    workspace = Workspace(root)
    workspace.sweep()
    blobs = wrap_blobs(workspace.blobs())
    writer = wrap_writer(workspace.open_writer())
    reader = workspace.open_reader()
    graph = Graph(nodes=tuple(Node(name=node.name, kind="value", needs=node.needs) for node in nodes))
    own = {node.name: Fingerprint(code={node.name: node.version}) for node in nodes}

    def condition(output: str) -> str:
        artifact = reader.artifact(output)
        if artifact is None:
            return "missing"
        return "" if all(blobs.path(file.digest).exists() for file in artifact.files) else "missing"

    def replan() -> Plan:
        state = reader.environment(environment)
        wanted = Wanted(own=own)
        now = clock.now()
        return make(graph=graph, wanted=wanted, history=reader, state=state, condition=condition, now=now)

    clock = SystemClock()
    bench = Bench(
        root=root,
        graph=graph,
        blobs=blobs,
        reader=reader,
        writer=writer,
        clock=clock,
        stages={"value": stage_of(nodes)},
        condition=condition,
        key=lambda: b"plain",
        tables=workspace.tables,
    )
    return Job(
        root=root,
        blobs=blobs,
        reader=reader,
        writer=writer,
        clock=clock,
        bench=bench,
        own=own,
        replan=replan,
        judge=lambda _: (),
        admit=lambda _: Verdict(),
        publish=publish or (lambda _: ()),
        report=report,
        scratch=workspace.scratch,
        who="test",
    )
