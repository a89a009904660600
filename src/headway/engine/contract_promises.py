"""What a changed contract breaks for readers of a source: told by `plan`, refused by `apply` under the same version."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any

import msgspec

from headway.contract.changes import Change, compare, needs_version
from headway.core.wording import few
from headway.engine.lost_features import readers
from headway.errors import validation as errors
from headway.spec.contract import Column, Contract

if TYPE_CHECKING:
    from headway.engine.opened import Opened
    from headway.store.ports import LedgerReader

CONTRACT = "contract"
"""The check, and the value of its evidence, under which a source's contract is remembered."""
_REMEMBERED = 50
"""Executions of a source that are looked through for contracts that it had."""


def as_value(contract: Contract) -> dict[str, Any]:
    """A contract as evidence keeps it: JSON values, without what is the default."""
    found = _without(msgspec.to_builtins(contract), msgspec.to_builtins(Contract(columns={})))
    plain = msgspec.to_builtins(Column(type="text"))
    columns = msgspec.to_builtins(contract.columns)
    short = {name: {"type": one["type"]} | _without(one, plain) for name, one in columns.items()}
    return found | {"columns": short}


def _without(said: dict[str, Any], defaults: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in said.items() if value != defaults.get(key)}


def promised(reader: LedgerReader, node: str) -> Iterator[Contract]:
    """The contracts under which a source was kept, newest first."""
    outputs = dict.fromkeys(done.output for done in reader.executions(node)[:_REMEMBERED] if done.output)
    kept = [item for output in outputs for item in reader.evidence(output)]
    for _, item in sorted(kept, key=lambda pair: pair[1].at, reverse=True):
        if item.check == CONTRACT and item.node == node and CONTRACT in item.values:
            yield msgspec.convert(item.values[CONTRACT], Contract)


def broken(reader: LedgerReader, node: str, contract: Contract) -> tuple[Contract, tuple[Change, ...]] | None:
    """The contract before, and what the new one breaks of it; None where it breaks nothing.

    A contract that the source had before, word for word, may come back.
    """
    before = list(promised(reader, node))
    if not before or contract in before:
        return None
    changes = tuple(change for change in compare(before[0], contract) if change.kind == "breaking")
    return (before[0], changes) if changes else None


def require(reader: LedgerReader, node: str, contract: Contract, file: str) -> None:
    """Refuse a contract that breaks what was promised, and counts no version up.

    Raises:
        SpecError: It does (DC104).
    """
    found = broken(reader, node, contract)
    if found is not None and needs_version(found[0], contract):
        words = [change.words for change in found[1]]
        raise errors.contract_breaks_promises(file, node, found[0].version, words)


def notices(opened: Opened, scope: Collection[str]) -> Iterator[str]:
    """What changed contracts break, with everything downstream that reads the source."""
    for name, source in opened.loaded.product.sources.items():
        node, contract = f"source.{name}", opened.loaded.contracts.get(source.contract or "")
        if contract is None or node not in scope:
            continue
        found = broken(opened.reader, node, contract)
        if found is None:
            continue
        old, changes = found
        what = f"{few([change.words for change in changes], 3)}{readers(opened.graph, node)}"
        if needs_version(old, contract):
            yield (
                f"apply will refuse {node} (DC104): {what}; such a change demands `version: {old.version + 1}` "
                f"in {source.contract}"
            )
        else:
            yield f"version {contract.version} of {source.contract} breaks version {old.version}: {what}"
