"""The JSON Schema for editors knows every key that the loader knows, and no other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import structs

from headway.spec import product as declared
from headway.spec.product import Declared
from headway.spec.schema import schema

SCHEMA = schema()


def kinds() -> Iterator[type[Declared]]:
    for value in vars(declared).values():
        if isinstance(value, type) and issubclass(value, Declared) and value is not Declared:
            yield value


def definition(kind: type[Declared]) -> dict[str, Any] | None:
    return SCHEMA if kind is declared.Product else SCHEMA["$defs"].get(kind.__name__)


def test_every_declared_key_is_in_the_schema() -> None:
    written_short = {"Known", "Moment"}
    for kind in kinds():
        if kind.__name__ in written_short:
            continue
        found = definition(kind)
        assert found is not None, kind.__name__
        assert set(found["properties"]) == {item.encode_name for item in structs.fields(kind)}
        assert found["additionalProperties"] is False


def test_every_reference_leads_somewhere() -> None:
    def references(value: Any) -> Iterator[str]:
        if isinstance(value, dict):
            yield from [value["$ref"]] if "$ref" in value else []
            for item in value.values():
                yield from references(item)
        elif isinstance(value, list):
            for item in value:
                yield from references(item)

    assert {item.rpartition("/")[2] for item in references(SCHEMA)} <= set(SCHEMA["$defs"])
