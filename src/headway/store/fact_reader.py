"""Facts, read: executions, artifacts, evidence, each by one index look-up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from headway.errors import store as errors
from headway.facts.artifacts import Artifact
from headway.facts.evidence import Evidence
from headway.facts.executions import Execution
from headway.facts.fact import Fact, Made
from headway.store.database import Database

_PREFIX = 6
_SHOWN = 6


class SqliteFacts(Database):
    """What happened; see `headway.store.ports.LedgerReader`."""

    def sequence(self) -> int:
        """The newest fact's number; 0 in an empty ledger."""
        found = self.rows("SELECT coalesce(max(seq), 0) FROM fact")
        return int(found[0][0]) if found else 0

    def executions(self, node: str) -> Sequence[Execution]:
        """Successful executions of a node, newest first."""
        where = "JOIN execution USING (seq) WHERE node = ? AND output IS NOT NULL ORDER BY execution.seq DESC"
        return [fact.body for fact in self.facts_where(where, node)]  # ty: ignore[invalid-explicit-return]

    def execution(self, key: str) -> Execution | None:
        """The newest successful execution under this fingerprint key."""
        where = "JOIN execution USING (seq) WHERE key = ? AND output IS NOT NULL ORDER BY execution.seq DESC LIMIT 1"
        found = self.facts_where(where, key)
        return found[0].body if found else None  # ty: ignore[invalid-explicit-return]

    def artifact(self, prefix: str) -> Artifact | None:
        """The artifact whose digest starts with `prefix` (6 digits or more).

        Raises:
            UsageError: Several artifacts match.
        """
        found = self.artifacts(prefix, _SHOWN)
        if len(found) > 1:
            raise errors.ambiguous_prefix(prefix, [f"{made.artifact.digest} {made.node}" for made in found])
        return found[0].artifact if found else None

    def artifacts(self, prefix: str, limit: int) -> Sequence[Made]:
        """Artifacts whose digest starts with `prefix` (6 digits or more), by digest."""
        if len(prefix) < _PREFIX:
            return ()
        where = "JOIN artifact USING (seq) WHERE digest >= ? AND digest < ? ORDER BY digest LIMIT ?"
        found = self.facts_where(where, prefix, prefix + "g", limit)
        return [fact.body for fact in found]  # ty: ignore[invalid-explicit-return]

    def evidence(self, about: str) -> Sequence[tuple[str, Evidence]]:
        """(fact id, evidence) about an artifact, newest first."""
        found = self.facts_where(
            "JOIN evidence USING (seq) WHERE about = ? ORDER BY evidence.seq DESC", about
        )
        return [(fact.id, fact.body) for fact in found]  # ty: ignore[invalid-explicit-return]

    def facts(self, *, kinds: Iterable[str] = (), after: int = 0, limit: int | None = None) -> Sequence[Fact]:
        """Facts in order, of the given tags; all kinds when none is named."""
        wanted = tuple(kinds)
        among = f"AND kind IN ({','.join('?' * len(wanted))})" if wanted else ""
        where = f"WHERE seq > ? {among} ORDER BY seq LIMIT ?"
        return self.facts_where(where, after, *wanted, -1 if limit is None else limit)

    def fact(self, fact_id: str) -> Fact | None:
        """The fact under an id."""
        found = self.facts_where("WHERE id = ?", fact_id)
        return found[0] if found else None

    def made_by(self, output: str) -> Sequence[tuple[str, Execution]]:
        """(fact id, execution) that made an artifact, newest first."""
        found = self.facts_where(
            "JOIN execution USING (seq) WHERE output = ? ORDER BY execution.seq DESC", output
        )
        return [(fact.id, fact.body) for fact in found]  # ty: ignore[invalid-explicit-return]

    def executed_in(self, run: str) -> Sequence[Execution]:
        """Every execution of a run, failed ones too, in order."""
        found = self.facts_where("JOIN execution USING (seq) WHERE run = ? ORDER BY seq", run)
        return [fact.body for fact in found]  # ty: ignore[invalid-explicit-return]

    def used_by(self, digest: str) -> Sequence[tuple[str, Execution]]:
        """(fact id, execution) that had an artifact among its inputs, newest first."""
        found = self.facts_where("JOIN input USING (seq) WHERE digest = ? ORDER BY input.seq DESC", digest)
        return [(fact.id, fact.body) for fact in found]  # ty: ignore[invalid-explicit-return]
