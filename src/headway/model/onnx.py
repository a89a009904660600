"""A model as an ONNX graph, run by ONNX Runtime; light, because a server loads it.

A graph that `headway.model.convert` wrote takes at most two inputs, whatever the number of columns:
every number in one matrix, every text in another. One call then costs microseconds, not tens.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as runtime_errors  # ty: ignore[import-not-found]

from headway.errors import model as errors
from headway.model.inputs import Kind, ModelInput, names
from headway.model.rows import rows_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from headway.model.inputs import InputRows

NUMBERS = "headway_numbers"
"""Graph input: the numbers, (n, count of number inputs), float or double."""
TEXTS = "headway_texts"
"""Graph input: the texts, (n, count of text inputs)."""

FAILURES = (
    runtime_errors.EPFail,
    runtime_errors.Fail,
    runtime_errors.InvalidArgument,
    runtime_errors.InvalidGraph,
    runtime_errors.InvalidProtobuf,
    runtime_errors.NotImplemented,
    runtime_errors.RuntimeException,
)
"""What ONNX Runtime raises; its classes share no ancestor of their own."""

_FATAL_ONLY = 4
# What fails is raised, and named; nothing is printed besides.


class OnnxModel:
    """A graph ready to answer: one thread, no spinning, safe to call from several threads.

    Args:
        graph: Bytes of the graph, as `headway.model.convert.convert` wrote them.
        inputs: The columns that it takes, in order.
        kind: What its last output is.

    Raises:
        EngineError: The bytes are no graph that this platform can run.
    """

    def __init__(self, graph: bytes, inputs: tuple[ModelInput, ...], kind: Kind) -> None:
        self._inputs = inputs
        self._kind: Kind = kind
        self._has_numbers = bool(names(inputs, "number"))
        self._has_texts = bool(names(inputs, "text"))
        try:
            self._session = onnxruntime.InferenceSession(
                graph, _options(), providers=["CPUExecutionProvider"]
            )
        except FAILURES as error:
            raise errors.graph_cannot_be_loaded(str(error)) from error
        types = {item.name: item.type for item in self._session.get_inputs()}
        self._is_single = types.get(NUMBERS) != "tensor(double)"
        self._output = [self._session.get_outputs()[-1].name]

    @property
    def inputs(self) -> tuple[ModelInput, ...]:
        """The columns that it takes, in order."""
        return self._inputs

    def predict(self, columns: Mapping[str, np.ndarray]) -> np.ndarray:
        """The answers to n rows; see `headway.model.predictor.Predictor.predict`.

        Raises:
            EngineError: ONNX Runtime failed.
        """
        return self.answer(rows_of(columns, self._inputs))

    def answer(self, rows: InputRows) -> np.ndarray:
        """The answers to n rows; see `headway.model.predictor.Predictor.answer`.

        Raises:
            EngineError: ONNX Runtime failed.
        """
        feed = {}
        if self._has_numbers:
            feed[NUMBERS] = _single(rows.numbers) if self._is_single else rows.numbers
        if self._has_texts:
            feed[TEXTS] = rows.texts
        try:
            answer: Any = self._session.run(self._output, feed)[0]
        except FAILURES as error:
            raise errors.graph_failed(str(error)) from error
        answer = answer.astype(np.float64)
        return answer if self._kind == "probability" else answer.reshape(-1)


# A number beyond single precision becomes infinite, as it does inside the graph.
@np.errstate(over="ignore")
def _single(numbers: np.ndarray) -> np.ndarray:
    return numbers.astype(np.float32)


def _options() -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = _FATAL_ONLY
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    return options
