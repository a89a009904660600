"""Feature groups over time: which commits there are, their rows, and how two of them differ."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from headway.core.clock import SystemClock
from headway.engine.groups.log import as_of, commits, snapshot_of
from headway.engine.revealing import is_personal, told_of
from headway.errors import tables as errors
from headway.errors.masking import MASK
from headway.facts.artifacts import Artifact
from headway.facts.commits import Committed, Snapshot

if TYPE_CHECKING:
    import polars as pl

    from headway.store.ledger import SqliteReader
    from headway.store.rows import Changes
    from headway.store.workspace import Workspace

KIND = "feature_group."
EXAMPLES = 5
_NUMBER = re.compile(r"\d{1,9}")


class Entry(NamedTuple):
    """One commit in a group's history.

    Attributes:
        environments: Names of the environments that point at it now.
        is_collected: Whether its rows were removed because nothing refers to them.
    """

    commit: Committed
    environments: tuple[str, ...]
    is_collected: bool


class Compared(NamedTuple):
    """How two commits differ.

    Attributes:
        dropped: Columns that only the first has; `new` are those that only the second has.
    """

    first: Committed
    second: Committed
    changes: Changes
    dropped: tuple[str, ...]
    new: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """The documented schema of `diff GROUP@N GROUP@M --json`."""
        changes = self.changes
        return {
            "first": self.first.number,
            "second": self.second.number,
            **changes.counts,
            "columns": {"dropped": list(self.dropped), "new": list(self.new)},
            "examples": {
                "added": plain(changes.added.head(EXAMPLES)),
                "updated": [
                    {"before": before, "after": after}
                    for before, after in zip(
                        plain(changes.previous.head(EXAMPLES)),
                        plain(changes.updated.head(EXAMPLES)),
                        strict=True,
                    )
                ],
                "deleted": plain(changes.deleted.head(EXAMPLES)),
            },
        }


def history(workspace: Workspace, name: str) -> list[Entry]:
    """Every commit of a group, oldest first.

    Args:
        workspace: Where it is.
        name: The group, with `feature_group.` before it or not.

    Raises:
        UsageError: There is no such group, it has no commit, or one commit of it is named.
    """
    reader = workspace.open_reader()
    group, at, which = name.partition("@")
    past = _past(reader, group)
    if at:
        raise errors.history_is_of_a_whole_group(group, which)
    pointed = {
        environment: reader.environment(environment).pointers.get(past[0].node)
        for environment in reader.environments()
    }
    gone = {
        digest for fact in reader.facts(kinds=("collected",)) for digest in getattr(fact.body, "commits", ())
    }
    return [
        Entry(
            commit,
            tuple(name for name, digest in pointed.items() if digest == commit.commit),
            commit.commit in gone and not _is_there(workspace, reader, commit),
        )
        for commit in past
    ]


def is_commit(reference: str) -> bool:
    """Whether a reference names a group's commit by number or time (`feature_group.spend@3`)."""
    name, at, which = reference.partition("@")
    if not at or not (_NUMBER.fullmatch(which) or _moment(which) is not None):
        return False
    return name.startswith(KIND) or "." not in name


def commit_at(reader: SqliteReader, reference: str) -> Committed:
    """The commit that a reference names: `NAME@3`, `NAME@2026-03-01`, `NAME@prod`, `NAME` for the newest.

    Raises:
        UsageError: There is no such group, or no such commit.
    """
    name, at, which = reference.partition("@")
    past = _past(reader, name)
    moment = _moment(which)
    if not at:
        return past[-1]
    if _NUMBER.fullmatch(which):
        found = next((commit for commit in past if commit.number == int(which)), None)
    elif moment is not None:
        if moment > SystemClock().now():
            raise errors.moment_is_to_come(reference, past[-1].number, past[-1].at)
        found = as_of(past, moment)
    else:
        pointed = reader.environment(which).pointers.get(past[0].node)
        found = next((commit for commit in past if commit.commit == pointed), None)
    if found is None:
        raise errors.commit_is_unknown(reference, len(past), past[0].at)
    return found


def artifact_of(reader: SqliteReader, commit: Committed) -> Artifact:
    """The group at a commit."""
    artifact = reader.artifact(commit.commit)
    assert artifact is not None, "the artifact is recorded with the commit"
    return artifact


def rows(workspace: Workspace, reference: str) -> tuple[Committed, pl.LazyFrame]:
    """A commit and its rows, verified, sorted by key and time.

    Raises:
        UsageError: There is no such group or commit.
        EngineError: The rows are damaged, or were removed by `gc`.
    """
    reader = workspace.open_reader()
    commit = commit_at(reader, reference)
    return commit, workspace.tables().read(_snapshot(reader, commit))


def compare(workspace: Workspace, first: str, second: str) -> Compared:
    """What turns one commit's rows into another's.

    Raises:
        UsageError: There is no such group or commit, or they are of two groups or have other keys.
        EngineError: Rows are damaged, or were removed by `gc`.
    """
    reader = workspace.open_reader()
    one, two = commit_at(reader, first), commit_at(reader, second)
    before, after = _snapshot(reader, one), _snapshot(reader, two)
    if one.node != two.node or before.key != after.key:
        raise errors.commits_do_not_compare(first, second)
    changes = _hidden(workspace.tables().differences(before, after), told_of(workspace).personal(one.node))
    there, here = (list(artifact_of(reader, item).meta["types"]) for item in (one, two))
    dropped = tuple(name for name in there if name not in here)
    return Compared(one, two, changes, dropped, tuple(name for name in here if name not in there))


def _hidden(changes: Changes, personal: Collection[str]) -> Changes:
    """The rows without personal values."""
    if not personal:
        return changes
    import polars as pl  # late: the history of a group needs no rows

    masked = [
        frame.with_columns(
            pl.when(pl.col(name).is_not_null()).then(pl.lit(MASK)).alias(name)
            for name in frame.columns
            if is_personal(name, personal)
        )
        for frame in changes
    ]
    return changes._make(masked)


def plain(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """Rows as JSON values; times as ISO 8601."""
    return [
        {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in row.items()}
        for row in frame.iter_rows(named=True)
    ]


def _past(reader: SqliteReader, name: str) -> Sequence[Committed]:
    node = name if name.startswith(KIND) else f"{KIND}{name}"
    past = commits(reader, node)
    if not past:
        found = {getattr(fact.body, "node", "") for fact in reader.facts(kinds=("commit",))}
        raise errors.group_has_no_commits(name, sorted(found))
    return past


def _snapshot(reader: SqliteReader, commit: Committed) -> Snapshot:
    return snapshot_of(artifact_of(reader, commit))


def _is_there(workspace: Workspace, reader: SqliteReader, commit: Committed) -> bool:
    folder = workspace.state / "tables" / commit.table
    return all((folder / file.name).exists() for file in artifact_of(reader, commit).files)


def _moment(text: str) -> datetime | None:
    """A time as people write it, in UTC where nothing else is said; a day stands for its end."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    if len(text) <= len("2026-03-01"):
        found = found.replace(hour=23, minute=59, second=59, microsecond=999_999)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found
