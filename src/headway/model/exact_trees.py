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

LINKS = {"IdentityLink": "identity", "LogLink": "log"}
"""Class of scikit-learn's `_loss.link` -> what it is called here; of these the inverse can be written."""


def write_doubles(graph: onnx.ModelProto, estimator: Any) -> None:
    """Put the estimator's own thresholds and leaf values into the graph, in place.

    Args:
        graph: The conversion of a model whose last step is `estimator`, with double inputs.
        estimator: A fitted `HistGradientBoostingClassifier` or `HistGradientBoostingRegressor`.

    Raises:
        ValueError: The graph's figures are not those of the estimator, or its answer is another function
            of what the trees add up to than `LINKS` knows.
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
    # What comes out are floats, whatever is compared and added (operator specification, ai.onnx.ml 3).
    graph.graph.output[-1].type.tensor_type.elem_type = TensorProto.FLOAT
    if trees[0].op_type == "TreeEnsembleRegressor":
        _write_link(graph, trees[0], estimator)


def link_of(estimator: Any) -> str:
    """How a histogram gradient boosting regressor makes its answer of what the trees add up to.

    Returns:
        `identity` (squared and absolute error, quantile), `log` (gamma, poisson), or empty for another.
    """
    return LINKS.get(type(estimator._loss.link).__name__, "")  # noqa: SLF001 -- its losses tell it nowhere else


def _write_link(graph: onnx.ModelProto, trees: onnx.NodeProto, estimator: Any) -> None:
    """Append the inverse of a logarithmic link, which skl2onnx leaves out."""
    link = link_of(estimator)
    if not link:
        message = f"loss {estimator.loss!r} has a link of its own"
        raise ValueError(message)
    if link == "identity":
        return
    answer = trees.output[0]
    if len(graph.graph.output) != 1 or graph.graph.output[0].name != answer:
        message = "the trees' sum is not the graph's answer"
        raise ValueError(message)
    trees.output[0] = "raw"
    graph.graph.node.append(
        helper.make_node("Cast", ["raw"], ["raw_double"], name="widen", to=TensorProto.DOUBLE)
    )
    graph.graph.node.append(helper.make_node("Exp", ["raw_double"], [answer], name="inverse_link"))
    graph.graph.output[0].type.tensor_type.elem_type = TensorProto.DOUBLE


def _exact(estimator: Any) -> dict[str, np.ndarray]:
    """Attribute -> the doubles that it was rounded from, in the order in which skl2onnx lists nodes."""
    nodes = np.concatenate([tree.nodes for iteration in estimator._predictors for tree in iteration])  # noqa: SLF001 -- skl2onnx reads the same
    is_leaf = nodes["is_leaf"].astype(bool)
    leaves = nodes["value"][is_leaf]
    thresholds = np.where(is_leaf, 0.0, nodes["num_threshold"])
    baseline = np.ravel(estimator._baseline_prediction).astype(np.float64)  # noqa: SLF001
    return {
        "nodes_values": thresholds,
        "class_weights": leaves,
        "target_weights": leaves,
        "base_values": baseline,
    }


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
