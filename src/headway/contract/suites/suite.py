"""Expectation suites of Great Expectations, both generations, as one kind of value; what they ask is left as written.

0.x (measured with 0.18.22): `expectation_suite_name`, `expectation_type`, `ge_cloud_id`. 1.x (measured with
1.24.1): `name`, `type`, `id`, `severity`.
"""

from __future__ import annotations

import json
from typing import Any

from msgspec import Struct

from headway.errors import validation as errors


class Asked(Struct, frozen=True, kw_only=True):
    """One expectation of a suite.

    Attributes:
        place: Its number in the suite, from 0.
        kwargs: Its arguments; those that are null are left out, since they say nothing.
        notes: What people wrote of it.
        more: Keys besides, which hold something.
    """

    place: int
    type: str
    kwargs: dict[str, Any]
    id: str = ""
    severity: str = "critical"
    notes: str = ""
    more: dict[str, Any] = {}


class Suite(Struct, frozen=True, kw_only=True):
    """A suite.

    Attributes:
        generation: `0.x` or `1.x`.
        version: Of the library that wrote it, where it says so.
        parameters: Values that arguments may refer to by name.
    """

    name: str
    generation: str
    version: str
    expectations: tuple[Asked, ...]
    notes: str = ""
    parameters: dict[str, Any] = {}


_KNOWN = {
    "type",
    "expectation_type",
    "kwargs",
    "meta",
    "id",
    "ge_cloud_id",
    "severity",
    "notes",
    "description",
}
_LARGEST = 16 * 1024 * 1024


def read(data: bytes, shown: str) -> Suite:
    """The suite in a JSON file.

    Args:
        data: The file.
        shown: Its name, for errors.

    Raises:
        UsageError: It is no suite (US304).
    """
    if len(data) > _LARGEST:
        raise errors.suite_cannot_be_read(shown, f"it has more than {_LARGEST:,} bytes")
    try:
        found = json.loads(data.decode("utf-8-sig"), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise errors.suite_cannot_be_read(shown, f"it is not JSON: {error}") from error
    if not isinstance(found, dict) or not isinstance(found.get("expectations"), list):
        raise errors.suite_cannot_be_read(shown, _what(found))
    meta = found.get("meta") if isinstance(found.get("meta"), dict) else {}
    is_old = "expectation_suite_name" in found or any(
        isinstance(one, dict) and "expectation_type" in one for one in found["expectations"]
    )
    parameters = found.get("suite_parameters") or found.get("evaluation_parameters")
    return Suite(
        name=str(found.get("expectation_suite_name") or found.get("name") or ""),
        generation="0.x" if is_old else "1.x",
        version=str((meta or {}).get("great_expectations_version", "")),
        expectations=tuple(_asked(place, one, shown) for place, one in enumerate(found["expectations"])),
        notes=_notes(found.get("notes") or (meta or {}).get("notes")),
        parameters=parameters if isinstance(parameters, dict) else {},
    )


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _what(found: Any) -> str:
    if isinstance(found, dict) and "results" in found:
        return "it is a validation result"
    return "it has no list `expectations`" if isinstance(found, dict) else "it is no JSON object"


def _asked(place: int, one: Any, shown: str) -> Asked:
    if not isinstance(one, dict):
        raise errors.suite_cannot_be_read(shown, f"expectations[{place}] is no object")
    name = one.get("type") or one.get("expectation_type")
    kwargs = one.get("kwargs", {})
    if not isinstance(name, str) or not isinstance(kwargs, dict):
        raise errors.suite_cannot_be_read(shown, f"expectations[{place}] has no name, or no `kwargs`")
    meta = one.get("meta") if isinstance(one.get("meta"), dict) else {}
    notes = [_notes(one.get(key)) for key in ("description", "notes")] + [_notes((meta or {}).get("notes"))]
    more = {key: value for key, value in one.items() if key not in _KNOWN}
    more |= {f"meta.{key}": value for key, value in (meta or {}).items() if key != "notes"}
    return Asked(
        place=place,
        type=name,
        kwargs={key: value for key, value in kwargs.items() if value is not None},
        id=str(one.get("id") or one.get("ge_cloud_id") or ""),
        severity=str(one.get("severity") or "critical"),
        notes=next((text for text in notes if text), ""),
        more={key: value for key, value in more.items() if value not in (None, {}, [], "", False)},
    )


def _notes(value: Any) -> str:
    """Notes are text, a list of lines, or `{format, content}`."""
    if isinstance(value, dict):
        value = value.get("content")
    if isinstance(value, list):
        value = " ".join(str(line) for line in value)
    return " ".join(value.split()) if isinstance(value, str) else ""
