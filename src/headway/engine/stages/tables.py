"""Reading upstream tables back from artifacts, for the stages that need them."""

from __future__ import annotations

from headway.data import sources, tables
from headway.data.groups import SourceTable
from headway.engine.work import Work
from headway.spec.contract import Contract

ROWS = "rows.parquet"
"""The one table of a source, feature group or dataset."""


def source_table(work: Work, name: str) -> SourceTable:
    """A source's rows with its declaration and contract."""
    frame = tables.read(work.file(f"source.{name}", ROWS))
    return SourceTable(frame=frame, source=work.declaration.product.sources[name], contract=contract_of(work, name, frame))


def contract_of(work: Work, name: str, frame: object) -> Contract:
    """The declared contract of a source, or the one that its own types make."""
    declared = work.declaration.product.sources[name].contract
    found: Contract | None = work.declaration.contracts.get(declared) if declared else None
    return found if found is not None else sources.inferred(frame, name)  # ty: ignore[invalid-argument-type]
