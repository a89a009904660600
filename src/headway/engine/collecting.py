"""`gc`: remove from the disk what nothing refers to, and say what stays and why.

Models, datasets, evaluations and releases are never removed, nor anything that they were made of, nor
anything that an environment ever pointed at: it may be rolled back to. What goes are commits of groups
and versions of sources that nothing was made of, and files that no fact names.

A retention goes further: rows of a dataset that are older than they may be go, unless an environment points at
them, comes back to them with one rollback, or holds a release of them; so do segments of the prediction log.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from headway.core.clock import SystemClock
from headway.engine import retention
from headway.engine.retention import Aged
from headway.engine.stages.names import ROWS
from headway.facts.artifacts import Artifact
from headway.facts.commits import Collected, Committed
from headway.facts.executions import Execution
from headway.facts.fact import Made
from headway.facts.moves import Move
from headway.lineage.retention import Limit
from headway.plan.make import hold_on
from headway.spec.load import load_alone
from headway.store.collect import remove_blobs, remove_files, remove_table
from headway.store.ledger import SqliteReader, SqliteWriter
from headway.store.workspace import Workspace

REMOVABLE = ("source", "feature_group")
"""Kinds that go when nothing was made of them; every other kind is somebody's result."""
NOTHING: Mapping[str, Limit] = MappingProxyType({})


class Item(NamedTuple):
    """One artifact with its size on disk; or, under a retention, the rows of one, or a segment of a prediction log.

    Attributes:
        node: What it is of.
        digest: The artifact's, or the segment's file.
        size: Bytes of its files; files that several commits share count for each.
        why: Why it stays, or goes.
    """

    node: str
    digest: str
    commit: int
    size: int
    why: str


class Generation(NamedTuple):
    """A physical table of a group, as far as it stays.

    Attributes:
        node: The group.
        table: The table (`shop.spend/v1`).
        commits: How many of its commits stay.
        size: Bytes of their files, each counted once.
        releases: Releases that were made of one of them (`endpoint.main 1f2e3d4c5b6a`), newest last.
    """

    node: str
    table: str
    commits: int
    size: int
    releases: tuple[str, ...]


class Swept(NamedTuple):
    """What a collection did, or would do.

    Attributes:
        kept: Sources and commits that stay, and what is too old and stays, with the reason.
        removed: Those that go.
        files: Files that go: theirs alone, and those that no fact names.
        size: Their bytes.
        generations: Tables of groups, with what they cost and the releases that read them.
    """

    kept: tuple[Item, ...]
    removed: tuple[Item, ...]
    files: int
    size: int
    dry_run: bool
    generations: tuple[Generation, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The documented schema of `gc --json`."""
        return {
            "dry_run": self.dry_run,
            "files": self.files,
            "bytes": self.size,
            "removed": [item._asdict() for item in self.removed],
            "kept": [item._asdict() for item in self.kept],
            "tables": [item._asdict() for item in self.generations],
        }


class _Past(NamedTuple):
    """The ledger, read once.

    Attributes:
        artifacts: Digest -> (artifact, node), as recorded last.
        commits: Digest -> commit.
    """

    artifacts: dict[str, tuple[Artifact, str]]
    commits: dict[str, Committed]
    executions: list[Execution]
    moves: list[Move]

    @property
    def blobs(self) -> set[str]:
        """Blobs that executions name beside their artifacts."""
        found = (digest for run in self.executions for digest in (run.code_archive, run.log))
        return {digest for digest in found if digest is not None}


def collect_in(file: Path, who: str, *, dry_run: bool, now: datetime | None = None) -> Swept:
    """Collect the workspace of a product, under its rules; see `collect`.

    Raises:
        SpecError: The product file is wrong.
    """
    declared = tuple(load_alone(file).product.environments) or ("dev",)
    limits = retention.limits_in(file)
    return collect(Workspace(file.parent), declared, who, dry_run=dry_run, limits=limits, now=now)


def collect(
    workspace: Workspace,
    declared: Collection[str],
    who: str,
    *,
    dry_run: bool,
    limits: Mapping[str, Limit] = NOTHING,
    now: datetime | None = None,
) -> Swept:
    """Remove what nothing refers to, or only say what that is.

    Args:
        workspace: Where.
        declared: Environments that the product file declares.
        who: Who asks.
        dry_run: Remove nothing, write nothing, and wait for nobody: what others write at this moment is listed as
            it stands.
        limits: Node -> for how long it may keep rows, where a rule says so.
        now: Decides what is too old, and which holds stand; None means this moment.

    Raises:
        ConflictError: Somebody is applying, promoting, or writing a table.
        EngineError: The disk refuses; what is gone by then was referred to by nothing.
    """
    reader = workspace.open_reader()
    moment = now if now is not None else SystemClock().now()
    if dry_run:
        return _collect(workspace, reader, None, who, limits, moment)
    writer = workspace.open_writer()
    with contextlib.ExitStack() as alone:
        for name in dict.fromkeys([*declared, *reader.environments()]):
            alone.enter_context(writer.lease(f"environment-{name}", f"{who}: gc"))
        found = (fact.body for fact in reader.facts(kinds=("commit",)))
        for node in sorted({commit.node for commit in found if isinstance(commit, Committed)}):
            alone.enter_context(writer.lease(node, f"{who}: gc"))
        return _collect(workspace, reader, writer, who, limits, moment)


def _collect(
    workspace: Workspace,
    reader: SqliteReader,
    writer: SqliteWriter | None,
    who: str,
    limits: Mapping[str, Limit],
    now: datetime,
) -> Swept:
    """Nothing is removed without a writer, who says so first."""
    past = _read(reader)
    reasons = _reasons(reader, past, now)
    aged = list(_aged(workspace, reader, past, limits, now))
    expired = [item for item in aged if not item.needed]
    staying = [artifact for digest, (artifact, _) in past.artifacts.items() if digest in reasons]
    named = {file.digest for artifact in staying for file in artifact.files}
    kept, gone = [], []
    for digest, (artifact, node) in past.artifacts.items():
        if artifact.kind in REMOVABLE and digest in reasons:
            kept.append(_item(past, artifact, node, reasons[digest]))
        elif artifact.kind in REMOVABLE and _would_go(workspace, artifact, named):
            gone.append(_item(past, artifact, node, "nothing was made of it, and nothing points at it"))
    kept += [
        Item(item.node, item.name, 0, item.path.stat().st_size, item.why) for item in aged if item.needed
    ]
    gone += [Item(item.node, item.name, 0, item.path.stat().st_size, item.why) for item in expired]
    files, size = _sweep(workspace, past, staying, expired, dry_run=True)
    if files and writer is not None:
        # The fact first: rows that are gone without a word would look like damage.
        commits = tuple(item.digest for item in gone if item.commit)
        facts = tuple(item.fact() for item in expired)
        writer.record(Collected(who=who, commits=commits, files=files, size=size, expired=facts))
        _sweep(workspace, past, staying, expired, dry_run=False)
    return Swept(tuple(kept), tuple(gone), files, size, writer is None, tuple(_generations(past, staying)))


def _aged(
    workspace: Workspace, reader: SqliteReader, past: _Past, limits: Mapping[str, Limit], now: datetime
) -> Iterator[Aged]:
    """What is older than it may be, of every environment that there ever was."""
    if not limits:
        return
    datasets = {digest: item for digest, item in past.artifacts.items() if item[0].kind == "dataset"}
    needed = retention.needed(reader, _made_of(past), now)
    yield from retention.aged_rows(workspace, reader, datasets, needed, limits, now)
    for name in reader.environments():
        yield from retention.aged_segments(workspace, name, limits, now)


def _sweep(
    workspace: Workspace, past: _Past, staying: list[Artifact], expired: Sequence[Aged], *, dry_run: bool
) -> tuple[int, int]:
    """Files and bytes that go."""
    gone = {item.name for item in expired}
    logged = [item.path for item in expired if item.name not in past.artifacts]
    swept = [
        _sweep_blobs(workspace, past, staying, gone, dry_run=dry_run),
        *_sweep_tables(workspace, staying, dry_run=dry_run),
        remove_files(logged, dry_run=dry_run),
    ]
    return sum(count for count, _ in swept), sum(size for _, size in swept)


def _read(reader: SqliteReader) -> _Past:
    past = _Past({}, {}, [], [])
    for fact in reader.facts(kinds=("artifact", "commit", "execution", "move")):
        match fact.body:
            case Made(artifact=artifact, node=node):
                past.artifacts[artifact.digest] = (artifact, node)
            case Committed() as commit:
                past.commits[commit.commit] = commit
            case Execution() as execution:
                past.executions.append(execution)
            case Move() as move:
                past.moves.append(move)
            case _:
                pass
    return past


# -- what stays --------------------------------------------------------------------------------


def _reasons(reader: SqliteReader, past: _Past, now: datetime) -> dict[str, str]:
    """Artifact -> why it stays; the first reason found, and all that it was made of."""
    reasons: dict[str, str] = {}
    for digest, why in _roots(reader, past, now):
        reasons.setdefault(digest, why)
    made_of = _made_of(past)
    queue = list(reasons)
    for digest in queue:
        found = past.artifacts.get(digest)
        name = found[1] if found is not None else "an artifact"
        for part in sorted(made_of.get(digest, ())):
            if part not in reasons:
                reasons[part] = f"{name} {digest[:12]} was made of it"
                queue.append(part)
    return reasons


def _made_of(past: _Past) -> dict[str, set[str]]:
    """Artifact -> what it was made of directly."""
    found: dict[str, set[str]] = {}
    for run in past.executions:
        if run.output is not None:
            found.setdefault(run.output, set()).update(run.fingerprint.inputs.values())
    for digest, (artifact, _) in past.artifacts.items():
        found.setdefault(digest, set()).update(artifact.meta.get("nodes", {}).values())
    return found


def _generations(past: _Past, staying: list[Artifact]) -> Iterator[Generation]:
    """Every table of a group that stays, by name."""
    tables: dict[str, list[Artifact]] = {}
    for artifact in staying:
        if artifact.table and artifact.digest in past.commits:
            tables.setdefault(artifact.table, []).append(artifact)
    releases = _releases(past)
    for table, found in sorted(tables.items()):
        own = {artifact.digest for artifact in found}
        size = sum({file.digest: file.size for artifact in found for file in artifact.files}.values())
        readers = tuple(name for name, parts in releases.items() if own & parts)
        yield Generation(past.commits[found[0].digest].node, table, len(own), size, readers)


def _releases(past: _Past) -> dict[str, set[str]]:
    """Release -> all that it was made of."""
    made_of, found = _made_of(past), {}
    for digest, (artifact, node) in past.artifacts.items():
        if artifact.kind == "release":
            queue, seen = [digest], {digest}
            for part in queue:
                fresh = made_of.get(part, set()) - seen
                seen |= fresh
                queue += fresh
            found[f"{node} {digest[:12]}"] = seen
    return found


def _roots(reader: SqliteReader, past: _Past, now: datetime) -> Iterator[tuple[str, str]]:
    for name in reader.environments():
        state = reader.environment(name)
        for digest in state.pointers.values():
            yield digest, f"`{name}` points at it"
        for hold in state.holds:
            if hold_on(state, hold.node, hold.digest, now) is not None:
                yield hold.digest, f"held in `{name}`"
    for move in past.moves:
        for digest in (*move.after.values(), *move.before.values()):
            yield digest, f"`{move.environment}` may be rolled back to it"
    for digest, (artifact, node) in past.artifacts.items():
        if artifact.kind not in REMOVABLE:
            yield digest, f"a result of {node}"
    newest = {
        node: digest for digest, (artifact, node) in past.artifacts.items() if artifact.kind == "source"
    }
    newest |= {commit.node: digest for digest, commit in past.commits.items()}
    for node, digest in newest.items():
        yield digest, f"the newest of {node}"


def _item(past: _Past, artifact: Artifact, node: str, why: str) -> Item:
    commit = past.commits.get(artifact.digest)
    size = sum(file.size for file in artifact.files)
    return Item(node, artifact.digest, commit.number if commit else 0, size, why)


def _would_go(workspace: Workspace, artifact: Artifact, named: set[str]) -> bool:
    """Whether a file of it is there that nothing else has."""
    blobs, tables = workspace.blobs(), workspace.state / "tables" / artifact.table
    own = (file for file in artifact.files if file.digest not in named)
    paths = (tables / file.name if artifact.table else blobs.path(file.digest) for file in own)
    return any(path.exists() for path in paths)


# -- what goes ---------------------------------------------------------------------------------


def _sweep_blobs(
    workspace: Workspace, past: _Past, staying: list[Artifact], expired: Collection[str], *, dry_run: bool
) -> tuple[int, int]:
    blobs = workspace.blobs()
    named = {
        file.digest
        for artifact in staying
        if not artifact.table
        for file in artifact.files
        if not (artifact.digest in expired and file.name == ROWS)
    }
    unnamed = [digest for digest in blobs.digests() if digest not in named | past.blobs]
    return remove_blobs(blobs, unnamed, dry_run=dry_run)


def _sweep_tables(
    workspace: Workspace, staying: list[Artifact], *, dry_run: bool
) -> Iterator[tuple[int, int]]:
    root = workspace.state / "tables"
    named: dict[str, set[str]] = {}
    for artifact in staying:
        if artifact.table:
            named.setdefault(artifact.table, set()).update(file.name for file in artifact.files)
    for folder in sorted(_tables(root)):
        table = folder.relative_to(root).as_posix()
        if table in named:
            yield workspace.tables().sweep(table, named[table], dry_run=dry_run)
        else:
            yield remove_table(folder, dry_run=dry_run)


def _tables(root: Path) -> Iterator[Path]:
    yield from (path for path in root.glob("*/*") if path.is_dir())
