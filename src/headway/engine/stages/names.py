"""Names that stages share: nodes as the product file writes them, files of artifacts."""

from __future__ import annotations

from headway.spec.graph import Node

ROWS = "rows.parquet"
"""The one table of a source, feature group or dataset."""
QUARANTINE = "quarantine.parquet"
"""In a source: rows that its contract set aside when it was read, with their reasons; no part of its rows."""


def short_name(node: Node | str) -> str:
    """`delay` of `model.delay` and of `model.delay.baseline`."""
    name = node if isinstance(node, str) else node.name
    return name.split(".")[1]


CONTRACT = "contract.json"
"""In a dataset: the contract of its rows, as it was when it was built."""
REPORT = "report.json"
"""In an evaluation: its report."""
