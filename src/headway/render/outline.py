"""JSON values as lines that a person reads: short things on one line, equal things as a table.

Nothing is worked out here; what is empty is left out, and what is long says how much there is besides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from headway.core.wording import few, figure
from headway.render.style import clip, table

_WIDEST = 100
_ROWS = 30
_ITEMS = 12
_DIGEST = 64
_SHORT = 12
_TEXT = 400


def outline(values: Mapping[str, Any], indent: str = "") -> list[str]:
    """One block of lines for each value that is not empty, under its name."""
    lines: list[str] = []
    for name, value in values.items():
        if not _is_empty(value):
            lines += _block(name.replace("_", " "), value, indent)
    return lines


def _block(name: str, value: Any, indent: str) -> list[str]:
    head = f"{indent}{name}:"
    if isinstance(value, Mapping):
        return _mapping(head, value, indent)
    if _is_records(value):
        return [f"{head} {len(value):,}", *_records(value, f"{indent}  ")]
    return [f"{head} {plain(value)}"]


def _mapping(head: str, value: Mapping[str, Any], indent: str) -> list[str]:
    held = {str(name): item for name, item in value.items() if not _is_empty(item)}
    if not held:
        return []
    if all(isinstance(item, Mapping) for item in held.values()):
        rows = [{"": name, **item} for name, item in held.items()]
        return [head, *_records(rows, f"{indent}  ")]
    if any(isinstance(item, Mapping) or _is_records(item) for item in held.values()):
        return [head, *(line for name, item in held.items() for line in _block(name, item, f"{indent}  "))]
    several = any(isinstance(item, Sequence) and not isinstance(item, str) for item in held.values())
    between, after = ("; ", ":") if several else (", ", "")
    inline = between.join(f"{name}{after} {plain(item)}" for name, item in held.items())
    if len(inline) <= _WIDEST:
        return [f"{head} {inline}"]
    rows = [(_short(name), plain(item)) for name, item in held.items()]
    return [head, *table(rows[:_ROWS], f"{indent}  "), *_beyond(len(rows), indent)]


def _records(records: Sequence[Mapping[str, Any]], indent: str) -> list[str]:
    """A table with the names of the fields over it; fields that are empty everywhere are left out."""
    names = dict.fromkeys(name for record in records for name in record)
    shown = [name for name in names if any(not _is_empty(record.get(name)) for record in records)]
    rows = [[plain(record.get(name)) for name in shown] for record in records[:_ROWS]]
    return [*table([shown, *rows], indent), *_beyond(len(records), indent[:-2])]


def _beyond(number: int, indent: str) -> list[str]:
    return [f"{indent}  and {number - _ROWS:,} more"] if number > _ROWS else []


def plain(value: Any) -> str:
    """A value on one line: digests by their first digits, numbers with the digits that tell."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case int():
            return f"{value:,}"
        case float():
            return figure(value, 6)
        case str():
            return clip(_short(value), _TEXT)
        case Mapping():
            return ", ".join(f"{name} {plain(item)}" for name, item in value.items() if not _is_empty(item))
        case _:
            return few([plain(item) for item in value], _ITEMS)


def _short(text: str) -> str:
    is_digest = len(text) == _DIGEST and all(letter in "0123456789abcdef" for letter in text)
    return text[:_SHORT] if is_digest else text.replace(".000000Z", "Z")


def _is_records(value: Any) -> bool:
    return isinstance(value, Sequence) and bool(value) and all(isinstance(item, Mapping) for item in value)


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, str | Sequence | Mapping) and not value)
