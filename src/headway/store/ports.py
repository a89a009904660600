"""The ports of storage: one per kind of thing kept, at most six methods each.

`LedgerReader` is all that planning may see; `LedgerWriter` belongs to the engine and to release.
The conformance suites in `headway.testing.conformance` say what an implementation must do.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from headway.facts.artifacts import Artifact, StoredFile
from headway.facts.commits import Snapshot
from headway.facts.evidence import Evidence
from headway.facts.executions import Execution
from headway.facts.fact import Body, Fact
from headway.facts.moves import EnvironmentState, Move

if TYPE_CHECKING:
    import polars as pl

    from headway.store.delta import Swept, TableVersion
    from headway.store.rows import Changes


class BlobStore(Protocol):
    """Immutable bytes named by their blake3 digest."""

    def put(self, source: bytes | Path, name: str) -> StoredFile:
        """Keep bytes or a file's content as `name` of an artifact; nothing is written twice.

        Written beside, then renamed: a reader sees all of it or nothing. Durable only after `sync`.

        Raises:
            EngineError: The disk is full, or not writable.
        """
        ...

    def read(self, digest: str) -> bytes:
        """The bytes, verified against their digest.

        Raises:
            EngineError: The blob is missing, or its bytes are not those of its name.
        """
        ...

    def verify(self, digest: str) -> None:
        """Check a blob's bytes against its name without holding them.

        Raises:
            EngineError: The blob is missing, or its bytes are not those of its name.
        """
        ...

    def path(self, digest: str) -> Path:
        """Where a local reader finds the blob; its existence is not checked."""
        ...

    def sync(self) -> None:
        """Make every blob put since the last call survive a power loss."""
        ...

    def digests(self) -> Iterator[str]:
        """Every blob there is, in no order."""
        ...


class TableStore(Protocol):
    """Tables of rows under a key, in versions; the caller holds the lease of the table that it writes."""

    def replace(
        self, table: str, rows: pl.DataFrame, key: Sequence[str], note: Mapping[str, str]
    ) -> Snapshot:
        """Make a table hold exactly these rows, all written anew; a table that is not there is made.

        Raises:
            ConflictError: Somebody else wrote the table at the same moment.
            EngineError: The disk is full or not writable, or the table's log cannot be read.
        """
        ...

    def change(
        self, before: Snapshot, rows: pl.DataFrame, gone: pl.DataFrame | None, note: Mapping[str, str]
    ) -> tuple[Snapshot, Changes]:
        """Add, replace and delete rows by key, in one version; what is no change makes none.

        Raises:
            ConflictError: Somebody else wrote the table at the same moment.
            EngineError: The rows do not fit the table, a file is damaged, or the disk refuses.
        """
        ...

    def read(self, snapshot: Snapshot) -> pl.LazyFrame:
        """The rows of a snapshot, sorted by key, verified.

        Raises:
            EngineError: A file is missing, or its bytes are not those of its name.
        """
        ...

    def differences(self, before: Snapshot, after: Snapshot) -> Changes:
        """What turns one snapshot into another of the same key.

        Raises:
            EngineError: A file is missing, or its bytes are not those of its name.
        """
        ...

    def versions(self, table: str) -> Sequence[TableVersion]:
        """What the table's own log says, oldest first; empty where there is no table."""
        ...

    def sweep(self, table: str, keep: Collection[str], *, dry_run: bool = False) -> Swept:
        """Remove data files that are neither named in `keep` nor in the newest version."""
        ...


class LedgerReader(Protocol):
    """Facts, read only: all that planning may see."""

    def sequence(self) -> int:
        """The newest fact's number; 0 in an empty ledger."""
        ...

    def executions(self, node: str) -> Sequence[Execution]:
        """Successful executions of a node, newest first."""
        ...

    def execution(self, key: str) -> Execution | None:
        """The newest successful execution under this fingerprint key."""
        ...

    def artifact(self, prefix: str) -> Artifact | None:
        """The artifact whose digest starts with `prefix`; None when there is none.

        Raises:
            UsageError: Several artifacts match.
        """
        ...

    def evidence(self, about: str) -> Sequence[tuple[str, Evidence]]:
        """(fact id, evidence) about an artifact, newest first."""
        ...

    def facts(self, *, kinds: Iterable[str] = (), after: int = 0, limit: int | None = None) -> Sequence[Fact]:
        """Facts in order, of the given tags (`execution`, `artifact`, `evidence`, `move`, ...)."""
        ...


class EnvironmentReader(Protocol):
    """Pointers and the journal, read only."""

    def environment(self, name: str) -> EnvironmentState:
        """The environment's state; revision 0 and no pointers for a name never moved."""
        ...

    def environments(self) -> Sequence[str]:
        """Names of every environment that ever moved, sorted."""
        ...

    def journal(self, environment: str | None = None) -> Sequence[tuple[Fact, str]]:
        """(move fact, hash), oldest first."""
        ...

    def verify(self) -> object:
        """Recompute the hash chain of every commit.

        Raises:
            GateError: A row was changed, or is missing; names the first one.
        """
        ...


class LedgerWriter(Protocol):
    """Appends facts, and moves pointers in one transaction."""

    def record(self, *bodies: Body) -> tuple[Fact, ...]:
        """Append facts in one transaction; all of them or none.

        Raises:
            EngineError: The ledger cannot be written.
        """
        ...

    def move(self, move: Move) -> Fact:
        """Append a move to the journal and set the pointers, by compare-and-swap.

        `move.revision` must be the present revision plus one, and `move.before` what is there.

        Raises:
            ConflictError: Somebody moved first.
        """
        ...

    def lease(self, name: str, holder: str) -> AbstractContextManager[None]:
        """Hold `name` alone while the block runs; a dead holder's lease is taken over.

        Raises:
            ConflictError: Somebody holds it; names the holder.
        """
        ...
