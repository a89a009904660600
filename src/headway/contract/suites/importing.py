"""A Great Expectations suite as a contract: all that a contract can honour, and by name what it cannot. Pure.

Nothing is dropped in silence: each expectation is mapped or refused, and what was written beside one and changes no
verdict (the form of results, names of authors) is counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import replace

from headway.contract.checks import checks
from headway.contract.suites.suite import Asked, Suite
from headway.contract.suites.types import IN_TYPES, OF_TYPE, allowed, types_of
from headway.core.wording import count, few
from headway.errors import SpecError
from headway.spec import references
from headway.spec.checks.contracts import check_contract
from headway.spec.contract import Column, ColumnType, Contract, Expectation, RowCount
from headway.spec.expectations import EXPECTATIONS, Signature, columns_of
from headway.spec.read import Reading


class Mapped(NamedTuple):
    """An expectation, and where in the contract it stands now."""

    place: int
    type: str
    into: str


class Refused(NamedTuple):
    """An expectation that a contract cannot honour, and why."""

    place: int
    type: str
    columns: tuple[str, ...]
    why: str

    @property
    def line(self) -> str:
        """In one line."""
        about = f" of {few([f'`{name[:60]}`' for name in self.columns])}" if self.columns else ""
        return f"[{self.place}] {self.type[:80]}{about}: {self.why}"


class Imported(NamedTuple):
    """A contract, and what became of each expectation.

    Attributes:
        notes: What people should know: types that were assumed, what was left out and changes no verdict.
        said: Column -> notes that people wrote of what is shorthand now.
    """

    contract: Contract
    mapped: tuple[Mapped, ...]
    refused: tuple[Refused, ...]
    notes: tuple[str, ...]
    said: Mapping[str, str]


_SHOWS_ONLY = {
    "result_format",
    "catch_exceptions",
    "include_config",
    "batch_id",
    "rendered_content",
    "library_metadata",
    "condition_parser",
    "meta",
}
"""Arguments that change how results look, and no verdict."""
_AS_DEFAULT: Mapping[str, Any] = {"bucketize_data": True}
_WHY = {
    "row_condition": "`row_condition` asks only of some rows, and a contract asks of all",
    "column_index": "`column_index` asks for a place among the columns; "
    "`expect_table_columns_to_match_ordered_list` does",
    "windows": "`windows` compares with earlier results, which a contract does not know",
}
_SEVERITIES = ("critical", "warning", "info")
_KEYS = {"rendered_content", "expectation_context"}


def imported(suite: Suite, like: Mapping[str, ColumnType] | None = None) -> Imported:
    """The contract that asks what a suite asks.

    Args:
        suite: The suite.
        like: Column -> type, from data; without, types come from the suite.
    """
    types = types_of(suite.expectations, like or {})
    work = _Work(suite, types.known)
    for asked in suite.expectations:
        work.take(asked)
    notes = [*_assumed(types.assumed, types.known, work.contract), *work.left_out()]
    return Imported(work.contract, tuple(work.mapped), tuple(work.refused), tuple(notes), {**work.said})


def _assumed(names: tuple[str, ...], known: Mapping[str, ColumnType], contract: Contract) -> Iterator[str]:
    shown = [f"`{name}` as {known[name]}" for name in names if name in contract.columns]
    if shown:
        yield f"the suite does not say these types, its arguments do: {few(shown)}; --like DATA says them for sure"


class _Work:
    """The contract as it grows, one expectation after the other."""

    def __init__(self, suite: Suite, types: Mapping[str, ColumnType]) -> None:
        self.types = types
        self.parameters = suite.parameters
        self.contract = Contract(columns={}, rows=RowCount(min=0), extra_columns="ignore")
        self.mapped: list[Mapped] = []
        self.refused: list[Refused] = []
        self.said: dict[str, str] = {}
        self._dropped: Counter[str] = Counter()
        self._has_rows = False

    def take(self, asked: Asked) -> None:
        """Map an expectation, or refuse it; one that is refused leaves nothing behind."""
        before = self.contract
        try:
            into = self._into(asked)
        except (_CannotError, KeyError, TypeError, ValueError, AttributeError) as error:
            # A suite may hold any JSON where a name, a list or a number is expected.
            why = str(error) if isinstance(error, _CannotError) else "an argument is missing, or of no use"
            self.contract = before
            self.refused.append(Refused(asked.place, asked.type, _named(asked), why))
            return
        self.mapped.append(Mapped(asked.place, asked.type, into))
        self._dropped.update(key for key in asked.more if key not in _KEYS)
        self._dropped.update(name for name in asked.kwargs if _is_inert(asked, name))
        values = asked.kwargs.get("value_set")
        if isinstance(values, list) and None in values:
            self._dropped["null in value_set"] += 1
        if not into.startswith("expectations[") and asked.id:
            self._dropped["id, where it became shorthand"] += 1

    def left_out(self) -> Iterator[str]:
        """What was written beside expectations, and has no place here."""
        if self._dropped:
            shown = [f"`{name}` ({number})" for name, number in sorted(self._dropped.items())]
            yield f"left out, since it changes no verdict: {few(shown, 10)}"

    # -- one expectation -------------------------------------------------------------------------

    def _into(self, asked: Asked) -> str:
        """Where it stands now.

        Raises:
            _CannotError: Nowhere.
        """
        arguments = self._arguments(asked)
        names = columns_of(asked.type, arguments)
        self._declare(names)
        if asked.type in (OF_TYPE, IN_TYPES):
            return self._type(asked, arguments)
        is_plain = asked.severity == "critical" and "mostly" not in arguments
        if is_plain:
            into = self._short(asked, arguments, names) or self._of_table(asked, arguments)
            if into:
                return into
        return self._entry(asked, arguments)

    def _arguments(self, asked: Asked) -> dict[str, Any]:
        """Its arguments as a contract takes them.

        Raises:
            _CannotError: One is not honoured.
        """
        known = _signature(asked).arguments
        given = [name for name in asked.kwargs if not _is_inert(asked, name)]
        found = {name: self._value(asked.kwargs[name]) for name in given}
        if found.get("parse_strings_as_datetimes") and self._are_times(columns_of(asked.type, found)):
            del found["parse_strings_as_datetimes"]  # the columns hold times, and bounds are read as such
        for name in found:
            if name not in known:
                raise _CannotError(_WHY.get(name, f"`{name[:60]}` is not honoured"))
        if _is_too_large(list(found.values())):
            raise _CannotError("a whole number in it does not fit in 64 bits")
        return _in_form(
            {name: _whole(value) if known[name] == "count" else value for name, value in found.items()}
        )

    def _value(self, value: Any) -> Any:
        """A value, or what it refers to by name."""
        if isinstance(value, dict) and any(str(key).startswith("$PARAMETER") for key in value):
            name = value.get("$PARAMETER")
            if len(value) > 1 or not isinstance(name, str) or name not in self.parameters:
                raise _CannotError(f"`$PARAMETER: {str(name)[:60]}` has no value in the suite")
            return self.parameters[name]
        return value

    def _are_times(self, names: tuple[str, ...]) -> bool:
        return all(self.types.get(name) in ("time", "date") for name in names)

    def _declare(self, names: tuple[str, ...]) -> None:
        unknown = [f"`{name[:60]}`" for name in names if name not in self.types]
        if unknown:
            are = "types of columns" if len(unknown) > 1 else "type of column"
            raise _CannotError(f"nothing says the {are} {few(unknown)}")
        new = {name: Column(type=self.types[name], nulls=True) for name in names}
        added = {name: column for name, column in new.items() if name not in self.contract.columns}
        self.contract = replace(self.contract, columns=self.contract.columns | added)

    def _type(self, asked: Asked, arguments: Mapping[str, Any]) -> str:
        name = arguments["column"]
        kinds, is_open = allowed(asked)
        if "mostly" in arguments or asked.severity != "critical":
            raise _CannotError("a column is of its type altogether, and must be")
        if not kinds and not is_open:
            raise _CannotError("no type of a contract is that type")
        kind = self.types[name]
        if not is_open and kind not in kinds:
            raise _CannotError(f"the data has {kind} where the suite wants {' or '.join(sorted(kinds))}")
        return f"columns.{name}.type"

    def _short(self, asked: Asked, arguments: Mapping[str, Any], names: tuple[str, ...]) -> str:
        """As shorthand of a column; empty where there is none, or where the place is taken."""
        if len(names) != 1:
            return ""
        name = names[0]
        column = self.contract.columns[name]
        changes = _shorthand(asked.type, arguments, column)
        if changes is None:
            return ""
        changed = replace(column, **changes)
        if _faults(Contract(columns={name: changed})):
            return ""  # as an entry its fault is told in its own words
        self.contract = replace(self.contract, columns=self.contract.columns | {name: changed})
        self._note(name, asked.notes)
        keys = [{"in_": "in"}.get(key, key) for key in changes] or [""]
        return ", ".join(f"columns.{name}.{key}".rstrip(".") for key in keys)

    def _note(self, name: str, notes: str) -> None:
        if notes:
            self.said[name] = f"{self.said[name]}; {notes}" if name in self.said else notes

    def _of_table(self, asked: Asked, arguments: Mapping[str, Any]) -> str:
        """As a rule at the top of the contract; empty where there is none."""
        match asked.type:
            case "expect_compound_columns_to_be_unique" if "ignore_row_if" not in arguments:
                names = tuple(arguments["column_list"])
                return self._try(asked, "unique", unique=(*self.contract.unique, names))
            case "expect_table_row_count_to_be_between" | "expect_table_row_count_to_equal":
                if self._has_rows:
                    return ""
                low = arguments.get("min_value", arguments.get("value", 0))
                rows = RowCount(min=low, max=arguments.get("max_value", arguments.get("value")))
                self._has_rows = True
                return self._try(asked, "rows", rows=rows)
            case "expect_table_columns_to_match_set":
                self._declare(tuple(arguments["column_set"]))
                is_exact = arguments.get("exact_match", True)
                return self._try(asked, "columns", extra_columns="refuse") if is_exact else "columns"
        return ""

    def _try(self, asked: Asked, into: str, **changes: Any) -> str:
        changed = replace(self.contract, **changes)
        for why in _faults(changed):
            raise _CannotError(why)
        self.contract = changed
        if asked.notes:
            self._dropped[f"notes on {into}"] += 1
        return into

    def _entry(self, asked: Asked, arguments: dict[str, Any]) -> str:
        """Under `expectations:`, as it is."""
        if "columns" in asked.type and EXPECTATIONS[asked.type].grain == "table":
            # Which columns there are is judged of a table only where none is ignored.
            listed = arguments.get("column_set") or arguments.get("column_list") or []
            self._declare(tuple(map(str, listed)))
            if asked.type.endswith("ordered_list"):
                self.contract = replace(self.contract, extra_columns="refuse")
        taken = {item.id for item in self.contract.expectations}
        entry = Expectation(
            type=asked.type,
            arguments=arguments,
            severity=asked.severity,  # ty: ignore[invalid-argument-type] -- one of the three
            id=asked.id if asked.id not in taken else "",
            description=asked.notes,
        )
        names = columns_of(asked.type, arguments)
        alone = Contract(
            columns={name: self.contract.columns[name] for name in names} or _ANY, expectations=(entry,)
        )
        for why in _faults(alone):
            raise _CannotError(why)
        self.contract = replace(self.contract, expectations=(*self.contract.expectations, entry))
        return f"expectations[{len(self.contract.expectations) - 1}]"


class _CannotError(Exception):
    """Why an expectation cannot be honoured; never leaves this module."""


_ANY = {"any": Column(type="text", nulls=True)}
"""A contract has one column at least."""


def _signature(asked: Asked) -> Signature:
    """How it is written in a contract.

    Raises:
        _CannotError: It is not there, or something around its arguments is not honoured.
    """
    signature = EXPECTATIONS.get(asked.type)
    if signature is None:
        raise _CannotError("there is no such expectation in a contract")
    if asked.severity not in _SEVERITIES:
        raise _CannotError(f"its severity `{asked.severity[:60]}` is unknown")
    for key in asked.more:
        if not key.startswith("meta.") and key not in _KEYS:
            raise _CannotError(_WHY.get(key, f"`{key[:60]}` is not honoured"))
    return signature


def _in_form(found: dict[str, Any]) -> dict[str, Any]:
    """Without what says nothing: nulls in a set, since nulls are skipped, and `mostly: 1`."""
    if isinstance(found.get("value_set"), list):
        found["value_set"] = [value for value in found["value_set"] if value is not None]
    if found.get("mostly") == 0:
        raise _CannotError("`mostly: 0` asks nothing")
    if found.get("mostly") == 1:
        del found["mostly"]
    return found


def _named(asked: Asked) -> tuple[str, ...]:
    """The columns that an expectation names, known or not."""
    kwargs = asked.kwargs
    found = [kwargs[key] for key in ("column", "column_A", "column_B") if isinstance(kwargs.get(key), str)]
    listed = kwargs.get("column_list")
    return (*found, *map(str, listed if isinstance(listed, list) else []))


def _is_too_large(value: Any) -> bool:
    """Whether somewhere in it is a whole number that 64 bits do not hold."""
    if isinstance(value, dict):
        return any(map(_is_too_large, value.values()))
    if isinstance(value, list):
        return any(map(_is_too_large, value))
    return isinstance(value, int) and not -(2**63) <= value < 2**63


def _whole(value: Any) -> Any:
    """A count that JSON wrote with a decimal point."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _is_inert(asked: Asked, name: str) -> bool:
    """Whether an argument changes no verdict: it shapes results, or says what holds anyway."""
    signature = EXPECTATIONS.get(asked.type)
    value = asked.kwargs[name]
    if name in _SHOWS_ONLY:
        return True
    if signature is not None and name in signature.arguments:
        return False
    return value is False or (name in _AS_DEFAULT and value is _AS_DEFAULT[name])


def _shorthand(type_: str, arguments: Mapping[str, Any], column: Column) -> dict[str, Any] | None:
    """What of a column says the same in short; None where nothing does."""
    match type_:
        case "expect_column_to_exist":
            return {}
        case "expect_column_values_to_not_be_null":
            return {"nulls": False}
        case "expect_column_values_to_be_unique":
            return {"unique": True}
        case "expect_column_values_to_be_in_set" if column.in_ is None:
            return {"in_": tuple(arguments.get("value_set") or ())}
        case "expect_column_values_to_match_regex" if column.matches is None:
            return {"matches": arguments.get("regex")}
        case "expect_column_values_to_be_between" if column.min is None and column.max is None:
            if arguments.get("strict_min") or arguments.get("strict_max"):
                return None
            sides = {"min": arguments.get("min_value"), "max": arguments.get("max_value")}
            return {key: value for key, value in sides.items() if value is not None} or None
    return None


def _faults(contract: Contract) -> list[str]:
    """What the grammar, and the compilers, say against a contract; a first fault is enough to refuse."""
    reading = Reading("suite")
    contract = replace(contract, columns=contract.columns or _ANY)  # those of the suite may come later
    try:
        msgspec.convert(msgspec.to_builtins(contract), Contract)
        references.check_contract(contract, reading)
        check_contract(contract, references.Check(reading))
        found = [f"{fault.what}{f' ({fault.hint})' if fault.hint else ''}" for fault in reading.faults]
        if not found:
            checks(contract)
    except SpecError as error:
        return [error.what]
    except (msgspec.ValidationError, TypeError, ValueError, AttributeError, KeyError) as error:
        # A suite may hold any JSON where the grammar expects a text or a number.
        return [f"an argument is of a kind that it cannot have: {str(error)[:100]}"]
    return found


def summary(suite: Suite, found: Imported) -> str:
    """What was mapped, in one line."""
    entries = sum(one.into.startswith("expectations[") for one in found.mapped)
    return (
        f"{count(len(found.mapped), 'expectation')} of {len(suite.expectations):,} mapped: "
        f"{len(found.mapped) - entries} as rules of columns and of the table, {entries} by their names"
    )
