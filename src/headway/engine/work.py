"""What a stage gets, and what it gives back; the engine does everything that is durable."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from headway.facts.artifacts import Artifact, StoredFile
from headway.facts.evidence import Evidence
from headway.facts.executions import Execution, Fingerprint
from headway.facts.fact import Body
from headway.spec.graph import Node
from headway.store.ports import BlobStore, LedgerReader, TableStore


class Past(LedgerReader, Protocol):
    """The ledger, read only, with who made what."""

    def made_by(self, output: str) -> Sequence[tuple[str, Execution]]:
        """(fact id, execution) that made an artifact, newest first."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One node to compute.

    Attributes:
        node: The node.
        inputs: Upstream node -> its artifact, in the order of `node.needs`.
        blobs: Where the files of the inputs lie.
        declaration: The loaded product (`headway.spec.load.Loaded`); None for nodes that need none.
        root: The product's directory; its code can be imported while the stage runs.
        folder: An empty folder for files on their way; removed afterwards.
        now: The run's time; the same for every node of a run.
        libraries: Distribution -> version, of what the node's code needs.
        code: Qualified name -> digest of its meaning, of the code that the node is made of.
        code_files: Files of the product that the node's code is in, relative to `root`.
        key: Key that signs bundles.
        fingerprint: What the node is made of.
        tables: Opens the tables of feature groups.
        past: What happened before; None where a result is made again without it.
        run: Id of the run, and `who` asked for it.
        refreshed: Whether somebody asked for the node to be computed again.
    """

    node: Node
    inputs: Mapping[str, Artifact]
    blobs: BlobStore
    declaration: Any
    root: Path
    folder: Path
    now: datetime
    libraries: Mapping[str, str]
    code: Mapping[str, str]
    code_files: tuple[str, ...]
    key: Callable[[], bytes]
    fingerprint: Fingerprint = field(default_factory=Fingerprint)
    tables: Callable[[], TableStore]
    past: Past | None = None
    run: str = ""
    who: str = ""
    refreshed: bool = False

    def file(self, node: str, name: str) -> Path:
        """Where a verified file of an input lies.

        Raises:
            EngineError: The blob is missing, or its bytes are not those of its name.
        """
        stored = self.inputs[node].file(name)
        self.blobs.verify(stored.digest)
        return self.blobs.path(stored.digest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A result that is not stored yet.

    Attributes:
        digest: Digest of the canonical form that the kind declares.
        files: Name -> bytes, or the path of a file.
        meta: Small facts about it, JSON values only.
        seed: The seed that was used, where there is one.
        waits_until: When the passing of time makes it stale.
        evidence: Checks made on the way; `about` and `node` are filled in by the engine.
        table: The table that holds it, already written; `stored` are its data files there.
        stored: Files of it that are stored already: of its table, or of an earlier result.
        facts: What else happened; recorded together with the artifact.
    """

    kind: str
    digest: str
    files: Mapping[str, bytes | Path]
    meta: dict[str, Any] = field(default_factory=dict)
    seed: int | None = None
    waits_until: datetime | None = None
    evidence: tuple[Evidence, ...] = ()
    table: str = ""
    stored: tuple[StoredFile, ...] = ()
    facts: tuple[Body, ...] = ()


Stage = Callable[[Work], Draft]
"""Computes one kind of node."""
