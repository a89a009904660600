"""Reading upstream tables back from artifacts, for the stages that need them."""

from __future__ import annotations

import msgspec
import polars as pl

from headway.data import sources, tables
from headway.data.groups import SourceTable
from headway.data.kept import COMMITTED, HIDDEN
from headway.engine.groups.log import snapshot_of
from headway.engine.stages.names import CONTRACT, QUARANTINE
from headway.engine.work import Work
from headway.facts.artifacts import Artifact, StoredFile
from headway.spec.contract import Contract


def group_rows(work: Work, name: str) -> pl.DataFrame:
    """A group's rows at the commit that this node is made of, verified.

    Raises:
        EngineError: A data file is missing, or its bytes are not those of its name.
    """
    return work.tables().read(snapshot_of(work.inputs[f"feature_group.{name}"])).collect()


def source_table(work: Work, name: str, earlier: Artifact | None = None) -> SourceTable:
    """A source's rows with its declaration and contract, and when they reached us where that counts.

    Args:
        work: The node that reads them.
        name: The source.
        earlier: Another version of the source than the one that the node is made of.

    Raises:
        EngineError: A file is missing, or its bytes are not those of its name.
    """
    artifact = earlier if earlier is not None else work.inputs[f"source.{name}"]
    whole = pl.concat([_part(work, file) for file in artifact.files if file.name != QUARANTINE])
    committed = whole[COMMITTED] if COMMITTED in whole.columns else None
    frame = whole.drop(HIDDEN, strict=False)
    source = work.declaration.product.sources[name]
    declared = work.declaration.contracts.get(source.contract) if source.contract else None
    contract = declared if declared is not None else sources.inferred(frame, name)
    return SourceTable(frame=frame, source=source, contract=contract, committed=committed)


def _part(work: Work, file: StoredFile) -> pl.DataFrame:
    work.blobs.verify(file.digest)
    return tables.read(work.blobs.path(file.digest))


def request_contract(work: Work, dataset: str) -> Contract:
    """The contract of a dataset's rows: as declared now, else as the rows' own types made it."""
    declared = work.declaration.product.sources[work.declaration.product.datasets[dataset].rows].contract
    found: Contract | None = work.declaration.contracts.get(declared) if declared else None
    if found is not None:
        return found
    return msgspec.json.decode(work.file(f"dataset.{dataset}", CONTRACT).read_bytes(), type=Contract)
