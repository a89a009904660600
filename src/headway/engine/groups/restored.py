"""Groups that hold the rows of an earlier commit because somebody brought them back: said until it is over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC
from typing import NamedTuple

from headway.core.clock import to_text
from headway.engine.groups.log import commits
from headway.facts.commits import Committed
from headway.store.ports import LedgerReader

KIND = "feature_group."


class Restored(NamedTuple):
    """A group that does not hold what its code makes of its sources.

    Attributes:
        commit: The restore; `commit.restored` is the number of the commit whose rows it holds.
    """

    commit: Committed

    def __str__(self) -> str:
        commit = self.commit
        why = f": {commit.why}" if commit.why else ""
        return (
            f"{commit.node} holds commit {commit.restored} since {commit.at.astimezone(UTC):%Y-%m-%d %H:%M} UTC, "
            f"brought back by {commit.who}{why}; rows of its sources that came later are not in it; "
            f"`headway apply --refresh {commit.node}` computes it again"
        )

    def to_json(self) -> dict[str, object]:
        """The documented schema, in `status --json`."""
        commit = self.commit
        since = to_text(commit.at)
        return {"commit": commit.restored, "since": since, "who": commit.who, "why": commit.why}


def restored(reader: LedgerReader, held: Mapping[str, str]) -> list[Restored]:
    """Groups that hold rows which were brought back, and which their code has not made since.

    Args:
        reader: The ledger.
        held: Node -> the artifact that it is; nodes that are no groups are passed over.
    """
    found = []
    for node, digest in held.items():
        past = reader.executions(node) if node.startswith(KIND) else ()
        done = next((item for item in past if item.output == digest), None)
        if done is None or done.code_archive is not None:  # computed, by code
            continue
        commit = next((item for item in commits(reader, node) if item.commit == digest), None)
        if commit is not None and commit.restored:
            found.append(Restored(commit))
    return found


def newest(reader: LedgerReader, nodes: Iterable[str]) -> list[Restored]:
    """Those of some nodes whose newest rows were brought back; see `restored`."""
    past = {node: reader.executions(node) for node in nodes if node.startswith(KIND)}
    return restored(reader, {node: done[0].output or "" for node, done in past.items() if done})
