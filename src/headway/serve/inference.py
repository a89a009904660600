"""Open Inference Protocol v2, JSON form: one named tensor per request column. Pure.

Source: kserve/open-inference-protocol, specification/protocol/inference_rest.md (2025-05). Tensors have
shape [n] or [n, 1]; data may be nested as the shape or flat. `parameters.prediction_id` names the first
row's prediction (parameters hold no lists); the output `prediction_id` names every row's. `parameters.warnings`
is JSON text: what rows were answered in spite of, `[{"field": ..., "rule": ..., "rows": [0]}]`; absent for clean rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import msgspec
from msgspec import Struct

from headway.contract.verdict import CLEAN
from headway.core.digest import short
from headway.errors import serve as errors
from headway.serve.answers import caveats
from headway.serve.asked import Asked, check_id, fault

if TYPE_CHECKING:
    from collections.abc import Sequence

    from headway.bundle.manifest import Answer, Manifest
    from headway.contract.record import RecordDecoder
    from headway.contract.verdict import Judged
    from headway.serve.answers import Answered
    from headway.spec.contract import Column, Contract

Datatype = Literal[
    "BOOL",
    "UINT8",
    "UINT16",
    "UINT32",
    "UINT64",
    "INT8",
    "INT16",
    "INT32",
    "INT64",
    "FP16",
    "FP32",
    "FP64",
    "BYTES",
]

WHOLE = frozenset({"UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64"})
ACCEPTED: dict[str, frozenset[str]] = {
    "integer": WHOLE,
    "number": WHOLE | {"FP16", "FP32", "FP64"},
    "text": frozenset({"BYTES"}),
    "boolean": frozenset({"BOOL"}),
    "time": frozenset({"BYTES"}),
    "date": frozenset({"BYTES"}),
}
"""Logical type -> datatypes that carry it; times and dates are ISO text."""

TOLD = {
    "integer": "INT64",
    "number": "FP64",
    "text": "BYTES",
    "boolean": "BOOL",
    "time": "BYTES",
    "date": "BYTES",
}
"""Logical type -> the datatype that metadata names."""

PREDICTION_ID = "prediction_id"

Scalar = str | int | float | bool


class Tensor(Struct, forbid_unknown_fields=True):
    """One request column."""

    name: str
    shape: list[int]
    datatype: Datatype
    data: list[Any]
    parameters: dict[str, Scalar] = {}


class Wanted(Struct, forbid_unknown_fields=True):
    """One output asked for."""

    name: str
    parameters: dict[str, Scalar] = {}


class Inference(Struct, forbid_unknown_fields=True):
    """A request."""

    inputs: list[Tensor]
    id: str | None = None
    parameters: dict[str, Scalar] = {}
    outputs: list[Wanted] | None = None


_decode = msgspec.json.Decoder(Inference).decode
_encode = msgspec.json.Encoder().encode


class InferenceForm:
    """Tensors of one release; a `headway.serve.asked.Form`.

    Args:
        manifest: The release.
        contract: Its request contract.
        record: The same, compiled.
    """

    def __init__(self, manifest: Manifest, contract: Contract, record: RecordDecoder) -> None:
        self._told = {"model_name": manifest.endpoint, "model_version": short(manifest.release)}
        self._record = record
        self._columns = contract.columns
        self._outputs = output_types(manifest.answer)

    def unit(self, body: bytes, column: str | None) -> str | None:
        """The value by which a body sticks to a release."""
        try:
            asked = _decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
        if column is None:
            return asked.id
        data = next((tensor.data for tensor in asked.inputs if tensor.name == column), [])
        first = data[0] if data else None
        value = first[0] if isinstance(first, list) and first else first
        return None if value is None else str(value)

    def read(self, body: bytes) -> Asked:
        """The rows of a body, checked by the contract.

        Raises:
            ContractError: The body is not of this form (SE...), or a row breaks the contract (DC004).
        """
        try:
            asked = _decode(body)
        except msgspec.ValidationError as reason:
            raise fault(reason) from reason
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as reason:
            raise errors.not_json(str(reason)) from reason
        columns = {tensor.name: self._values(tensor, place) for place, tensor in enumerate(asked.inputs)}
        _check_rows(asked.inputs, columns)
        wanted = tuple(output.name for output in asked.outputs or ())
        for name in wanted:
            if name not in self._outputs:
                raise errors.unknown_output(name, tuple(self._outputs))
        return Asked(check_id(asked.id), self._record.from_columns(columns), wanted)

    def write(
        self, request: str, ids: Sequence[str], answered: Answered, asked: Asked, judged: Judged = CLEAN
    ) -> bytes:
        """The outputs that were asked for, or all."""
        data: dict[str, Sequence[Any]] = {**answered._asdict(), PREDICTION_ID: ids}
        outputs = [
            {"name": name, "shape": [len(ids)], "datatype": datatype, "data": data[name]}
            for name, datatype in self._outputs.items()
            if not asked.outputs or name in asked.outputs
        ]
        parameters = {PREDICTION_ID: ids[0]}
        if judged is not CLEAN:
            parameters["warnings"] = _encode([item._asdict() for item in caveats(judged)]).decode()
        return _encode(self._told | {"id": request, "parameters": parameters, "outputs": outputs})

    def _values(self, tensor: Tensor, place: int) -> list[Any]:
        at = f"$.inputs[{place}]"
        column = self._columns.get(tensor.name)  # a name that is not declared is the contract's to refuse
        if column is not None and tensor.datatype not in ACCEPTED[column.type]:
            wanted = f"Expected `{TOLD[column.type]}` for `{tensor.name}`, got `{tensor.datatype}`"
            raise errors.breaks_protocol(f"{at}.datatype", wanted)
        return _flat(tensor, at)


def _flat(tensor: Tensor, at: str) -> list[Any]:
    if not (len(tensor.shape) == 1 or (len(tensor.shape) == 2 and tensor.shape[1] == 1)):  # noqa: PLR2004 -- [n, 1]
        raise errors.breaks_protocol(f"{at}.shape", f"Expected [n] or [n, 1], got {tensor.shape[:5]}")
    data = tensor.data
    if len(tensor.shape) > 1 and data and all(isinstance(row, list) and len(row) == 1 for row in data):
        data = [row[0] for row in data]
    if len(data) != tensor.shape[0]:
        raise errors.breaks_protocol(f"{at}.data", f"Expected {tensor.shape[0]} values, got {len(data)}")
    return data


def _check_rows(tensors: list[Tensor], columns: dict[str, list[Any]]) -> None:
    if len(columns) < len(tensors):
        raise errors.breaks_protocol("$.inputs", "A field is sent twice")
    if not any(columns.values()):
        raise errors.no_rows()


def output_types(answer: Answer) -> dict[str, str]:
    """What a release answers, with datatypes."""
    if answer.kind == "value":
        return {"value": "FP64", PREDICTION_ID: "BYTES"}
    return {"probability": "FP64", "label": _label_type(answer.classes), PREDICTION_ID: "BYTES"}


def _label_type(classes: Sequence[Any]) -> str:
    for kind, datatype in ((bool, "BOOL"), (int, "INT64"), (float, "FP64")):
        if all(isinstance(item, kind) for item in classes):
            return datatype
    return "BYTES"


def metadata(versions: Sequence[str], manifest: Manifest, columns: dict[str, Column]) -> dict[str, Any]:
    """What the protocol says of a model; -1 is any number of rows."""
    runtime = manifest.runtime
    parameters = {
        "release": manifest.release,
        "runtime": runtime,
        "why_native": manifest.why_native,
        "rows_independent": bool(manifest.rows_independent),
    }
    inputs = {name: TOLD[column.type] for name, column in columns.items()}
    return {
        "name": manifest.endpoint,
        "versions": list(versions),
        "platform": "onnx_onnxv1" if runtime == "onnx" else "sklearn_joblib",
        "inputs": _shaped(inputs),
        "outputs": _shaped(output_types(manifest.answer)),
        "parameters": parameters,
    }


def _shaped(datatypes: dict[str, str]) -> list[dict[str, Any]]:
    return [{"name": name, "datatype": datatype, "shape": [-1]} for name, datatype in datatypes.items()]
