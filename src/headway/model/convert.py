"""A scikit-learn model as an ONNX graph, the same bytes for the same model; heavy.

skl2onnx writes one graph input per column. They are merged into one matrix of numbers and one of texts
(`headway.model.onnx`), which takes a third of the time off a one-row call. Whether the graph may stand
in for the model is not decided here but by `headway.model.agreement`.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from onnx import ModelProto, TensorProto, helper
from skl2onnx import to_onnx
from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType, StringTensorType
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.pipeline import Pipeline

from headway.model.exact_trees import link_of, write_doubles
from headway.model.inputs import Kind, ModelInput, names
from headway.model.onnx import NUMBERS, TEXTS, OnnxModel

if TYPE_CHECKING:
    from collections.abc import Sequence

OPSET = {"": 18, "ai.onnx.ml": 3}
"""Pinned, so that a newer library writes the same graph."""

_NAME = "headway"
_LONGEST_REASON = 200
_MISCONVERTED = "converts silently wrong; use an encoder in the pipeline instead"
_HISTOGRAM = (HistGradientBoostingClassifier, HistGradientBoostingRegressor)

Precision = Literal["double", "single"]


class Conversion(NamedTuple):
    """A graph, or why there is none (one bounded sentence)."""

    graph: bytes | None
    reason: str = ""


def convert(model: Any, inputs: tuple[ModelInput, ...], kind: Kind) -> Conversion:
    """A fitted model as an ONNX graph whose last output is the answer.

    The same fitted model gives the same bytes in every process. Numbers enter in single precision,
    but in double for histogram gradient boosting, which compares doubles.

    Args:
        model: A fitted estimator, fitted on the inputs in their order.
        inputs: The columns that it takes.
        kind: Whether the answer is probabilities (n, k) or values (n,).
    """
    refusal = _refusal(model)
    if refusal:
        return Conversion(None, refusal)
    reason = ""
    for precision in _precisions(model):
        try:
            return Conversion(_converted(model, inputs, kind, precision))
        except Exception as error:  # noqa: BLE001 -- converters raise every class there is; the native form serves
            reason = _first_line(error)
    return Conversion(None, f"skl2onnx cannot convert {type(model).__name__}: {reason}")


def _precisions(model: Any) -> Sequence[Precision]:
    """What to try, in this order: skl2onnx compares floats only, and writes no link of a regression."""
    boosting = _last_step(model, _HISTOGRAM)
    if boosting is None:
        return ("single",)
    has_link = isinstance(boosting, HistGradientBoostingRegressor) and link_of(boosting) != "identity"
    return ("double",) if has_link else ("double", "single")


def _refusal(model: Any) -> str:
    if not isinstance(model, BaseEstimator):
        return f"{type(model).__name__} is no scikit-learn estimator"
    for part in _parts(model):
        if isinstance(part, _HISTOGRAM):
            is_categorical = getattr(part, "is_categorical_", None)
            if part.categorical_features not in (None, "from_dtype") or is_categorical is not None:
                return f"{type(part).__name__} with categorical_features= {_MISCONVERTED}"
    return ""


def _parts(model: BaseEstimator) -> list[Any]:
    """The model and every estimator in it; the last step of a pipeline as it was fitted."""
    last = model[-1] if isinstance(model, Pipeline) else model
    return [model, last, *model.get_params(deep=True).values()]


def _last_step(model: Any, classes: tuple[type, ...]) -> Any | None:
    last = model[-1] if isinstance(model, Pipeline) else model
    return last if isinstance(last, classes) else None


def _converted(model: Any, inputs: tuple[ModelInput, ...], kind: Kind, precision: Precision) -> bytes:
    number = DoubleTensorType if precision == "double" else FloatTensorType
    is_matrix = not names(inputs, "text") and not any(
        isinstance(part, ColumnTransformer) for part in _parts(model)
    )
    types: list[Any] = [(NUMBERS, number([None, len(inputs)]))] if is_matrix else _columns(inputs, number)
    options = {"zipmap": False} if kind == "probability" else None
    with warnings.catch_warnings():
        # Deprecations between skl2onnx, onnx and protobuf are theirs to mend.
        warnings.simplefilter("ignore")
        graph = to_onnx(model, initial_types=types, options=options, target_opset=dict(OPSET), name=_NAME)
    if not is_matrix:
        _merge(graph, inputs, TensorProto.DOUBLE if precision == "double" else TensorProto.FLOAT)
    if precision == "double":
        write_doubles(graph, _last_step(model, _HISTOGRAM))
    content = _bytes(graph)
    OnnxModel(content, inputs, kind)  # some faulty conversions show only when they are loaded
    return content


def _columns(inputs: tuple[ModelInput, ...], number: Any) -> list[Any]:
    types = {"number": number, "text": StringTensorType}
    return [(item.name, types[item.type]([None, 1])) for item in inputs]


def _merge(graph: ModelProto, inputs: tuple[ModelInput, ...], number: int) -> None:
    """Replace one graph input per column by one matrix of numbers and one of texts.

    Raises:
        ValueError: The graph does not take one input per column.
    """
    # By position: skl2onnx writes other names where a column's is no identifier.
    columns = [item.name for item in graph.graph.input]
    if len(columns) != len(inputs):
        message = f"the graph takes {len(columns)} columns of {len(inputs)}"
        raise ValueError(message)
    del graph.graph.input[:]
    for wanted, name, element in (("number", NUMBERS, number), ("text", TEXTS, TensorProto.STRING)):
        chosen = [column for column, item in zip(columns, inputs, strict=True) if item.type == wanted]
        if chosen:
            graph.graph.input.append(helper.make_tensor_value_info(name, element, [None, len(chosen)]))
            sizes = helper.make_tensor(f"{name}_sizes", TensorProto.INT64, [len(chosen)], [1] * len(chosen))
            graph.graph.initializer.append(sizes)
            split = helper.make_node("Split", [name, sizes.name], chosen, name=f"{name}_split", axis=1)
            graph.graph.node.insert(0, split)


def _bytes(graph: ModelProto) -> bytes:
    """Canonical bytes: who wrote the graph, and when, is not what it is."""
    for field in ("producer_name", "producer_version", "domain", "doc_string", "model_version"):
        graph.ClearField(field)
    graph.graph.name = _NAME
    graph.graph.doc_string = ""
    # skl2onnx lists the operator sets in the order of a set of texts, which changes with the hash seed.
    sets = sorted((item.domain, item.version) for item in graph.opset_import)
    del graph.opset_import[:]
    graph.opset_import.extend(helper.make_opsetid(domain, version) for domain, version in sets)
    return graph.SerializeToString(deterministic=True)


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0][:_LONGEST_REASON]
