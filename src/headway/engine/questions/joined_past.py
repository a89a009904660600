"""The ledger of a product joined with those of the products beside it, so that lineage goes on across them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from headway.errors import EngineError
from headway.facts.artifacts import Artifact
from headway.facts.evidence import Evidence
from headway.facts.executions import Execution
from headway.facts.fact import Fact
from headway.spec.neighbours import FILE, across, files_beside, is_shared, mentions, product_name
from headway.store.ledger import SqliteReader
from headway.store.workspace import Workspace


class _Ledger(NamedTuple):
    """A ledger, and the product that it is of; empty for the one that was asked."""

    product: str
    reader: SqliteReader

    def named(self, found: Sequence[tuple[str, Execution]]) -> list[tuple[str, Execution]]:
        """Executions whose nodes say of which product they are: `source.weather/observations`."""
        return [
            (fact, replace(done, node=across(done.node, self.product) if self.product else done.node))
            for fact, done in found
        ]


class JoinedPast:
    """What happened to an artifact: in the product's own ledger, else in one beside it that knows it.

    Answers as `headway.lineage.trace.Reader` asks; ledgers beside are opened when the own one does not know.

    Args:
        workspace: The product that is asked.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._root = workspace.root
        self._own = _Ledger("", workspace.open_reader())
        self._found: dict[str, _Ledger] = {}

    def artifact(self, prefix: str) -> Artifact | None:
        """The artifact under a digest."""
        if prefix not in self._found:
            known = self._own.reader.artifact(prefix)
            if known is not None:
                return known
        return self._of(prefix).reader.artifact(prefix)

    def made_by(self, output: str) -> Sequence[tuple[str, Execution]]:
        """(fact id, execution) that made an artifact, newest first."""
        if output not in self._found:
            known = self._own.reader.made_by(output)
            if known:
                return known
        ledger = self._of(output)
        return ledger.named(ledger.reader.made_by(output))

    def used_by(self, digest: str) -> Sequence[tuple[str, Execution]]:
        """(fact id, execution) that had an artifact among its inputs, newest first; readers in other products too."""
        ledger = self._found.get(digest, self._own)
        found = ledger.named(ledger.reader.used_by(digest))
        for other in self._readers if ledger is self._own else ():
            there = [item for item in other.reader.used_by(digest) if _is_copy(item[1], digest)]
            found += other.named(there)
            self._found |= {done.output: other for _, done in there if done.output is not None}
        if ledger is not self._own:
            self._found |= {done.output: ledger for _, done in found if done.output is not None}
        return found

    def evidence(self, about: str) -> Sequence[tuple[str, Evidence]]:
        """(fact id, evidence) about an artifact, newest first."""
        return self._found.get(about, self._own).reader.evidence(about)

    def fact(self, fact_id: str) -> Fact | None:
        """The fact under an id."""
        ledgers = dict.fromkeys((self._own, *self._found.values()))
        return next((fact for one in ledgers if (fact := one.reader.fact(fact_id)) is not None), None)

    def moves_to(self, digest: str) -> Sequence[tuple[Fact, str]]:
        """(move fact, journal hash) that pointed an environment at an artifact, oldest first."""
        return self._found.get(digest, self._own).reader.moves_to(digest)

    def _of(self, digest: str) -> _Ledger:
        """The ledger beside that holds an artifact; the own one where none does."""
        if digest not in self._found:
            holding = (other for other in self._beside if other.reader.artifact(digest) is not None)
            self._found[digest] = next(holding, self._own)
        return self._found[digest]

    @cached_property
    def _beside(self) -> tuple[_Ledger, ...]:
        """Ledgers of the products beside; one that cannot be read now says nothing."""
        return tuple(_ledgers(files_beside(self._root)))

    @cached_property
    def _readers(self) -> tuple[_Ledger, ...]:
        """Ledgers of the products beside that may read a group of this one."""
        files = files_beside(self._root)
        own = product_name(self._root / FILE) if files else ""
        return tuple(_ledgers(file for file in files if mentions(file, own)))


def _is_copy(done: Execution, digest: str) -> bool:
    """Whether an execution took this commit over from another product; rows that are equal by chance are not it."""
    return any(is_shared(name) and item == digest for name, item in done.fingerprint.inputs.items())


def _ledgers(files: Iterable[Path]) -> Iterator[_Ledger]:
    for file in files:
        reader = Workspace(file.parent).open_reader()
        try:
            reader.sequence()
        except (EngineError, OSError):
            continue  # damaged, or not for this user's eyes: what is asked for may lie elsewhere
        yield _Ledger(product_name(file), reader)
