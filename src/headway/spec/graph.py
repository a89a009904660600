"""The product as a graph of nodes, which is all that planning and the engine know of it.

A node carries what it is made of in four parts (config, code, data files, needs), so that each
difference between two fingerprints has a reason that a person can read.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field


class Node(Struct, frozen=True, kw_only=True):
    """One declared thing, ready to be fingerprinted.

    Attributes:
        name: `kind.name`, such as `model.delay`; a baseline is `model.delay.baseline`.
        kind: source, feature_group, dataset, model, baseline, evaluation, endpoint.
        config: Identity fields, flattened to dotted names (`params.max_iter`) -> JSON values.
        code: References to the product's code: `module:function`, or `module` for every
            public function defined in it.
        files: Paths relative to the product whose content is an input (data, contracts, tests).
        needs: Names of upstream nodes, in the order in which the stage takes them.
        metadata: Fields that describe; never part of the fingerprint.
    """

    name: str
    kind: str
    config: dict[str, Any] = field(default_factory=dict)
    code: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    metadata: dict[str, Any] = field(default_factory=dict)


class Graph(Struct, frozen=True, kw_only=True):
    """Nodes in an order in which every node comes after what it needs."""

    nodes: tuple[Node, ...]

    def node(self, name: str) -> Node:
        """The node called `name`.

        Raises:
            KeyError: There is none.
        """
        for node in self.nodes:
            if node.name == name:
                return node
        raise KeyError(name)
