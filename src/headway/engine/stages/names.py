"""Short names of nodes, as the product file writes them."""

from __future__ import annotations

from headway.spec.graph import Node


def short_name(node: Node | str) -> str:
    """`delay` of `model.delay` and of `model.delay.baseline`."""
    name = node if isinstance(node, str) else node.name
    return name.split(".")[1]
