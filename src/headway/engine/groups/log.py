"""The commits of feature groups, read: by number, by time, by id; light until rows are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from headway.core import digest
from headway.facts.artifacts import Artifact
from headway.facts.commits import Committed, Snapshot

if TYPE_CHECKING:
    from headway.facts.executions import Fingerprint
    from headway.store.ports import LedgerReader

READING_ONLY = ("window", "ttl", "contract")
"""Fields of a group that say how it is read, recomputed or judged, not what its rows mean."""


def commits(reader: LedgerReader, node: str) -> list[Committed]:
    """Every commit of a group, oldest first."""
    found = [fact.body for fact in reader.facts(kinds=("commit",))]
    return [body for body in found if isinstance(body, Committed) and body.node == node]


def snapshot_of(artifact: Artifact) -> Snapshot:
    """Where the rows of a group's commit lie."""
    return Snapshot(
        table=artifact.table,
        key=tuple(artifact.meta["order"]),
        version=artifact.meta["table_version"],
        files=artifact.files,
        rows=artifact.meta["rows"],
    )


def identity(table: str, parent: str | None, schema: Sequence[Sequence[str]], rows: dict[str, str]) -> str:
    """The id of a commit: what it followed, and which rows came, changed and went.

    Args:
        table: The physical table.
        parent: Id of the commit before; None for the first.
        schema: (column, type) in order.
        rows: `added`, `updated`, `deleted` -> digest of those rows.
    """
    return digest.of_value({"table": table, "parent": parent, "schema": schema, "rows": rows})


def meaning(fingerprint: Fingerprint) -> str:
    """Digest of what a group's rows mean: its code and its declaration, whatever it is computed from."""
    config = {
        name: value
        for name, value in fingerprint.config.items()
        if name.partition(".")[0] not in READING_ONLY
    }
    return digest.of_value([fingerprint.code, config])


def as_of(past: Sequence[Committed], moment: datetime) -> Committed | None:
    """The newest commit that was there at a moment."""
    return next((commit for commit in reversed(past) if commit.at <= moment), None)
