"""Reading upstream tables back from artifacts, for the stages that need them."""

from __future__ import annotations

import msgspec

from headway.data import sources, tables
from headway.data.groups import SourceTable
from headway.engine.stages.names import CONTRACT, ROWS
from headway.engine.work import Work
from headway.spec.contract import Contract


def source_table(work: Work, name: str) -> SourceTable:
    """A source's rows with its declaration and contract."""
    frame = tables.read(work.file(f"source.{name}", ROWS))
    source = work.declaration.product.sources[name]
    declared = work.declaration.contracts.get(source.contract) if source.contract else None
    contract = declared if declared is not None else sources.inferred(frame, name)
    return SourceTable(frame=frame, source=source, contract=contract)


def request_contract(work: Work, dataset: str) -> Contract:
    """The contract of a dataset's rows: as declared now, else as the rows' own types made it."""
    declared = work.declaration.product.sources[work.declaration.product.datasets[dataset].rows].contract
    found: Contract | None = work.declaration.contracts.get(declared) if declared else None
    if found is not None:
        return found
    return msgspec.json.decode(work.file(f"dataset.{dataset}", CONTRACT).read_bytes(), type=Contract)
