"""Values as a contract writes them, in the type of their column."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from headway.spec.contract import ColumnType

WANTED: dict[ColumnType, str] = {
    "integer": "a whole number",
    "number": "a number",
    "text": "text",
    "boolean": "`true` or `false`",
    "time": "an instant such as `2013-01-31T12:00:00Z`",
    "date": "a day such as `2013-01-31`",
}
"""What is written for each type, in words."""


def typed(kind: ColumnType, raw: Any) -> Any:
    """A value as written, in its column's type; None when it is not of that type."""
    if kind in ("integer", "number"):
        is_number = isinstance(raw, int | float) and not isinstance(raw, bool)
        return raw if is_number and (kind == "number" or float(raw).is_integer()) else None
    if kind == "boolean":
        return raw if isinstance(raw, bool) else None
    if not isinstance(raw, str):
        return None
    return raw if kind == "text" else _moment(kind, raw)


def _moment(kind: ColumnType, raw: str) -> datetime | date | None:
    try:
        if kind == "date":
            return date.fromisoformat(raw)
        moment = datetime.fromisoformat(raw)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
