"""What does not fit together in a contract."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from headway.spec.checks.scene import SHOWN
from headway.spec.contract import Column, ColumnType, Contract
from headway.spec.document import Path_
from headway.spec.references import Check

_WANTED: dict[ColumnType, str] = {
    "integer": "a whole number",
    "number": "a number",
    "text": "text",
    "boolean": "`true` or `false`",
    "time": "an instant such as `2013-01-31T12:00:00Z`",
    "date": "a day such as `2013-01-31`",
}
_TIMES = ("time", "date")


def check_contract(contract: Contract, check: Check) -> None:
    """Add what neither the types nor the names say of a contract."""
    if not contract.columns and not check.broken(("columns",)):
        check.fault(("columns",), "no columns", "declare one at least")
    for name, column in contract.columns.items():
        _set(check, ("columns", name, "in"), column)
        if column.type in _TIMES:
            _span(check, ("columns", name), column)
    for index, names in enumerate(contract.unique):
        if not names or len(set(names)) < len(names):
            check.fault(("unique", index), "these name no row", "list columns, each once")
    if contract.rows.min < 0:
        check.fault(("rows", "min"), f"`{contract.rows.min}` rows", "from 0 up")


def _set(check: Check, path: Path_, column: Column) -> None:
    for index, value in enumerate(column.in_ or ()):
        if _typed(column.type, value) is None:
            what = f"`{str(value)[:SHOWN]}` in the set of a column of type {column.type}"
            check.fault((*path, index), what, f"write {_WANTED[column.type]}")


def _span(check: Check, path: Path_, column: Column) -> None:
    """Bounds in time; those of another type are faults already."""
    bounds: list[Any] = []
    for key, raw in (("min", column.min), ("max", column.max)):
        bounds.append(_typed(column.type, raw) if raw is not None else None)
        if isinstance(raw, str) and bounds[-1] is None:
            check.fault((*path, key), f"`{raw[:SHOWN]}` where {_WANTED[column.type]} is expected", "quote it")
    if None not in bounds and bounds[1] < bounds[0]:
        check.fault((*path, "max"), f"`max: {column.max}` is before `min: {column.min}`")


def _typed(kind: ColumnType, raw: str | float) -> Any:
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
