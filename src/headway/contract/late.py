"""What msgspec's types cannot say of a record: checked, or put right, once its values are read. Light."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from headway.contract.checks import Check
from headway.contract.rules import Rules, late_reason
from headway.contract.words import listed

MISSING: Final = object()
"""Stands in a record for a field that did not come, until its default takes the place."""


class Note(NamedTuple):
    """What was put right in a record.

    Attributes:
        mapped: Column -> what was sent, of an unknown category.
        filled: Columns that took their default.
    """

    mapped: dict[str, Any]
    filled: list[str]


class Late(NamedTuple):
    """What is done with a record once it is read, by the names of its fields.

    Attributes:
        filled: (field, column, default).
        mapped: (field, column, values that stay, what others become).
        ruled: (field, column, rules).
        checked: (fields, check).
    """

    filled: tuple[tuple[str, str, Any], ...]
    mapped: tuple[tuple[str, str, frozenset[Any], Any], ...]
    ruled: tuple[tuple[str, str, Rules], ...]
    checked: tuple[tuple[tuple[str, ...], Check], ...]

    @property
    def notes(self) -> bool:
        """Whether a record may be put right, which it then remembers; see `noted`."""
        return bool(self.filled or self.mapped)

    def check(self, counts: dict[str, int]) -> Callable[[Any], None]:
        """The function that msgspec calls with each record; it counts what it maps."""
        filled, mapped, ruled, checked = self

        def check(record: Any) -> None:
            for field, name, default in filled:
                if getattr(record, field) is MISSING:
                    msgspec.structs.force_setattr(record, field, default)
                    _note(record).filled.append(name)
            for field, name, known, other in mapped:
                value = getattr(record, field)
                if value is not None and value not in known:
                    counts[name] += 1
                    _note(record).mapped[name] = value
                    msgspec.structs.force_setattr(record, field, other)
            for field, name, rules in ruled:
                why = late_reason(rules, getattr(record, field))
                if why is not None:
                    raise ValueError(f"`{name}`: {why.words}")
            for fields, item in checked:
                if item.broken_by([getattr(record, field) for field in fields]):
                    raise ValueError(f"`{item.key}` is broken")

        return check


def compile_late(
    rules: Mapping[str, Rules],
    fields: Mapping[str, str],
    explicit: Sequence[Check],
    is_late: Callable[[Rules], bool],
) -> Late | None:
    """What is left to do with a record; None where its type says everything."""
    late = Late(
        filled=tuple(
            (fields[name], name, rule.default) for name, rule in rules.items() if rule.default is not None
        ),
        mapped=tuple(
            (fields[name], name, frozenset(rule.allowed or ()), rule.mapped)
            for name, rule in rules.items()
            if rule.mapped is not None
        ),
        ruled=tuple((fields[name], name, rule) for name, rule in rules.items() if is_late(rule)),
        checked=tuple(
            (tuple(fields[name] for name in item.columns), item) for item in explicit if item.rule is not None
        ),
    )
    return late if any(late) else None


def noted(record: Any) -> Note | None:
    """What was put right in a record that remembers it; None where nothing was."""
    return getattr(record, "note", None)


def _note(record: Any) -> Note:
    return record.__dict__.setdefault("note", Note({}, []))


def broken(item: Check, values: Mapping[str, Any]) -> str | None:
    """Why a record's values break a check, in words; None when they do not."""
    found = [values[name] for name in item.columns]
    if not item.broken_by(found):
        return None
    return f"expected {item.words}, found {listed(found)}"
