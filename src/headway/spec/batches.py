"""What batch predictions mean beyond their fields: whose releases answer, and which sources only they read. Pure."""

from __future__ import annotations

from pathlib import PurePosixPath

from headway.spec.product import Batch, Product

PREDICTION_ID = "prediction_id"
MODEL_VERSION = "model_version"
PREDICTED_AT = "predicted_at"
TOLD = (PREDICTION_ID, MODEL_VERSION, PREDICTED_AT, "probability", "label", "value")
"""Columns that a batch adds to those of its rows; no column of the rows may have such a name."""
REJECTED = ("rejected_row", "rejected_reason")
"""Columns before those of the rows in the file of rejected rows: the row's number, from 1, and why."""
SUFFIXES = (".parquet", ".csv")
"""How an output may be written."""


def endpoints_of(product: Product, batch: Batch) -> list[str]:
    """Names of the endpoints whose release may be meant; exactly one in a product that was checked."""
    if batch.endpoint is not None:
        return [batch.endpoint] if batch.endpoint in product.endpoints else []
    return [name for name, endpoint in product.endpoints.items() if endpoint.model == batch.model]


def read_by_batches_only(product: Product) -> set[str]:
    """Sources that no group, dataset or label reads: `predict` reads them, `apply` does not."""
    read = {name for group in product.feature_groups.values() for name in group.from_}
    for dataset in product.datasets.values():
        read |= {dataset.rows, dataset.label.from_ or dataset.rows}
    return {batch.rows for batch in product.batches.values()} - read


def rejected_beside(to: str) -> str:
    """Where rows that break the contract go: `tables/nightly.rejected.parquet`."""
    path = PurePosixPath(to)
    return str(path.with_name(f"{path.stem}.rejected{path.suffix}"))
