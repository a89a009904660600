"""What does not fit in a contract's expectations: names, arguments, columns, and what may be done with what."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

from headway.spec import patterns
from headway.spec.checks.scene import SHOWN
from headway.spec.checks.values import WANTED, typed
from headway.spec.contract import ColumnType, Contract, Expectation
from headway.spec.document import Path_
from headway.spec.expectations import (
    EXPECTATIONS,
    IGNORE_PAIR,
    IGNORE_ROW,
    Kind,
    Signature,
    columns_of,
)
from headway.spec.references import Check

_TYPES = tuple(WANTED)
_COMPARED = (
    "expect_column_pair_values_to_be_equal",
    "expect_column_pair_values_a_to_be_greater_than_b",
    "expect_select_column_values_to_be_unique_within_record",
)
_NOT_HONOURED = {
    "row_condition": "filter the rows in a feature function, or expect it of a column of its own",
    "condition_parser": "filter the rows in a feature function, or expect it of a column of its own",
    "result_format": "reports are complete and bounded already; leave it out",
    "catch_exceptions": "what cannot run is never shown as passed; leave it out",
    "kwargs": "write the arguments beside `type`",
    "meta": "write `description`",
    "parse_strings_as_datetimes": "declare the column as `time` or `date`",
}


def check_expectations(contract: Contract, check: Check) -> None:
    """Add what does not fit in `expectations:`."""
    seen: set[str] = set()
    for index, expectation in enumerate(contract.expectations):
        path: Path_ = ("expectations", index)
        _identity(expectation, path, seen, check)
        signature = EXPECTATIONS.get(expectation.type)
        if signature is None and expectation.type:
            _unknown_name(expectation.type, path, check)
        elif signature is not None and _names(expectation, signature, path, check):
            _arguments(expectation, signature, contract, path, check)
            _policy(expectation, signature, path, check)


def _identity(expectation: Expectation, path: Path_, seen: set[str], check: Check) -> None:
    if expectation.id and expectation.id in seen:
        check.fault((*path, "id"), f"`{expectation.id[:SHOWN]}` stands here twice", "give each its own `id`")
    seen.add(expectation.id)


def _unknown_name(name: str, path: Path_, check: Check) -> None:
    whole = f"expect_{name}" if not name.startswith("expect_") else name
    near = difflib.get_close_matches(whole, EXPECTATIONS, n=1, cutoff=0.6)
    hint = f"did you mean `{near[0]}`?" if near else "the reference lists every expectation"
    check.fault((*path, "type"), f"there is no expectation `{name[:SHOWN]}`", hint)


def _names(expectation: Expectation, signature: Signature, path: Path_, check: Check) -> bool:
    """Whether every argument is one that the expectation takes, and none is missing."""
    known = signature.arguments
    wrong = [name for name in expectation.arguments if name not in known]
    for name in wrong:
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
        hint = _NOT_HONOURED.get(name) or (
            f"did you mean `{near[0]}`?" if near else f"arguments are {', '.join(known)}"
        )
        check.fault((*path, name), f"`{expectation.type}` takes no `{name[:SHOWN]}`", hint)
    given = {name for name, value in expectation.arguments.items() if value is not None}
    for need in signature.needs:
        either = (need,) if isinstance(need, str) else need
        if not given & set(either) and not wrong:
            words = " or ".join(f"`{name}`" for name in either)
            check.fault(path, f"{words} is missing", f"`{expectation.type}` judges nothing without it")
            wrong.append(either[0])
    return not wrong


def _policy(expectation: Expectation, signature: Signature, path: Path_, check: Check) -> None:
    policy = expectation.policy
    if policy.batch == "quarantine" and signature.grain != "row":
        hint = "use `reject` or `warn`"
        check.fault((*path, "policy", "batch"), f"it judges a {signature.grain}, and no single rows", hint)
    if policy.batch == "quarantine" and expectation.type.endswith("creasing"):
        what = "without the rows that break an order the others may break it too"
        check.fault((*path, "policy", "batch"), what, "use `reject` or `warn`")
    if policy.request is not None and (signature.grain != "row" or not signature.alone):
        what = "one record cannot break it, so nothing is to be done in a request"
        check.fault((*path, "policy", "request"), what, "leave `request` out")


# -- arguments -------------------------------------------------------------------------------------


def _arguments(
    expectation: Expectation, signature: Signature, contract: Contract, path: Path_, check: Check
) -> None:
    sound = True
    for name, value in expectation.arguments.items():
        kind = signature.arguments[name]
        if value is None:
            continue
        if kind in ("column", "columns"):
            sound &= _columns((*path, name), kind, value, contract, check)
        else:
            wrong = _SHAPES[kind](value) if kind in _SHAPES else None
            if wrong is not None:
                sound = False
                check.fault((*path, name), f"`{str(value)[:SHOWN]}` where {wrong} is expected")
    if not sound:
        return
    names = columns_of(expectation.type, expectation.arguments)
    types = tuple(contract.columns[name].type for name in names)
    if signature.types is not None:
        for name, kind in zip(names, types, strict=True):
            if kind not in signature.types:
                allowed = " and ".join(signature.types)
                check.fault(path, f"`{name[:SHOWN]}` is of type {kind}", f"it judges {allowed}")
                return
    _of_column(expectation, signature, types, path, check)
    _types(expectation, types, path, check)


def _columns(path: Path_, kind: Kind, value: Any, contract: Contract, check: Check) -> bool:
    names = [value] if kind == "column" else value
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        wanted = "a column" if kind == "column" else "a list of columns"
        check.fault(path, f"`{str(value)[:SHOWN]}` where {wanted} is expected")
        return False
    if kind == "columns" and len(set(names)) < max(2, len(names)):
        check.fault(path, "these are not several columns", "name two at least, each once")
        return False
    known = [check.refer(path, name, contract.columns, "column") for name in names]
    return all(known)


def _of_column(
    expectation: Expectation, signature: Signature, types: tuple[ColumnType, ...], path: Path_, check: Check
) -> None:
    """Values that must be of their column's type, and bounds that leave something between them."""
    sides: dict[str, Any] = {}
    for name, value in expectation.arguments.items():
        match signature.arguments[name]:
            case "value" if value is not None:
                # A bound of whole numbers may lie between two of them.
                kind = "number" if types[0] == "integer" else types[0]
                sides[name] = typed(kind, value)
                if sides[name] is None:
                    hint = "quote it" if types[0] in ("time", "date") else ""
                    what = f"`{str(value)[:SHOWN]}` where {WANTED[types[0]]} is expected"
                    check.fault((*path, name), what, hint)
            case "values":
                _set((*path, name), [(item,) for item in value], types[:1], check)
            case "pairs":
                _set((*path, name), value, types, check)
            case "number" | "count" | "share" if name in ("min_value", "max_value"):
                sides[name] = value
    _between(expectation.arguments, sides, path, check)


def _set(path: Path_, rows: Any, types: tuple[ColumnType, ...], check: Check) -> None:
    for row in rows:
        for value, kind in zip(row, types, strict=True):
            if typed(kind, value) is None:
                what = f"`{str(value)[:SHOWN]}` in a set for a column of type {kind}"
                check.fault(path, what, f"write {WANTED[kind]}")
                return


def _between(arguments: Mapping[str, Any], sides: Mapping[str, Any], path: Path_, check: Check) -> None:
    low, high = sides.get("min_value"), sides.get("max_value")
    strict = arguments.get("strict_min") or arguments.get("strict_max")
    if low is not None and high is not None and (high < low or (high == low and strict)):
        check.fault((*path, "max_value"), "nothing lies between `min_value` and `max_value`")
    for side in ("min", "max"):
        if f"strict_{side}" in arguments and arguments.get(f"{side}_value") is None:
            check.fault((*path, f"strict_{side}"), f"there is no `{side}_value` for it", "leave it out")


def _types(expectation: Expectation, types: tuple[ColumnType, ...], path: Path_, check: Check) -> None:
    """Types that are compared with each other, or with the one that is declared."""
    kinds = sorted({"number" if kind == "integer" else kind for kind in types})
    if len(kinds) > 1 and expectation.type in _COMPARED:
        found = list(dict.fromkeys(types))
        what = f"{', '.join(found[:-1])} and {found[-1]} are not compared"
        check.fault(path, what, "name columns of one type")
    for name in ("type_", "type_list"):
        wanted = expectation.arguments.get(name)
        if wanted is not None and types[0] not in (wanted if isinstance(wanted, list) else [wanted]):
            check.fault((*path, name), f"the column is declared as {types[0]}", "mend one of the two")


def _one_of(words: tuple[str, ...]) -> Callable[[Any], str | None]:
    listed = " or ".join(f"`{word}`" for word in words)
    return lambda value: None if value in words else listed


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _regex(value: Any) -> str | None:
    wanted = "a regular expression"
    if not isinstance(value, str):
        return wanted
    try:
        is_bounded = patterns.examine(value).is_bounded
    except ValueError:
        return wanted
    return None if is_bounded else f"{wanted} that no short text could keep busy without end"


def _quantiles(value: Any) -> str | None:
    wanted = "`{quantiles: [0.5], value_ranges: [[low, high]]}`"
    if not isinstance(value, dict) or set(value) != {"quantiles", "value_ranges"}:
        return wanted
    shares, ranges = value["quantiles"], value["value_ranges"]
    if not isinstance(shares, list) or not isinstance(ranges, list) or not len(shares) == len(ranges) > 0:
        return wanted
    is_sound = all(_is_number(share) and 0 <= share <= 1 for share in shares) and all(
        isinstance(pair, list)
        and len(pair) == 2  # noqa: PLR2004 -- a range
        and pair != [None, None]
        and all(side is None or _is_number(side) for side in pair)
        and (None in pair or pair[0] <= pair[1])
        for pair in ranges
    )
    return None if is_sound else wanted


def _partition(value: Any) -> str | None:
    wanted = "`{values: [...], weights: [...]}` or `{bins: [...], weights: [...]}`"
    if not isinstance(value, dict) or set(value) not in ({"values", "weights"}, {"bins", "weights"}):
        return wanted
    weights, others = value["weights"], value.get("values", value.get("bins"))
    is_binned = "bins" in value
    if not isinstance(weights, list) or not isinstance(others, list) or not weights:
        return wanted
    if len(others) != len(weights) + is_binned or not all(_is_number(item) and item >= 0 for item in weights):
        return wanted
    if not math.isclose(sum(weights), 1, abs_tol=1e-6):
        return f"{wanted} with weights that sum up to 1"
    rises = is_binned and all(map(_is_number, others)) and all(a < b for a, b in pairwise(others))
    return None if rises or (not is_binned and all(_is_scalar(item) for item in others)) else wanted


def _is_scalar(value: Any) -> bool:
    return isinstance(value, str | int | float | bool)


def _listed(value: Any, fits: Callable[[Any], bool]) -> bool:
    return isinstance(value, list) and bool(value) and all(fits(item) for item in value)


_SHAPES: Mapping[Kind, Callable[[Any], str | None]] = {
    "names": lambda value: None if _listed(value, lambda item: isinstance(item, str)) else "a list of names",
    "values": lambda value: None if _listed(value, _is_scalar) else "a list of values",
    "pairs": lambda value: (
        None
        if _listed(value, lambda item: isinstance(item, list) and len(item) == 2)  # noqa: PLR2004 -- a pair
        else "a list of pairs"
    ),
    "number": lambda value: None if _is_number(value) else "a number",
    "count": lambda value: (
        None if _is_number(value) and isinstance(value, int) and value >= 0 else "a whole number from 0"
    ),
    "share": lambda value: None if _is_number(value) and 0 <= value <= 1 else "a share from 0 to 1",
    "flag": lambda value: None if isinstance(value, bool) else "`true` or `false`",
    "regex": _regex,
    "strftime": lambda value: (
        None if isinstance(value, str) and "%" in value else "a format such as `%Y-%m-%d`"
    ),
    "type": _one_of(_TYPES),
    "types": lambda value: None if _listed(value, _TYPES.__contains__) else "a list of types",
    "ignore_pair": _one_of(IGNORE_PAIR),
    "ignore_row": _one_of(IGNORE_ROW),
    "quantiles": _quantiles,
    "partition": _partition,
}
