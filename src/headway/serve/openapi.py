"""Describes what is served as OpenAPI 3.1, from the same contracts that check requests. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from headway import __version__

if TYPE_CHECKING:
    from headway.serve.release import LoadedRelease
    from headway.serve.serving import Serving
    from headway.spec.contract import Column

TYPES: dict[str, dict[str, Any]] = {
    "integer": {"type": "integer", "format": "int64"},
    "number": {"type": "number"},
    "text": {"type": "string"},
    "boolean": {"type": "boolean"},
    "time": {"type": "string", "format": "date-time"},
    "date": {"type": "string", "format": "date"},
}
"""Logical type -> JSON Schema."""


def describe(serving: Serving) -> dict[str, Any]:
    """The document: one path per endpoint that has a release, by its stable one."""
    served = {name: live.variants[0].release for name, live in serving.endpoints.items() if live.variants}
    return {
        "openapi": "3.1.0",
        "info": {"title": serving.route.product, "version": __version__},
        "paths": {
            f"/predict/{name}": {"post": _operation(name, release)} for name, release in served.items()
        },
    }


def _operation(name: str, release: LoadedRelease) -> dict[str, Any]:
    columns = release.contract.columns
    row = {
        "type": "object",
        "properties": {field: _schema(column) for field, column in columns.items()},
        "required": [field for field, column in columns.items() if column.default is None],
        "additionalProperties": release.contract.extra_columns == "ignore",
    }
    rows = {"type": "array", "items": row, "minItems": 1}
    envelope = {
        "type": "object",
        "properties": {"rows": rows, "id": {"type": "string"}},
        "required": ["rows"],
        "additionalProperties": False,
    }
    return {
        "operationId": f"predict_{name}",
        "summary": f"Ask {name}, release {release.version}",
        "requestBody": {"required": True, "content": _json({"anyOf": [envelope, row]})},
        "responses": {
            "200": {"description": "One prediction per row", "content": _json(_answer())},
            "400": {"description": "A row breaks the contract: `error` names the field"},
        },
    }


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _answer() -> dict[str, Any]:
    text = {"type": "string"}
    warning = {"type": "object", "properties": {"field": text, "rule": text}, "required": ["field", "rule"]}
    about = "What the row was answered in spite of; absent for a row that keeps the contract"
    warnings = {"type": "array", "items": warning, "description": about}
    prediction = {"type": "object", "properties": {"prediction_id": text, "warnings": warnings}}
    predictions = {"type": "array", "items": prediction | {"required": ["prediction_id"]}}
    fields = {"model_name": text, "model_version": text, "id": text, "predictions": predictions}
    return {"type": "object", "properties": fields, "required": list(fields)}


def _schema(column: Column) -> dict[str, Any]:
    schema = dict(TYPES[column.type])
    if column.type in ("integer", "number"):
        bounds = {"minimum": column.min, "maximum": column.max}
        schema |= {name: bound for name, bound in bounds.items() if bound is not None}
    if column.matches is not None:
        schema["pattern"] = column.matches
    if column.in_ is not None:
        schema["enum"] = [*column.in_, None] if column.nulls else list(column.in_)
    if column.nulls:
        schema["type"] = [schema["type"], "null"]
    if column.description or column.unit:
        schema["description"] = " ".join(filter(None, (column.description, column.unit)))
    return schema
