"""A contract as a decoder of single records: JSON is validated while it is read.

The light one of the contract's two compilers: msgspec, NumPy and the standard library only, since the
data plane imports it. `headway.contract.columns` gives the same verdict on a table of the same values.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import islice
from types import GenericAlias
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

import msgspec
import numpy as np

from headway.contract.checks import Check, checks
from headway.contract.late import MISSING, Late, broken, compile_late, noted
from headway.contract.rules import (
    LARGEST_INTEGER,
    SMALLEST_INTEGER,
    Instant,
    Rules,
    compile_rules,
    is_nan,
    parsed,
    reason,
)
from headway.contract.verdict import CLEAN, Filled, Judged, Mapped, Warned
from headway.contract.wanted import nearest, takes
from headway.contract.words import one_of
from headway.errors import contract as errors
from headway.errors.contract import RecordFault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from headway.spec.contract import ColumnType, Contract

__all__ = ["RecordDecoder", "RecordFault", "compile_record"]

_is_envelope = re.compile(rb'\s*\{\s*"inputs"\s*:\s*\[').match
_NOT_IN_NAMES = re.compile(r'["\\\x00-\x1f]')
_LARGEST_NUMBER = float(np.finfo(np.float64).max)
_values = msgspec.structs.astuple
_LONGEST_NAME = 100
_MOST_FAULTS = 10
_MOST_MENDS = 3
_EPOCH, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
_NOT_A_TIME = int(np.iinfo(np.int64).min)
"""What NumPy holds for NaT."""

DTYPES: dict[ColumnType, str] = {
    "integer": "int64",
    "number": "float64",
    "boolean": "bool",
    "text": "object",
    "time": "datetime64[us]",
    "date": "datetime64[D]",
}
"""NumPy types of columns without nulls; null makes an integer float64 (NaN) and a boolean object (None)."""


@dataclass(frozen=True, slots=True)
class RecordDecoder:
    """Decodes and checks records of one contract; made by `compile_record`.

    What it refuses: unknown fields (unless the contract ignores them), missing fields (also where
    null is allowed), null where it is not, `"1"` and `1.0` for an integer, a boolean for a number,
    NaN and Infinity, a time without an offset, and whatever breaks a rule or an expectation whose
    policy refuses requests. A field with a `default` may be missing; a null that is sent stays one. Of a
    field that is sent twice the last value counts, as in most JSON readers.

    Attributes:
        columns: The fields, in order.
        is_numeric: Whether every field is a `number`, so that `to_matrix` will do.
        struct: Generated type of one record, for typed envelopes: decoding it validates it. A
            failure is msgspec's; `fault` says it in words.
        warns: Whether there is anything that `warnings` could say.
        mapped: Column -> values of unknown categories that were mapped since the decoder was made.
    """

    columns: tuple[str, ...]
    is_numeric: bool
    struct: type[msgspec.Struct]
    warns: bool
    mapped: dict[str, int]
    _notes: bool
    _checks: tuple[Check, ...]
    _rules: Mapping[str, Rules]
    _ignores_unknown: bool
    _arrays: tuple[Callable[[Sequence[Any]], np.ndarray], ...]
    _decode_one: Callable[[bytes], Any]
    _decode_many: Callable[[bytes], Any]

    def decode(self, body: bytes) -> list[msgspec.Struct]:
        """The records of a body: `{"inputs": [{field: value}, ...]}`, or one record as an object.

        Raises:
            RecordFault: The body is not JSON (DC005), or a record breaks the contract (DC004).
        """
        try:
            return self._decode_many(body).inputs if _is_envelope(body) else [self._decode_one(body)]
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise self._refusal(body, error) from error

    def decode_records(self, body: bytes) -> dict[str, np.ndarray]:
        """The records of a body as columns; see `decode` and `to_columns`.

        Raises:
            RecordFault: The body is not JSON (DC005), or a record breaks the contract (DC004).
        """
        return self.to_columns(self.decode(body))

    def from_columns(self, columns: Mapping[str, Sequence[Any] | np.ndarray]) -> list[msgspec.Struct]:
        """Checked records of values given column by column, as the Open Inference Protocol does.

        Args:
            columns: Field -> values as JSON has them, or an array of them, all of equal length. NaN
                counts as null.

        Raises:
            RecordFault: A column is missing, unknown or of another length, or a value breaks the
                contract (DC004).
        """
        lists = {name: list(_plain(values)) for name, values in columns.items()}
        wrong = self._named_wrong(lists, "inputs.")[:_MOST_FAULTS]
        if wrong:
            raise _refused(wrong)
        lengths = {len(values) for values in lists.values()}
        if len(lengths) > 1:
            raise errors.record_is_refused("inputs", f"columns have different lengths: {sorted(lengths)}")
        names = tuple(lists)
        rows = [dict(zip(names, row, strict=True)) for row in zip(*lists.values(), strict=True)]
        return self.from_rows(rows)

    def from_rows(self, rows: Sequence[Mapping[str, Any]]) -> list[msgspec.Struct]:
        """Checked records of dictionaries; NaN counts as null.

        Raises:
            RecordFault: A row breaks the contract (DC004).
        """
        records, mapped = GenericAlias(list, (self.struct,)), dict(self.mapped)
        try:
            return msgspec.convert(rows, records)
        except (msgspec.ValidationError, RecursionError):
            self.mapped.update(mapped)  # they are read again
            without_nan = [{name: _null_if_nan(value) for name, value in row.items()} for row in rows]
        try:
            return msgspec.convert(without_nan, records)
        except (msgspec.ValidationError, RecursionError) as error:
            raise self.fault(without_nan, str(error)) from error

    def to_columns(self, records: Sequence[msgspec.Struct]) -> dict[str, np.ndarray]:
        """Records as arrays by field, n values each.

        integer int64 (float64 with NaN where null is allowed), number float64 with NaN for null,
        boolean bool (object with None where null is allowed), text object with None, time
        datetime64[us] in UTC and date datetime64[D], both with NaT.
        """
        if self.is_numeric and records:
            # One array whose rows are the columns: a third of the time of thirty arrays.
            return dict(zip(self.columns, np.ascontiguousarray(self.to_matrix(records).T), strict=True))
        values: Iterable[Sequence[Any]] = zip(*map(_values, records), strict=True)
        if not records:
            values = [()] * len(self.columns)
        return {
            name: to_array(column)
            for name, to_array, column in zip(self.columns, self._arrays, values, strict=True)
        }

    def to_matrix(self, records: Sequence[msgspec.Struct]) -> np.ndarray:
        """Records of numbers as one array: float64 (n, fields), NaN for null; where `is_numeric`."""
        return np.array([*map(_values, records)], dtype=np.float64)

    def warnings(self, records: Sequence[msgspec.Struct]) -> tuple[Warned, ...]:
        """Expectations that records which were let pass break, and that only warn.

        Those whose policy for requests is `warn`, and rules of columns whose severity is below critical.
        """
        places: dict[str, list[int]] = {}
        told: dict[str, Check] = {}
        for place, record in enumerate(records) if self.warns else ():
            values = dict(zip(self.columns, _values(record), strict=True))
            for item in self._checks:
                if item.request == "warn" and item.broken_by([values[name] for name in item.columns]):
                    told[item.key] = item
                    places.setdefault(item.key, []).append(place)
        return tuple(Warned(_named(told[key]), told[key].columns, tuple(at)) for key, at in places.items())

    def judged(self, records: Sequence[msgspec.Struct], warned: tuple[Warned, ...] = ()) -> Judged:
        """The verdict on records that were let pass; nothing is checked again.

        Args:
            records: As `decode` and its like gave them.
            warned: What `warnings` said of them.
        """
        mapped: dict[str, list[tuple[int, Any]]] = {}
        filled: dict[str, list[int]] = {}
        for place, record in enumerate(records) if self._notes else ():
            note = noted(record)
            if note is None:
                continue
            for name, sent in note.mapped.items():
                mapped.setdefault(name, []).append((place, msgspec.to_builtins(sent)))
            for name in note.filled:
                filled.setdefault(name, []).append(place)
        if not (warned or mapped or filled):
            return CLEAN
        return Judged(
            warned,
            tuple(Mapped(name, *zip(*found, strict=True)) for name, found in mapped.items()),
            tuple(Filled(name, tuple(places)) for name, places in filled.items()),
        )

    def fault(self, payload: Any, otherwise: str = "", path: str = "inputs") -> RecordFault:
        """Why a payload is refused, in words.

        Args:
            payload: One record, or a list of records, decoded without types.
            otherwise: What to say when no value can be named.
            path: Path of the list of records, for the message.
        """
        several = isinstance(payload, list)
        records = enumerate(payload if several else [payload])
        faults = (
            fault
            for index, record in records
            for fault in self._faults_of(record, f"{path}[{index}]" if several else "")
        )
        found = [*islice(faults, _MOST_FAULTS)]
        return _refused(found) if found else errors.record_is_refused("", otherwise)

    def _refusal(self, body: bytes, error: Exception) -> RecordFault:
        try:
            payload = json.loads(body, parse_constant=_refuse_constant)
        except (ValueError, RecursionError) as reason:
            return errors.body_is_not_json(str(reason))
        if not isinstance(payload, dict):
            return errors.record_is_refused("", "the body is one JSON object")
        if not _is_envelope(body):
            return self.fault(payload, str(error))
        others = [name for name in payload if name != "inputs"]
        if others:
            return errors.record_is_refused(others[0], "is not known beside `inputs`")
        return self.fault(payload["inputs"], str(error))

    def _faults_of(self, record: Any, path: str) -> list[_Fault]:
        if not isinstance(record, dict):
            return [_Fault(path, "a record is an object with one value per field", rule="type")]
        prefix = f"{path}." if path else ""
        found = self._named_wrong(record, prefix)
        for name, rules in self._rules.items():
            why = reason(rules, record[name]) if name in record else None
            if why is not None:
                is_said = rules.allowed is not None and one_of(rules.allowed) in why.words
                mend = "" if is_said else takes(name, rules)
                found.append(_Fault(f"{prefix}{name}", why.words, mend, name, why.rule))
        return found or self._broken(record, path)

    def _broken(self, record: dict[str, Any], path: str) -> list[_Fault]:
        """Expectations that a record breaks, each of whose values may stand for itself."""
        values = {name: parsed(rules, record.get(name, rules.default)) for name, rules in self._rules.items()}
        found = []
        for item in self._checks:
            why = broken(item, values) if item.request == "reject" else None
            if why is not None:
                name = ".".join((*filter(None, [path]), *(item.columns if len(item.columns) == 1 else ())))
                rule = _cut(item.about[0] or item.words)
                mend = f"the contract expects {item.words}"
                found.append(_Fault(name, why, mend, ", ".join(item.columns), rule))
        return found

    def _named_wrong(self, names: Iterable[str], prefix: str) -> list[_Fault]:
        """Fields that are unknown, then those that are missing."""
        known, given = set(self.columns), set(names)
        missing = [name for name in self.columns if name not in given and self._rules[name].default is None]
        found = []
        for name in () if self._ignores_unknown else [name for name in names if name not in known]:
            near = nearest(name, missing) or nearest(name, self.columns)
            hint = f"; did you mean `{near}`?" if near else ""
            mend = "fields that nobody declared are let be with `extra_columns: ignore` in the contract"
            mend = mend if near else f"leave it out; {mend}"
            found.append(_Fault(f"{prefix}{name}", f"no such field{hint}", mend, rule="extra_columns"))
        meant = {near for name in names if name not in known and (near := nearest(name, missing))}
        for name in missing:
            if name not in meant or self._ignores_unknown:
                mend = takes(name, self._rules[name])
                found.append(_Fault(f"{prefix}{name}", "the field is missing", mend, name, "missing"))
        return found


class _Fault(NamedTuple):
    """One fault of a record.

    Attributes:
        column: Of the contract; empty where none is meant. Never a name that only the caller knows.
        rule: What is broken, as the contract calls it.
    """

    path: str
    message: str
    mend: str = ""
    column: str = ""
    rule: str = ""


def _refused(found: Sequence[_Fault]) -> RecordFault:
    """One error for all faults; what each field takes is said once."""
    first, *others = found
    mends = list(dict.fromkeys(fault.mend for fault in found if fault.mend))
    mend = "; ".join(mends[:_MOST_MENDS])
    return errors.record_is_refused(
        first.path,
        first.message,
        mend,
        [(fault.path, fault.message) for fault in others],
        dict.fromkeys((fault.column, fault.rule) for fault in found),
    )


def compile_record(contract: Contract, columns: Sequence[str]) -> RecordDecoder:
    """The decoder of records that have some columns of a contract.

    Rules on the table (`unique`, row count) do not concern a record.

    Args:
        contract: What the values must be.
        columns: The fields of a record, each declared in the contract.

    Raises:
        SpecError: A column is not declared (DC002), has a name that requests do not carry (DC006),
            or a rule that can never be kept (DC001).
    """
    for name in columns:
        if name not in contract.columns:
            raise errors.column_is_not_declared(name, tuple(contract.columns))
        if _NOT_IN_NAMES.search(name):
            raise errors.name_is_not_carried(name)
    asked = tuple(item for item in checks(contract) if item.columns and set(item.columns) <= set(columns))
    rules = {name: _of_requests(compile_rules(name, contract.columns[name]), name, asked) for name in columns}
    explicit = tuple(item for item in asked if not _is_in_type(item))
    ignores = contract.extra_columns == "ignore"
    mapped = {name: 0 for name, rule in rules.items() if rule.mapped is not None}
    late = _late(rules, explicit)
    record = _record_type(rules, late, mapped, forbid_unknown=not ignores)
    envelope = msgspec.defstruct(
        "Envelope", [("inputs", GenericAlias(list, (record,)))], forbid_unknown_fields=True
    )
    return RecordDecoder(
        columns=tuple(rules),
        is_numeric=all(rule.type == "number" for rule in rules.values()),
        struct=record,
        warns=any(item.request == "warn" for item in explicit),
        mapped=mapped,
        _notes=late is not None and late.notes,
        _checks=explicit,
        _rules=rules,
        _ignores_unknown=ignores,
        _arrays=tuple(_to_array(rule) for rule in rules.values()),
        _decode_one=msgspec.json.Decoder(record).decode,
        _decode_many=msgspec.json.Decoder(envelope).decode,
    )


# -- types -----------------------------------------------------------------------------------


def _is_in_type(item: Check) -> bool:
    """Whether a column's short form says it and requests are refused for it: then the type checks it."""
    is_short = item.is_implied and len(item.columns) == 1 and not item.about[0]
    if item.is_mapped or item.rule is None or item.rule.fits is None:
        return True
    return is_short and item.request == "reject"


def _of_requests(rules: Rules, name: str, asked: Sequence[Check]) -> Rules:
    """The rules that refuse a request; what is only warned of, or mapped, is no part of the type."""
    warned = [
        item for item in asked if item.columns == (name,) and item.is_implied and item.request == "warn"
    ]
    if not warned:
        return rules
    return rules._replace(
        low=None, high=None, pattern=None, allowed=None if rules.mapped is None else rules.allowed
    )


def _fields(rules: Mapping[str, Rules]) -> dict[str, str]:
    """Column -> field. Fields have plain names and are renamed, so that any column will do: `class`, `größe`."""
    return {name: f"f{index}" for index, name in enumerate(rules)}


def _late(rules: Mapping[str, Rules], explicit: Sequence[Check]) -> Late | None:
    rejects = [item for item in explicit if item.request == "reject"]
    return compile_late(rules, _fields(rules), rejects, _is_late)


def _record_type(
    rules: Mapping[str, Rules], late: Late | None, mapped: dict[str, int], *, forbid_unknown: bool
) -> type[msgspec.Struct]:
    fields = _fields(rules)
    notes = late is not None and late.notes
    return msgspec.defstruct(
        "Record",
        [_field(fields[name], rule) for name, rule in rules.items()],
        rename={field: name for name, field in fields.items()},
        forbid_unknown_fields=forbid_unknown,
        frozen=True,
        gc=notes,
        dict=notes,  # where a record remembers what was put right in it
        kw_only=True,
        namespace={"__post_init__": late.check(mapped)} if late else None,
    )


def _field(field: str, rules: Rules) -> Any:
    kind = _field_type(rules)
    return (field, kind) if rules.default is None else (field, kind, MISSING)


def _field_type(rules: Rules) -> Any:
    kind = _bare_type(rules)
    return kind | None if rules.nulls else kind


def _bare_type(rules: Rules) -> Any:
    match rules.type:
        case "integer" | "text" if rules.allowed is not None and rules.mapped is None:
            literal: Any = Literal
            return literal[rules.allowed]
        case "integer":
            return Annotated[int, _bounds(rules, SMALLEST_INTEGER, LARGEST_INTEGER)]
        case "number":
            # Always bounded: infinity cannot come from JSON, but from Python code.
            return Annotated[float, _bounds(rules, -_LARGEST_NUMBER, _LARGEST_NUMBER)]
    return {"text": str, "boolean": bool, "time": Instant, "date": date}[rules.type]


def _bounds(rules: Rules, smallest: float, largest: float) -> msgspec.Meta:
    low = smallest if rules.low is None else rules.low
    return msgspec.Meta(ge=low, le=largest if rules.high is None else rules.high)


def _is_late(rules: Rules) -> bool:
    """Whether a rule cannot be said in msgspec's types, so that it is checked once a record is read."""
    if rules.mapped is not None:
        return False
    if rules.pattern is not None:
        return (
            rules.allowed is None
        )  # whose values match already; msgspec would ask an engine that backtracks
    if rules.type in ("time", "date"):
        return not (rules.low is None and rules.high is None and rules.allowed is None)
    return rules.type in ("number", "boolean") and rules.allowed is not None


# -- values ----------------------------------------------------------------------------------


def _plain(values: Sequence[Any] | np.ndarray) -> Sequence[Any]:
    return values.tolist() if isinstance(values, np.ndarray) else values


def _named(item: Check) -> str:
    """What a check is counted under: its author's word for it, else its own; of bounded length."""
    return _cut(item.about[0] or f"{', '.join(item.columns)}: {item.words}")


def _cut(said: str) -> str:
    return said if len(said) <= _LONGEST_NAME else f"{said[: _LONGEST_NAME - 1]}…"


def _null_if_nan(value: Any) -> Any:
    return None if is_nan(value) else value


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON; a missing number is `null`")


def _to_array(rules: Rules) -> Callable[[Sequence[Any]], np.ndarray]:
    if rules.type == "time":
        return _instants
    dtype = DTYPES[rules.type]
    if rules.nulls:
        dtype = {"integer": "float64", "boolean": "object"}.get(rules.type, dtype)
    return partial(np.array, dtype=np.dtype(dtype))


def _instants(values: Sequence[datetime | None]) -> np.ndarray:
    microseconds = [_NOT_A_TIME if value is None else (value - _EPOCH) // _MICROSECOND for value in values]
    return np.array(microseconds, np.int64).view("datetime64[us]")
