"""Commits of feature groups, written: rows into their table, and the fact that stands beside.

Whoever calls this holds the lease of the group, from before it looked at the past until the fact is
recorded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Protocol

import polars as pl

from headway.engine.groups.log import commits, identity, snapshot_of
from headway.errors import EngineError
from headway.facts.artifacts import Artifact
from headway.facts.commits import Committed, Snapshot
from headway.store.ports import LedgerReader, TableStore
from headway.store.rows import Changes, differences, digest_of


class Author(Protocol):
    """Who commits, when, in which run; a `headway.engine.work.Work` is one."""

    @property
    def now(self) -> datetime:
        """When the run began."""
        ...

    @property
    def run(self) -> str:
        """Id of the run."""
        ...

    @property
    def who(self) -> str:
        """Who asked for it."""
        ...


class Making(NamedTuple):
    """What a commit's fact says of its making; see `headway.facts.commits.Committed`."""

    mode: str
    code: str = ""
    contract: str = "not applicable"
    restored: int = 0
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The table that a commit goes to.

    Attributes:
        node: The group.
        version: The version that the product file declares.
        table: The physical table.
        past: Every commit of the group, oldest first.
        head: The newest commit of this table; None when it has none.
        snapshot: Where the head's rows lie; None when they are not whole.
    """

    node: str
    version: int
    table: str
    past: tuple[Committed, ...] = ()
    head: Committed | None = None
    snapshot: Snapshot | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """What a commit came to.

    Attributes:
        fact: The commit, new or known.
        snapshot: Where its rows lie.
        is_new: Whether the fact is still to be recorded.
        types: Column -> type, in order.
    """

    fact: Committed
    snapshot: Snapshot
    is_new: bool
    types: dict[str, str]

    def artifact(self) -> Artifact:
        """The group at this commit."""
        return Artifact(
            digest=self.fact.commit,
            kind="feature_group",
            files=self.snapshot.files,
            meta=self.meta(),
            table=self.snapshot.table,
        )

    def meta(self) -> dict[str, Any]:
        """Small facts: what the readers of the rows need, and what a person wants to know."""
        fact, order = self.fact, self.snapshot.key
        names = [name for name in self.types if name not in order]
        made = f"{fact.added:,} added, {fact.updated:,} updated, {fact.deleted:,} deleted"
        return {
            "rows": fact.rows,
            "features": names,
            "key": list(order[:-2]),
            "order": list(order),
            "types": self.types,
            "commit": fact.number,
            "version": fact.version,
            "table_version": self.snapshot.version,
            "content": fact.content,
            "summary": f"commit {fact.number}: {made}; {fact.rows:,} rows",
        }


def place_of(reader: LedgerReader | None, tables: TableStore, node: str, version: int, table: str) -> Place:
    """A table as the ledger knows it.

    Args:
        reader: The past; None for none.
        tables: Where the rows lie.
        node: The group.
        version: The version that the product file declares.
        table: The physical table.
    """
    past = tuple(commits(reader, node)) if reader is not None else ()
    head = next((commit for commit in reversed(past) if commit.table == table), None)
    place = Place(node=node, version=version, table=table, past=past, head=head)
    if head is None or reader is None:
        return place
    artifact = reader.artifact(head.commit)
    if artifact is None:
        return place
    snapshot = snapshot_of(artifact)
    try:
        tables.read(snapshot)
    except EngineError:
        return place  # damaged or collected: what is written next stands on nothing
    return Place(node=node, version=version, table=table, past=past, head=head, snapshot=snapshot)


def commit_all(
    tables: TableStore, place: Place, rows: pl.DataFrame, key: Sequence[str], author: Author, making: Making
) -> Commit:
    """Make a group hold exactly these rows; rows that are all there already are the commit that has them.

    Args:
        tables: Where the rows lie.
        place: The table.
        rows: Every row, sorted by key, in the table's columns.
        key: Columns that identify a row.
        author: Who.
        making: How the rows were made.

    Raises:
        ConflictError: Somebody else wrote the table.
        EngineError: The disk refuses.
    """
    if place.snapshot is None:
        return _afresh(tables, place, rows, key, author, making)
    before = tables.read(place.snapshot).collect()
    changes = differences(before, rows, key)
    gone = changes.deleted.select(list(key))
    return commit_changes(tables, place, pl.concat([changes.added, changes.updated]), gone, author, making)


def commit_changes(
    tables: TableStore, place: Place, rows: pl.DataFrame, gone: pl.DataFrame, author: Author, making: Making
) -> Commit:
    """Add, replace and delete some rows of a group; no change at all is the commit that is there.

    Args:
        tables: Where the rows lie.
        place: The table, whole.
        rows: Rows to add, or to put in the place of those with their key.
        gone: Keys to delete.
        author: Who.
        making: How the rows were made.

    Raises:
        ConflictError: Somebody else wrote the table.
        EngineError: The disk refuses.
    """
    assert place.head is not None
    assert place.snapshot is not None
    snapshot, changes = tables.change(
        place.snapshot, rows, gone, {"after": place.head.commit, "run": author.run}
    )
    types = {name: str(dtype) for name, dtype in rows.schema.items()}
    if not changes:
        return Commit(fact=place.head, snapshot=snapshot, is_new=False, types=types)
    content = digest_of(tables.read(snapshot).collect())
    fact = _fact(place, changes, snapshot, content, author, making)
    return Commit(fact=fact, snapshot=snapshot, is_new=True, types=types)


def _afresh(
    tables: TableStore,
    place: Place,
    rows: pl.DataFrame,
    key: Sequence[str],
    author: Author,
    making: Making,
) -> Commit:
    """Every row written anew: the first commit of a table, or its newest one healed."""
    content, types = digest_of(rows), {name: str(dtype) for name, dtype in rows.schema.items()}
    snapshot = tables.replace(place.table, rows, key, {"run": author.run})
    known = next(
        (item for item in reversed(place.past) if item.table == place.table and item.content == content), None
    )
    if known is None or making.mode == "restore":
        bare = Place(node=place.node, version=place.version, table=place.table, past=place.past)
        fact = _fact(bare, _all_added(rows), snapshot, content, author, making)
        known = next((item for item in place.past if item.commit == fact.commit), None)
        if known is None:
            return Commit(fact=fact, snapshot=snapshot, is_new=True, types=types)
    return Commit(fact=known, snapshot=snapshot, is_new=False, types=types)


def _all_added(rows: pl.DataFrame) -> Changes:
    none = rows.clear()
    return Changes(added=rows, updated=none, previous=none, deleted=none)


def _fact(
    place: Place, changes: Changes, snapshot: Snapshot, content: str, author: Author, making: Making
) -> Committed:
    parent = place.head.commit if place.head is not None else None
    schema = [[name, str(dtype)] for name, dtype in changes.added.schema.items()]
    digests = changes.digests()
    return Committed(
        node=place.node,
        number=len(place.past) + 1,
        commit=identity(place.table, parent, schema, digests),
        parent=parent,
        version=place.version,
        table=place.table,
        rows=snapshot.rows,
        digests=digests,
        content=content,
        who=author.who,
        run=author.run,
        at=author.now,
        added=changes.added.height,
        updated=changes.updated.height,
        deleted=changes.deleted.height,
        **making._asdict(),
    )
