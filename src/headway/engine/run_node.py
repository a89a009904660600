"""Run one node: call its stage, keep its files, record what happened; never half of it."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from headway.core.clock import Clock
from headway.engine import events
from headway.engine.archive import pack
from headway.engine.user_code import captured
from headway.engine.work import Draft, Past, Stage, Work
from headway.errors import HeadwayError
from headway.errors import engine as errors
from headway.errors.masking import masked, working_on
from headway.facts.artifacts import Artifact, StoredFile
from headway.facts.evidence import Outcome
from headway.facts.executions import Execution, Fingerprint
from headway.facts.fact import Body, Made
from headway.plan.plan import Step
from headway.spec.graph import Graph, Node
from headway.store.ports import BlobStore, LedgerWriter, TableStore

_LAST_LINES = 5
_WIDEST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What a node is run with; the same for every node of a run.

    Attributes:
        stages: Kind of node -> what computes it.
        code_files: Node -> files of the product that its code is in, for the archive.
        libraries: Node -> distribution -> version installed.
        condition: Artifact digest -> what is wrong with it; empty when it is whole.
    """

    root: Path
    graph: Graph
    blobs: BlobStore
    reader: Past
    writer: LedgerWriter
    clock: Clock
    stages: Mapping[str, Stage]
    condition: Callable[[str], str]
    key: Callable[[], bytes]
    tables: Callable[[], TableStore]
    who: str = ""
    declaration: Any = None
    code_files: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    libraries: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def run_node(bench: Bench, step: Step, fingerprint: Fingerprint, run: str, folder: Path) -> events.Finished:
    """Compute one node and record its execution, artifact and evidence in one transaction.

    Raises:
        ConflictError: Somebody else writes the table of this feature group.
        HeadwayError: What the stage raised; the failed execution is recorded first.
    """
    node = bench.graph.node(step.node)
    # From the first look at a table until the fact that names its new version, nobody else writes it.
    is_group = node.kind == "feature_group"
    with bench.writer.lease(node.name, f"{bench.who}: apply") if is_group else nullcontext():
        return _run(bench, step, node, fingerprint, run, folder)


def _run(
    bench: Bench, step: Step, node: Node, fingerprint: Fingerprint, run: str, folder: Path
) -> events.Finished:
    from headway.engine.personal import mask_for  # late: it loads Polars, and most applies run no node

    refreshed = any(cause.kind == "policy" for cause in step.causes)
    work = _work(bench, node, fingerprint, run, folder, refreshed=refreshed)
    with working_on(mask_for(work)):
        return _worked(bench, step, work, fingerprint, run, folder)


def _worked(
    bench: Bench, step: Step, work: Work, fingerprint: Fingerprint, run: str, folder: Path
) -> events.Finished:
    begun, node = time.perf_counter(), work.node
    attempt = _attempt(bench, step, fingerprint, run)
    with captured() as printed:
        try:
            draft = bench.stages[node.kind](work)
        except HeadwayError as error:
            _record_failure(bench, attempt, error, time.perf_counter() - begun, printed.getvalue())
            raise
        except SystemExit as ended:
            error = errors.code_ended_the_run(node.name, ended)
            _record_failure(bench, attempt, error, time.perf_counter() - begun, printed.getvalue())
            raise error from ended
    artifact = _keep(bench, draft)
    done = replace(
        attempt,
        outcome="succeeded",
        output=artifact.digest,
        seconds=time.perf_counter() - begun,
        seed=draft.seed,
        log=_keep_log(bench, printed.getvalue()),
        waits_until=draft.waits_until,
    )
    earlier = bench.reader.executions(node.name)
    _record(bench, artifact, draft, done)
    _clear(folder)
    unchanged = bool(earlier) and earlier[0].output == artifact.digest
    warnings = tuple(
        f"{node.name}: {item.observed}" for item in draft.evidence if item.outcome is Outcome.WARN
    )
    return events.Finished(step, artifact.digest, done.seconds, unchanged, artifact.meta, warnings)


def _work(
    bench: Bench, node: Node, fingerprint: Fingerprint, run: str, folder: Path, *, refreshed: bool
) -> Work:
    inputs = {}
    for need in node.needs:
        artifact = bench.reader.artifact(fingerprint.inputs[need])
        if artifact is None:
            raise errors.artifact_is_unknown(need, fingerprint.inputs[need])
        inputs[need] = artifact
    return Work(
        node=node,
        inputs=inputs,
        blobs=bench.blobs,
        declaration=bench.declaration,
        root=bench.root,
        folder=folder,
        now=bench.clock.now(),
        libraries=bench.libraries.get(node.name, {}),
        code=fingerprint.code,
        code_files=bench.code_files.get(node.name, ()),
        key=bench.key,
        fingerprint=fingerprint,
        tables=bench.tables,
        past=bench.reader,
        run=run,
        who=bench.who,
        refreshed=refreshed,
    )


def _keep(bench: Bench, draft: Draft) -> Artifact:
    """Put every file into the blob store; an artifact of this meaning that is whole stays as it was."""
    known = bench.reader.artifact(draft.digest)
    if known is not None and not bench.condition(draft.digest):
        return known
    files: list[StoredFile] = [bench.blobs.put(draft.files[name], name) for name in sorted(draft.files)]
    return Artifact(
        digest=draft.digest,
        kind=draft.kind,
        files=tuple(sorted((*files, *draft.stored), key=lambda file: file.name)),
        meta=draft.meta,
        table=draft.table,
    )


def _record(bench: Bench, artifact: Artifact, draft: Draft, done: Execution) -> None:
    """The artifact, what was checked on the way, and the execution: all in one transaction, or none."""
    checks = [replace(item, node=done.node, about=artifact.digest) for item in draft.evidence]
    facts: list[Body] = [Made(artifact=artifact, node=done.node), *checks, *draft.facts, done]
    bench.writer.record(*facts)


def _attempt(bench: Bench, step: Step, fingerprint: Fingerprint, run: str) -> Execution:
    """The execution as it stands before the stage has answered: failed, until it succeeds."""
    trigger = f"{step.causes[0].kind}: {step.causes[0].about}" if step.causes else ""
    files = bench.code_files.get(step.node, ())
    archive = bench.blobs.put(pack(bench.root, files), "code.zip").digest if files else None
    return Execution(
        run=run,
        node=step.node,
        kind=step.kind,
        fingerprint=fingerprint,
        key=fingerprint.key(step.node),
        outcome="failed",
        started=bench.clock.now(),
        seconds=0.0,
        libraries=dict(bench.libraries.get(step.node, {})),
        code_archive=archive,
        trigger=trigger,
    )


def _record_failure(
    bench: Bench, attempt: Execution, error: HeadwayError, seconds: float, printed: str
) -> None:
    """Record how an execution failed, and show with the error what its code said last."""
    log = _keep_log(bench, printed)
    bench.writer.record(replace(attempt, seconds=seconds, error=f"{error.code}: {error.what}", log=log))
    error.evidence += tuple(f"printed: {line}" for line in tail(masked(printed)))


def tail(text: str) -> list[str]:
    """The last lines that code printed, bounded in number and length."""
    return [line[:_WIDEST] for line in text.splitlines() if line.strip()][-_LAST_LINES:]


def _keep_log(bench: Bench, text: str) -> str | None:
    return bench.blobs.put(masked(text).encode(), "log.txt").digest if text else None


def _clear(folder: Path) -> None:
    """Empty the folder for the next node; what mattered is in the blob store."""
    for entry in folder.iterdir():
        if entry.is_dir():
            shutil.rmtree(entry)
        else:
            entry.unlink()
