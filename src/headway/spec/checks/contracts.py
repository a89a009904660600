"""What does not fit together in a contract."""

from __future__ import annotations

from typing import Any

from headway.spec.checks.expectations import check_expectations
from headway.spec.checks.holding import check_holding
from headway.spec.checks.scene import SHOWN
from headway.spec.checks.values import WANTED, typed
from headway.spec.contract import Column, Contract, MapTo
from headway.spec.document import Path_
from headway.spec.references import Check

_TIMES = ("time", "date")


def check_contract(contract: Contract, check: Check) -> None:
    """Add what neither the types nor the names say of a contract."""
    if not contract.columns and not check.broken(("columns",)):
        check.fault(("columns",), "no columns", "declare one at least")
    for name, column in contract.columns.items():
        _set(check, ("columns", name, "in"), column)
        if column.type in _TIMES:
            _span(check, ("columns", name), column)
        _default(check, ("columns", name), column)
        _policy(check, ("columns", name), column)
    for index, names in enumerate(contract.unique):
        if not names or len(set(names)) < len(names):
            check.fault(("unique", index), "these name no row", "list columns, each once")
    if contract.rows.min < 0:
        check.fault(("rows", "min"), f"`{contract.rows.min}` rows", "from 0 up")
    if contract.version < 1:
        check.fault(("version",), f"`{contract.version}` is no version", "count from 1")
    _freshness(contract, check)
    _identity(contract, check)
    check_expectations(contract, check)
    check_holding(contract, check)


def _set(check: Check, path: Path_, column: Column) -> None:
    for index, value in enumerate(column.in_ or ()):
        if typed(column.type, value) is None:
            what = f"`{str(value)[:SHOWN]}` in the set of a column of type {column.type}"
            check.fault((*path, index), what, f"write {WANTED[column.type]}")


def _span(check: Check, path: Path_, column: Column) -> None:
    """Bounds in time; those of another type are faults already."""
    bounds: list[Any] = []
    for key, raw in (("min", column.min), ("max", column.max)):
        bounds.append(typed(column.type, raw) if raw is not None else None)
        if isinstance(raw, str) and bounds[-1] is None:
            check.fault((*path, key), f"`{raw[:SHOWN]}` where {WANTED[column.type]} is expected", "quote it")
    if None not in bounds and bounds[1] < bounds[0]:
        check.fault((*path, "max"), f"`max: {column.max}` is before `min: {column.min}`")


def _default(check: Check, path: Path_, column: Column) -> None:
    """What takes the place of something must itself be allowed."""
    mapped = column.unknown_category.map_to if isinstance(column.unknown_category, MapTo) else None
    for key, value in (("default", column.default), ("unknown_category", mapped)):
        if value is not None and typed(column.type, value) is None:
            what = f"`{str(value)[:SHOWN]}` where {WANTED[column.type]} is expected"
            check.fault((*path, key), what)
        elif value is not None and column.in_ is not None and value not in column.in_:
            check.fault((*path, key), f"`{str(value)[:SHOWN]}` does not stand in `in`", "add it to the set")
    if mapped is not None and column.in_ is None:
        check.fault(
            (*path, "unknown_category"), "there is no `in`, so no category is unknown", "declare `in`"
        )
    if column.default is not None and column.unique:
        check.fault(
            (*path, "default"), "a default would stand in every row of a unique column", "leave it out"
        )


def _policy(check: Check, path: Path_, column: Column) -> None:
    """A severity or a policy about nothing; nulls and infinity can be quarantined, and never pass."""
    rules = (column.min, column.max, column.in_, column.matches, column.unique or None)
    if any(rule is not None for rule in rules):
        return
    may_quarantine = not column.nulls or column.type == "number"
    useless = [("severity",), ("policy", "request")]
    if column.policy.batch != "quarantine" or not may_quarantine:
        useless.append(("policy", "batch"))
    for key in useless:
        if check.written((*path, *key)):
            check.fault((*path, *key), "the column has no rule that this could be about", "leave it out")


def _freshness(contract: Contract, check: Check) -> None:
    freshness = contract.freshness
    if freshness is None or not check.refer(
        ("freshness", "column"), freshness.column, contract.columns, "column"
    ):
        return
    kind = contract.columns[freshness.column].type
    if kind not in _TIMES:
        what = f"`{freshness.column[:SHOWN]}` is of type {kind}"
        check.fault(("freshness", "column"), what, "name a column of type time or date")
    if not freshness.max_age:
        check.fault(("freshness", "max_age"), "nothing at all", "give more than zero")


def _identity(contract: Contract, check: Check) -> None:
    for name, value in contract.identity.items():
        path = ("identity", name)
        if not check.refer(path, name, contract.columns, "column"):
            continue
        kind = contract.columns[name].type
        if typed(kind, value) is None:
            check.fault(path, f"`{str(value)[:SHOWN]}` where {WANTED[kind]} is expected")
