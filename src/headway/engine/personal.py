"""The personal data that a node works on, to be kept out of its log, its errors and its reports."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from headway.contract.personal import personal_columns
from headway.data import tables
from headway.data.personal import mask_of
from headway.engine.governing import columns_with, reads_of
from headway.engine.groups.log import snapshot_of
from headway.engine.stages.names import ROWS
from headway.engine.work import Work
from headway.errors.masking import PERSONAL, Mask
from headway.facts.artifacts import Artifact
from headway.features.layout import FEATURE_PREFIX, ROW_PREFIX
from headway.lineage.carried import EVERY, carried
from headway.spec.graph import graph
from headway.spec.load import Loaded
from headway.spec.neighbours import is_shared
from headway.survey.modules import Modules


def mask_for(work: Work) -> Mask | None:
    """What takes personal values out of the texts of a node; None when its product tags no column `pii`."""
    loaded = work.declaration
    if not isinstance(loaded, Loaded) or not _is_tagged(loaded):
        return None
    return mask_of(lambda: _columns(work, loaded))


def _is_tagged(loaded: Loaded) -> bool:
    product = loaded.product
    if any(_is_tagged(lender) for lender in loaded.lenders.values()):
        return True
    given = [*product.sources.values(), *product.feature_groups.values(), *product.datasets.values()]
    return any(PERSONAL in declared.tags for declared in given) or any(
        personal_columns(contract) for contract in loaded.contracts.values()
    )


def _columns(work: Work, loaded: Loaded) -> Iterator[pl.Series]:
    """Columns that carry the tag in what the node reads, and in the sources behind it."""
    found = carried(loaded, reads_of(loaded, Modules(work.root)))
    for name, artifact in work.inputs.items():
        personal = columns_with(found.get(name, {}), PERSONAL)
        if artifact.kind == "dataset":
            frame = tables.read(work.file(name, ROWS))
            names = {f"{prefix}{column}" for column in personal for prefix in (ROW_PREFIX, FEATURE_PREFIX)}
            if any(column.endswith(EVERY) for column in personal):
                names |= {column for column in frame.columns if column.startswith(FEATURE_PREFIX)}
            yield from _texts(frame, names)
    for node in _behind(work, loaded):
        kind, _, name = node.partition(".")
        personal = columns_with(found.get(node, {}), PERSONAL)
        if kind == "source":
            yield from _source(work, node, personal)
        elif is_shared(name):
            yield from _shared(work, node, personal)


def _behind(work: Work, loaded: Loaded) -> list[str]:
    """Nodes that flow into the node of this work."""
    nodes = graph(loaded.product, loaded.contracts)
    behind = [work.node.name]
    for node in behind:
        behind += [need for need in nodes.node(node).needs if need not in behind]
    return behind[1:]


def _source(work: Work, node: str, personal: set[str]) -> Iterator[pl.Series]:
    artifact = _newest(work, node)
    for file in artifact.files if artifact is not None and personal else ():
        frame = tables.read(work.blobs.path(file.digest))
        yield from (frame[name] for name in frame.columns if name in personal or "*" in personal)


def _shared(work: Work, node: str, personal: set[str]) -> Iterator[pl.Series]:
    """Personal values in the rows of another product's group, whose sources are not here."""
    artifact = _newest(work, node)
    if artifact is None or not personal:
        return
    frame = work.tables().read(snapshot_of(artifact)).collect()
    names = set(frame.columns) if EVERY in personal else personal
    yield from _texts(frame, names)


def _newest(work: Work, node: str) -> Artifact | None:
    """What a node came out with: where it is an input, else last."""
    artifact = work.inputs.get(node)
    if artifact is None and work.past is not None:
        past = work.past.executions(node)
        artifact = work.past.artifact(past[0].output) if past and past[0].output else None
    return artifact


def _texts(frame: pl.DataFrame, names: set[str]) -> Iterator[pl.Series]:
    yield from (frame[name] for name in frame.columns if name in names and frame.schema[name] == pl.String)
