"""Environments and the journal, read; see `headway.store.journal` for the chain."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from headway.errors import store as errors
from headway.facts.fact import Fact
from headway.facts.moves import EnvironmentState, Hold
from headway.store import journal
from headway.store.database import Database, fact_of, named
from headway.store.head import ends
from headway.store.journal import Sealed


class SqliteEnvironments(Database):
    """Where environments point, and how they came there; see `headway.store.ports.EnvironmentReader`."""

    def environment(self, name: str) -> EnvironmentState:
        """The environment's state; revision 0 and no pointers for a name never moved."""
        with self.snapshot():
            found = self.rows("SELECT revision, head, holds FROM environment WHERE name = ?", name)
            select = "SELECT node, digest FROM pointer WHERE environment = ? ORDER BY node"
            pointers = dict(self.rows(select, name))
        if not found:
            return EnvironmentState(name=name)
        revision, head, holds = found[0]
        held = msgspec.json.decode(holds, type=tuple[Hold, ...])
        return EnvironmentState(name=name, revision=revision, pointers=pointers, holds=held, head=head)

    def environments(self) -> Sequence[str]:
        """Names of every environment that ever moved, sorted."""
        return [name for (name,) in self.rows("SELECT name FROM environment ORDER BY name")]

    def journal(self, environment: str | None = None) -> Sequence[tuple[Fact, str]]:
        """(move fact, hash), oldest first."""
        where = "WHERE ? IS NULL OR environment = ? ORDER BY seq"
        return self._moves(where, environment, environment)

    def verify(self) -> Sealed:
        """Recompute the hash chain to its end, and compare the pointers with what the moves add up to.

        Raises:
            GateError: A row was changed, added or taken away; names the first one.
            EngineError: The ledger cannot be read.
        """
        with named(self.path, reading=True):
            said = ends(self.path)  # before the snapshot: what is said here was committed before
        connection = self.connection()
        if connection is None or not self.rows("SELECT 1 FROM sqlite_master WHERE name = 'journal'"):
            if said:
                raise errors.ledger_lost_its_end(said[0].seq, 0)
            return Sealed(0, 0)
        with self.snapshot(), named(self.path):
            return journal.verify(connection, said)

    def moves_to(self, digest: str) -> Sequence[tuple[Fact, str]]:
        """(move fact, journal hash) that pointed an environment at an artifact, oldest first."""
        where = "JOIN pointed USING (seq) WHERE digest = ? ORDER BY seq"
        return self._moves(where, digest)

    def _moves(self, where: str, *values: object) -> list[tuple[Fact, str]]:
        select = (
            "SELECT fact.seq, fact.id, fact.at, fact.body, journal.hash FROM fact JOIN journal USING (seq)"
        )
        return [(fact_of(row[:4]), row[4]) for row in self.rows(f"{select} {where}", *values)]
