"""JSON Schema (draft 2020-12) of the product file, for editors: made from the declared types."""

from __future__ import annotations

import inspect
import re
import types
import typing
from datetime import timedelta
from typing import Any, Literal

from msgspec import structs

from headway.spec.product import (
    Anonymity,
    Dataset,
    Declared,
    FeatureGroup,
    Interval,
    Label,
    Limits,
    Matter,
    Monitor,
    PolicyRule,
    Product,
    Retention,
    Source,
    Split,
)

_DURATION = {"type": "string", "pattern": r"^(\d+(\.\d+)?(us|ms|s|m|h|d|w))+$", "examples": ["10m", "28d"]}
_PERCENT = {"type": "string", "pattern": r"^\d+(\.\d+)? ?%$", "examples": ["70%"]}
_RATE = {"type": "string", "examples": ["500/s", "1 per 30d"]}
_TEXTS = {"type": "array", "items": {"type": "string"}}
_INSTANT = {"type": "string", "examples": ["2024-03-01", "2024-03-01T06:00:00Z"]}
_SHORT: dict[tuple[type[Declared], str], dict[str, Any]] = {
    (Source, "known"): {"type": "string", "description": "a column, a lag such as 10m, or commit"},
    (Label, "known"): {"type": "string", "description": "a column, a lag such as 1d, or commit"},
    (FeatureGroup, "from"): {"anyOf": [{"type": "string"}, _TEXTS]},
    (Matter, "tag"): {"anyOf": [{"type": "string"}, _TEXTS]},
    (Matter, "source"): {"anyOf": [{"type": "string"}, _TEXTS]},
    (Anonymity, "columns"): {"anyOf": [{"type": "string"}, _TEXTS]},
    (Anonymity, "tag"): {"anyOf": [{"type": "string"}, _TEXTS]},
    (Retention, "tag"): {"anyOf": [{"type": "string"}, _TEXTS]},
    (PolicyRule, "in"): {"anyOf": [{"type": "string"}, _TEXTS]},
    (PolicyRule, "on"): {"anyOf": [{"type": "string"}, _TEXTS]},
    (Dataset, "predict_at"): {"type": "string", "examples": ["scheduled_at - 2h"]},
    (Dataset, "request"): {"anyOf": [{"const": "*"}, _TEXTS]},
    (Label, "by_key"): {
        "anyOf": [_TEXTS, {"type": "object", "additionalProperties": {"type": "string"}}],
    },
    (Interval, "from"): _INSTANT,
    (Interval, "to"): _INSTANT,
    (Limits, "rate"): _RATE,
    (Monitor, "false_alarms"): _RATE,
}
"""Fields that are written in a shorter way than their type (see `headway.spec.read`)."""


def schema() -> dict[str, Any]:
    """The schema of `headway.yaml`."""
    found: dict[str, Any] = {}
    root = _declared(Product, found)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "headway.yaml",
        **root,
        "$defs": dict(sorted(found.items())),
    }


def _declared(kind: type[Declared], found: dict[str, Any]) -> dict[str, Any]:
    hints = typing.get_type_hints(kind, include_extras=False)
    said = _attributes(kind)
    properties, required = {}, []
    for item in structs.fields(kind):
        short = _SHORT.get((kind, item.encode_name))
        if kind is Dataset and item.name == "features":
            short = {
                "type": "array",
                "items": {"anyOf": [{"type": "string"}, _type(_element(hints["features"]), found)]},
            }
        if kind is Split and item.name in ("train", "validate", "test"):
            short = {"anyOf": [_DURATION, _PERCENT, _type(Interval, found)]}
        written = short or _type(hints[item.name], found)
        about = {"description": said[item.name]} if item.name in said and "description" not in written else {}
        properties[item.encode_name] = {**written, **about}
        if item.required:
            required.append(item.encode_name)
    return {
        "type": "object",
        "description": (inspect.getdoc(kind) or kind.__name__).splitlines()[0],
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def _attributes(kind: type[Declared]) -> dict[str, str]:
    """What the docstring says of each field, under `Attributes:`."""
    _, _, text = (inspect.getdoc(kind) or "").partition("Attributes:\n")
    said = re.findall(r"^ {4}(\w+): (.+(?:\n {5,}.+)*)", text, re.MULTILINE)
    return {name: " ".join(about.split()) for name, about in said}


def _element(hint: Any) -> Any:
    return typing.get_args(hint)[0]


def _type(hint: Any, found: dict[str, Any]) -> dict[str, Any]:
    if isinstance(hint, type) and issubclass(hint, Declared):
        if hint.__name__ not in found:
            found[hint.__name__] = {}
            found[hint.__name__] = _declared(hint, found)
        return {"$ref": f"#/$defs/{hint.__name__}"}
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        return {"anyOf": [_type(option, found) for option in typing.get_args(hint)]}
    if origin is tuple:
        return {"type": "array", "items": _type(_element(hint), found)}
    if origin is dict:
        return {"type": "object", "additionalProperties": _type(typing.get_args(hint)[1], found)}
    if origin is Literal:
        return {"enum": list(typing.get_args(hint))}
    if hint is timedelta:
        return dict(_DURATION)
    words = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}
    return {"type": words[hint]} if hint in words else {}
