"""A contract as a list of checks with typed arguments, read once for both compilers, so that they cannot disagree.

What columns declare in short (`min`, `in`, `unique`, ...) becomes the same checks as expectations by name.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal, NamedTuple

import msgspec

from headway.contract.expectations import COLUMNS, ROWS, TABLES, ColumnRule, RowRule
from headway.contract.patterns import compile_pattern
from headway.contract.rules import LARGEST_INTEGER, SMALLEST_INTEGER, compile_rules, typed
from headway.contract.words import show
from headway.errors import contract as errors
from headway.spec.contract import Column, ColumnType, Contract, Expectation, MapTo, Policy, Severity
from headway.spec.expectations import EXPECTATIONS, Kind, columns_of

_STATIC = {"expect_column_to_exist": "the column to exist"}

_ALWAYS = ("expect_column_values_to_not_be_null", "expect_column_values_to_be_finite")
"""What features and models rely on: a row that breaks it may be set aside, and never pass."""

Action = Literal["reject", "quarantine", "warn"]


class Check(NamedTuple):
    """One expectation of a contract, ready to be judged.

    Attributes:
        key: Its name in a state; stands for it as long as the contract is the same.
        columns: Columns that it judges.
        types: Their types.
        arguments: Great Expectations' arguments without the columns, in the columns' types.
        settings: The same as they were written, for reports.
        words: What is wanted, in words.
        mostly: Share of the rows that must fit.
        batch: What is done with a table, or rows of it, that break it.
        request: What is done with a record that breaks it.
        about: What the author calls it: its `id`, and its description.
        is_implied: Whether a column's short form declares it.
        is_mapped: Whether what breaks it was mapped to another value, so that it is only counted.
    """

    key: str
    type: str
    columns: tuple[str, ...]
    types: tuple[ColumnType, ...]
    arguments: Mapping[str, Any]
    settings: Mapping[str, Any]
    words: str
    mostly: float
    severity: Severity
    batch: Action
    request: Literal["reject", "warn"]
    about: tuple[str, str] = ("", "")
    is_implied: bool = False
    is_mapped: bool = False

    @property
    def rule(self) -> RowRule | None:
        """How each row is judged; None where none is judged alone."""
        return ROWS.get(self.type)

    @property
    def whole(self) -> ColumnRule | None:
        """How the column is judged as a whole."""
        return COLUMNS.get(self.type)

    @property
    def is_float(self) -> bool:
        """Whether several columns are compared or added as float64."""
        is_compared = not self.type.endswith("_in_set") and set(self.types) == {"integer", "number"}
        return is_compared or self.type == "expect_multicolumn_sum_to_equal"

    def broken_by(self, values: Sequence[Any]) -> bool:
        """Whether the values of one row break a check of rows that judges each alone.

        Args:
            values: One per column, as Python values of their types; None is null.
        """
        rule = self.rule
        if rule is None or rule.fits is None or self._ignores(values):
            return False
        if self.is_float:
            values = [None if value is None else float(value) for value in values]
        return not rule.fits(self.arguments, *values)

    def _ignores(self, values: Sequence[Any]) -> bool:
        if len(values) == 1:
            return values[0] is None and self.rule is not None and not self.rule.sees_nulls
        missing = [value is None for value in values]
        return any(missing) if self.ignores == "any" else self.ignores == "all" and all(missing)

    @property
    def ignores(self) -> Literal["all", "any", "none"]:
        """Which rows a check on several columns leaves out: where all of them, or any, are null."""
        said = self.arguments.get("ignore_row_if", "all")
        return "any" if said.startswith(("any", "either")) else "none" if said.startswith("ne") else "all"

    @property
    def needs(self) -> tuple[str, ...]:
        """Keys of the figures that it is judged by."""
        if self.whole is None:
            return ()
        is_of_values = "values" in self.arguments.get("partition_object", ())
        named = {"partition": "counts" if is_of_values else "bins"}
        return tuple(self._figure(named.get(need, need)) for need in self.whole.needs)

    def _figure(self, need: str) -> str:
        return f"{need} {self.key if need in ('bins', 'quantiles') else self.columns[0]}"


def checks(contract: Contract) -> tuple[Check, ...]:
    """Every check of a contract but those on which columns there are, and of which type.

    Raises:
        SpecError: A rule can never be kept (DC001).
    """
    return _checks(msgspec.msgpack.encode(contract))


@lru_cache(maxsize=64)
def _checks(encoded: bytes) -> tuple[Check, ...]:
    return tuple(_numbered(msgspec.msgpack.decode(encoded, type=Contract)))


def _numbered(contract: Contract) -> Iterator[Check]:
    for name, column in contract.columns.items():
        for type_, arguments, written in _of_column(name, column):
            severity, policy = column.severity, column.policy
            if type_ in _ALWAYS:
                quarantines = policy.batch == "quarantine"
                severity, policy = "critical", Policy(batch="quarantine" if quarantines else "reject")
            expectation = Expectation(type=type_, arguments=written, severity=severity, policy=policy)
            check = _check(contract, expectation, f"{name}: {type_}", arguments, is_implied=True)
            is_mapped = type_.endswith("to_be_in_set") and isinstance(column.unknown_category, MapTo)
            yield _mapped(check, column.unknown_category) if is_mapped else check
    for names in contract.unique:
        expectation = _unique(names)
        yield _check(contract, expectation, f"unique: {names}", None, is_implied=True)
    for name, value in contract.identity.items():
        yield from _of_identity(contract, name, value)
    for index, expectation in enumerate(contract.expectations):
        yield _check(contract, expectation, f"expectations[{index}]", None)


def _mapped(check: Check, policy: MapTo) -> Check:
    """Of values that are mapped only the count is told."""
    words = f"{check.words}; others become {show(policy.map_to)}"
    return check._replace(words=words, batch="warn", request="warn", is_mapped=True)


def _unique(names: tuple[str, ...]) -> Expectation:
    if len(names) == 1:
        return Expectation(type="expect_column_values_to_be_unique", arguments={"column": names[0]})
    return Expectation(type="expect_compound_columns_to_be_unique", arguments={"column_list": list(names)})


def _of_column(name: str, column: Column) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """What a column declares in short: name, typed arguments, arguments as written."""
    rules, own = compile_rules(name, column), {"column": name}
    if not column.nulls:
        yield "expect_column_values_to_not_be_null", {}, own
    if column.type == "number":
        yield "expect_column_values_to_be_finite", {}, own
    if rules.low is not None or rules.high is not None:
        written = {"min_value": column.min, "max_value": column.max}
        yield (
            "expect_column_values_to_be_between",
            {"min_value": rules.low, "max_value": rules.high},
            own | written,
        )
    if rules.allowed is not None:
        yield (
            "expect_column_values_to_be_in_set",
            {"value_set": rules.allowed},
            own | {"value_set": list(column.in_ or ())},
        )
    if rules.pattern is not None:
        yield (
            "expect_column_values_to_match_regex",
            {"regex": rules.pattern},
            own | {"regex": column.matches},
        )
    if column.unique:
        yield "expect_column_values_to_be_unique", {}, own


def _of_identity(contract: Contract, name: str, value: Any) -> Iterator[Check]:
    about = f"source identity: `{name}`"
    for type_, more in (
        ("expect_column_values_to_not_be_null", {}),
        ("expect_column_values_to_be_in_set", {"value_set": [value]}),
    ):
        if more or contract.columns[name].nulls:
            expectation = Expectation(type=type_, arguments={"column": name, **more}, id=about)
            yield _check(contract, expectation, f"identity: {name}: {type_}", None, is_implied=True)


# -- one check -------------------------------------------------------------------------------


def _check(
    contract: Contract,
    expectation: Expectation,
    key: str,
    arguments: Mapping[str, Any] | None,
    *,
    is_implied: bool = False,
) -> Check:
    columns = columns_of(expectation.type, expectation.arguments)
    types = tuple(contract.columns[name].type for name in columns)
    if arguments is None:
        arguments = _typed(expectation, columns, types)
    rule = ROWS.get(expectation.type) or COLUMNS.get(expectation.type) or TABLES.get(expectation.type)
    mostly = float(expectation.arguments.get("mostly") or 1.0)
    batch, request = _actions(expectation.policy, expectation.severity, mostly)
    return Check(
        key=key,
        type=expectation.type,
        columns=columns,
        types=types,
        arguments=arguments,
        settings=_settings(expectation),
        words=rule.words(arguments)
        if rule is not None
        else _STATIC.get(expectation.type, f"type `{types[0]}`"),
        mostly=mostly,
        severity=expectation.severity,
        batch=batch,
        request=request,
        about=(expectation.id, expectation.description),
        is_implied=is_implied,
    )


def _settings(expectation: Expectation) -> dict[str, Any]:
    kinds = EXPECTATIONS[expectation.type].arguments
    return {
        name: value
        for name, value in expectation.arguments.items()
        if kinds[name] not in ("column", "columns")
    }


def _actions(policy: Policy, severity: Severity, mostly: float) -> tuple[Action, Literal["reject", "warn"]]:
    batch = policy.batch or ("reject" if severity == "critical" else "warn")
    request = policy.request or ("reject" if severity == "critical" and mostly == 1 else "warn")
    return batch, request


def _typed(
    expectation: Expectation, columns: tuple[str, ...], types: tuple[ColumnType, ...]
) -> dict[str, Any]:
    """Arguments in the types of the columns.

    Raises:
        SpecError: One is of another type (DC001).
    """
    kinds = EXPECTATIONS[expectation.type].arguments
    found: dict[str, Any] = {}
    for name, value in expectation.arguments.items():
        if value is None or kinds[name] in ("column", "columns") or name == "mostly":
            continue
        try:
            found[name] = _TYPED.get(kinds[name], _as_written)(value, types)
        except (ValueError, TypeError) as error:
            raise errors.rule_cannot_hold(", ".join(columns), name, value, str(error)) from error
    if kinds.get("min_value") == "value" and types == ("integer",):
        _inwards(found)
    return found


def _inwards(found: dict[str, Any]) -> None:
    """Bounds of whole numbers, rounded inwards to those that int64 holds."""
    for name, strict, rounded in (
        ("min_value", "strict_min", math.ceil),
        ("max_value", "strict_max", math.floor),
    ):
        bound = found.get(name)
        if isinstance(bound, float) and not bound.is_integer():
            found[name], found[strict] = rounded(bound), False
    for name in ("min_value", "max_value"):
        if isinstance(found.get(name), int | float) and float(found[name]).is_integer():
            found[name] = min(max(int(found[name]), SMALLEST_INTEGER), LARGEST_INTEGER)


def _as_written(value: Any, _: tuple[ColumnType, ...]) -> Any:
    return value


def _bound(value: Any, types: tuple[ColumnType, ...]) -> Any:
    return typed("number" if types[0] == "integer" else types[0], value)


_TYPED: Mapping[Kind, Callable[[Any, tuple[ColumnType, ...]], Any]] = {
    "value": _bound,
    "values": lambda value, types: tuple(dict.fromkeys(typed(types[0], item) for item in value)),
    "pairs": lambda value, types: tuple(
        (typed(types[0], one), typed(types[1], other)) for one, other in value
    ),
    "regex": lambda value, _: compile_pattern(value),
    "partition": lambda value, types: (
        {**value, "values": [typed(types[0], item) for item in value["values"]]}
        if "values" in value
        else value
    ),
}
