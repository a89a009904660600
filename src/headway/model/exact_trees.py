"""The splits of a histogram gradient boosting model in double precision; heavy.

scikit-learn compares doubles there, and skl2onnx rounds the thresholds to floats, so that a row within
a rounding of a threshold takes the other branch (onnx/sklearn-onnx#1192). ONNX ML 3 can hold doubles
(`nodes_values_as_tensor`), and ONNX Runtime compares them as fast. Every figure written is first proven
to be the one that skl2onnx rounded; a graph that does not fit is refused, never guessed at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from onnx import AttributeProto, TensorProto, helper, numpy_helper

if TYPE_CHECKING:
    from collections.abc import Mapping

_MACHINE_LEARNING = "ai.onnx.ml"
_WITH_DOUBLES = 3


def write_doubles(graph: onnx.ModelProto, estimator: Any) -> None:
    """Put the estimator's own thresholds and leaf values into the graph, in place.

    Args:
        graph: The conversion of a model whose last step is `estimator`, with double inputs.
        estimator: A fitted `HistGradientBoostingClassifier` or `HistGradientBoostingRegressor`.

    Raises:
        ValueError: The graph's figures are not those of the estimator.
    """
    trees = [node for node in graph.graph.node if node.op_type.startswith("TreeEnsemble")]
    if len(trees) != 1:
        message = f"{len(trees)} tree ensembles in the graph"
        raise ValueError(message)
    exact = _exact(estimator)
    attributes = [_in_double(item, exact) for item in trees[0].attribute if item.name != "nodes_hitrates"]
    del trees[0].attribute[:]
    trees[0].attribute.extend(attributes)
    _say_version(graph)
    if trees[0].op_type == "TreeEnsembleClassifier":
        # Its probabilities are floats whatever it compares (operator specification, ai.onnx.ml 3).
        graph.graph.output[-1].type.tensor_type.elem_type = TensorProto.FLOAT


def _exact(estimator: Any) -> dict[str, np.ndarray]:
    """Attribute -> the doubles that it was rounded from, in the order in which skl2onnx lists nodes."""
    nodes = np.concatenate([tree.nodes for iteration in estimator._predictors for tree in iteration])  # noqa: SLF001 -- skl2onnx reads the same
    is_leaf = nodes["is_leaf"].astype(bool)
    leaves = nodes["value"][is_leaf]
    thresholds = np.where(is_leaf, 0.0, nodes["num_threshold"])
    return {"nodes_values": thresholds, "class_weights": leaves, "target_weights": leaves}


def _in_double(item: AttributeProto, exact: Mapping[str, np.ndarray]) -> AttributeProto:
    if item.type != AttributeProto.FLOATS:
        return item
    rounded = np.array(item.floats, dtype=np.float32)
    doubles = exact.get(item.name, rounded.astype(np.float64))
    if not np.array_equal(doubles.astype(np.float32), rounded):
        message = f"{item.name} of the graph is not that of the model"
        raise ValueError(message)
    return helper.make_attribute(f"{item.name}_as_tensor", numpy_helper.from_array(doubles, item.name))


def _say_version(graph: onnx.ModelProto) -> None:
    for used in graph.opset_import:
        if used.domain == _MACHINE_LEARNING:
            used.version = max(used.version, _WITH_DOUBLES)
