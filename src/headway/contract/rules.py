"""A declared column as typed rules, read once for both compilers, so that they cannot disagree.

Light: no frame library. It judges single values only to explain a refusal in words.
"""

from __future__ import annotations

import difflib
import math
import re
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import msgspec

from headway.contract.patterns import Pattern, compile_pattern
from headway.contract.words import LONGEST, limit, one_of, show
from headway.errors import contract as errors
from headway.spec.contract import MapTo

if TYPE_CHECKING:
    from collections.abc import Sequence

    from headway.spec.contract import Column, ColumnType, Scalar

SMALLEST_INTEGER, LARGEST_INTEGER = -(2**63), 2**63 - 1
_COMPARED = 100
_ORDERED = ("integer", "number", "time", "date")

Instant = Annotated[datetime, msgspec.Meta(tz=True)]
"""RFC 3339 with an offset: a request without one is refused, since nobody can know what it meant."""


class Rules(NamedTuple):
    """What a value must be; bounds and sets are Python values of the column's type.

    Attributes:
        low: Smallest value, inclusive; times are aware.
        high: Largest value, inclusive.
        allowed: Values allowed, without those that the other rules refuse anyway.
        pattern: Searched in text.
        default: What takes the place of a missing column or field; None where it may not be missing.
        mapped: What becomes of values that are not allowed; None where they are refused.
    """

    type: ColumnType
    nulls: bool
    low: Any = None
    high: Any = None
    allowed: tuple[Any, ...] | None = None
    pattern: Pattern | None = None
    default: Any = None
    mapped: Any = None


class Reason(NamedTuple):
    """Why a value is refused.

    Attributes:
        rule: What it breaks, as the contract calls it: `type`, `nulls`, `min`, `max`, `matches` or `in`.
        words: The same in words, with the value.
    """

    rule: str
    words: str


def compile_rules(name: str, column: Column) -> Rules:
    """The typed rules of a declared column.

    Bounds of an integer column are rounded inwards; a time without an offset is UTC.

    Raises:
        SpecError: A rule can never be kept (DC001).
    """
    low = _bound(name, column, "min", column.min)
    high = _bound(name, column, "max", column.max)
    if low is not None and high is not None and low > high:
        raise errors.rule_cannot_hold(name, "min", column.min, f"it is above `max: {column.max}`")
    rules = Rules(column.type, column.nulls, low, high, pattern=_pattern(name, column))
    if column.in_ is not None:
        rules = rules._replace(allowed=_allowed(name, column, rules))
    mapped = column.unknown_category.map_to if isinstance(column.unknown_category, MapTo) else None
    return rules._replace(
        default=_stand_in(name, "default", column.default, rules),
        mapped=_stand_in(name, "unknown_category", mapped, rules),
    )


def _stand_in(name: str, rule: str, raw: Scalar | None, rules: Rules) -> Any:
    """A value that takes the place of another, which must itself be allowed."""
    if raw is None:
        return None
    try:
        value = typed(rules.type, raw)
    except ValueError as error:
        raise errors.rule_cannot_hold(name, rule, raw, str(error)) from error
    if rule == "unknown_category" and rules.allowed is None:
        raise errors.rule_cannot_hold(name, rule, raw, "there is no `in`")
    why = _broken(rules, value)
    if why is not None:
        raise errors.rule_cannot_hold(name, rule, raw, why.words)
    return value


def _bound(name: str, column: Column, rule: str, raw: float | str | None) -> Any:
    if raw is None:
        return None
    if column.type not in _ORDERED:
        raise errors.rule_cannot_hold(name, rule, raw, f"`{column.type}` has no order")
    if column.type == "integer" and isinstance(raw, float) and math.isfinite(raw):
        raw = math.ceil(raw) if rule == "min" else math.floor(raw)
    try:
        bound = typed(column.type, raw)
    except ValueError as error:
        raise errors.rule_cannot_hold(name, rule, raw, str(error)) from error
    return min(max(bound, SMALLEST_INTEGER), LARGEST_INTEGER) if column.type == "integer" else bound


def _pattern(name: str, column: Column) -> Pattern | None:
    if column.matches is None:
        return None
    if column.type != "text":
        raise errors.rule_cannot_hold(name, "matches", column.matches, f"a {column.type} is not text")
    try:
        return compile_pattern(column.matches)
    except ValueError as error:
        raise errors.rule_cannot_hold(name, "matches", column.matches, str(error)) from error


def _allowed(name: str, column: Column, rules: Rules) -> tuple[Any, ...]:
    try:
        values = dict.fromkeys(typed(column.type, raw) for raw in column.in_ or ())
    except ValueError as error:
        raise errors.rule_cannot_hold(name, "in", column.in_, str(error)) from error
    kept = tuple(value for value in values if _broken(rules, value) is None)
    if not kept:
        raise errors.rule_cannot_hold(name, "in", column.in_, "no value is left that the other rules allow")
    return kept


def typed(kind: ColumnType, raw: str | float) -> Any:
    """A value as written in a contract, in its column's type.

    Raises:
        ValueError: It is not of that type.
    """
    match kind:
        case "integer" if not isinstance(raw, bool | str) and float(raw).is_integer():
            return int(raw)
        case "number" if not isinstance(raw, bool | str) and math.isfinite(raw):
            return float(raw)
        case "boolean" if isinstance(raw, bool):
            return raw
        case "text" if isinstance(raw, str):
            return raw
        case "time" if isinstance(raw, str):
            moment = datetime.fromisoformat(raw)
            return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        case "date" if isinstance(raw, str):
            return date.fromisoformat(raw)
    raise ValueError(f"it is not of type `{kind}`")


# -- reasons ---------------------------------------------------------------------------------


def reason(rules: Rules, value: Any) -> Reason | None:
    """Why a value from a request is refused; None when it is not.

    Args:
        rules: What it must be.
        value: As decoded from JSON, or given by Python code.
    """
    if value is None or (rules.type == "number" and is_nan(value)):
        return None if rules.nulls else Reason("nulls", "null is not allowed")
    wrong = _of_type(rules.type, value)
    if wrong is not None:
        return Reason("type", wrong)
    return None if rules.mapped is not None else _broken(rules, parsed(rules, value))


def parsed(rules: Rules, value: Any) -> Any:
    """A value from a request that is of its type, as Python's; unknown categories are mapped, NaN is null."""
    if value is None or (rules.type == "number" and is_nan(value)):
        return None
    if rules.type in _SAMPLES:
        value = msgspec.convert(value, _SAMPLES[rules.type][0])
    value = float(value) if rules.type == "number" else value
    return value if rules.mapped is None or value in (rules.allowed or ()) else rules.mapped


def late_reason(rules: Rules, value: Any) -> Reason | None:
    """As `reason`, for a value that is known to be of its type, or null."""
    return None if value is None else _broken(rules, value)


def _broken(rules: Rules, value: Any) -> Reason | None:
    if rules.low is not None and value < rules.low:
        return Reason("min", f"{show(value)} is below {limit(rules.low)}")
    if rules.high is not None and value > rules.high:
        return Reason("max", f"{show(value)} is above {limit(rules.high)}")
    if rules.pattern is not None and not rules.pattern.fits(value):
        return Reason("matches", _unmatched(rules.pattern, value))
    if rules.allowed is not None and value not in rules.allowed:
        return Reason("in", f"{show(value)} is not {one_of(rules.allowed)}{_near(value, rules.allowed)}")
    return None


def _unmatched(pattern: Pattern, value: str) -> str:
    if pattern.judges(value):
        return f"{show(value)} does not match {show(pattern.pattern)}"
    return f"{show(value)} has {len(value):,} characters; {show(pattern.pattern)} is searched in {pattern.longest:,}"


def _near(value: Any, allowed: Sequence[Any]) -> str:
    # Likeness costs time in the product of both lengths, and strangers send the value.
    if not isinstance(value, str) or len(value) > LONGEST or len(allowed) > _COMPARED:
        return ""
    near = difflib.get_close_matches(value, allowed, n=1)
    return f"; did you mean {show(near[0])}?" if near else ""


_EXACT = 2**53
_NUMERIC = re.compile(r"-?\d{1,30}(\.\d{1,30})?")
_WORDS = {"integer": "an integer", "number": "a number", "text": "text", "boolean": "a boolean"}
_KINDS: dict[ColumnType, tuple[type, ...]] = {
    "integer": (int,),
    "number": (int, float),
    "text": (str,),
    "boolean": (bool,),
}
_SAMPLES: dict[ColumnType, tuple[Any, str]] = {
    "time": (Instant, "an RFC 3339 time with an offset, such as `2013-06-01T10:00:00Z`"),
    "date": (date, "a date, such as `2013-06-01`"),
}


def _of_type(kind: ColumnType, value: Any) -> str | None:
    if kind in _SAMPLES:
        python, words = _SAMPLES[kind]
        return None if _converts(value, python) else f"{show(value)} is not {words}"
    if not isinstance(value, _KINDS[kind]) or (isinstance(value, bool) and kind != "boolean"):
        return f"{show(value)} is {_found(value)}, not {_WORDS[kind]}{_written(kind, value)}"
    if kind == "integer" and not SMALLEST_INTEGER <= value <= LARGEST_INTEGER:
        return f"{show(value)} does not fit in 64 bits"
    if kind == "number" and not _is_finite(value):
        return f"{show(value)} is not a finite number"
    return None


def _written(kind: ColumnType, value: Any) -> str:
    """How a value of another JSON type is written, where it is plain what was meant."""
    if kind == "integer" and isinstance(value, float) and value.is_integer():
        whole = f": {int(value)}" if abs(value) <= _EXACT else ""
        return f"; an integer is written without a decimal point{whole}"
    if kind in ("integer", "number") and isinstance(value, str) and _NUMERIC.fullmatch(value):
        return "; a number is written without quotes"
    if kind == "boolean" and value in ("true", "false"):
        return "; a boolean is written without quotes"
    return ""


def _found(value: Any) -> str:
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    kinds: tuple[ColumnType, ...] = ("boolean", "integer", "number", "text")
    return next((_WORDS[kind] for kind in kinds if isinstance(value, _KINDS[kind])), type(value).__name__)


def is_nan(value: Any) -> bool:
    """Whether a value is a float that is not a number."""
    return isinstance(value, float) and math.isnan(value)


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer that no float64 holds
        return False


def _converts(value: Any, kind: Any) -> bool:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return False
    return True
