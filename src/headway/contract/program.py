"""A contract as the expressions of its columnar pass (Polars): written once, run on every table.

Columns stand under short names (`c0`, `c1`), so that no name is taken for a pattern.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache, reduce
from itertools import pairwise
from operator import and_, or_
from typing import Any, NamedTuple

import msgspec
import polars as pl

from headway.contract.casting import DTYPES
from headway.contract.checks import Check, checks
from headway.contract.dialect import misfits, mismatches
from headway.contract.personal import personal_columns
from headway.contract.report import EXAMPLES
from headway.contract.rules import typed
from headway.contract.state import key_name
from headway.spec.contract import ColumnType, Contract

_FEW = 12
"""Values of a set that are compared one by one."""
_REGEX = ("expect_column_values_to_match_regex", "expect_column_values_to_not_match_regex")


class Key(NamedTuple):
    """What must be unique, or is counted without repetition.

    Attributes:
        columns: Its columns.
        value: One key per row: the value itself, or a hash of it; null where the row is left out.
        is_exact: Whether the key is the value itself.
        rises: Whether every value is there and above the one before, which proves that none repeats and
            is a hundred times cheaper to see.
    """

    columns: tuple[pl.Expr, ...]
    value: pl.Expr
    is_exact: bool
    rises: pl.Expr = pl.lit(value=False)


class Program(NamedTuple):
    """The pass over tables whose declared columns of the right type are `names`.

    Attributes:
        names: Column -> its short name.
        asked: Checks that can be judged.
        aggregates: Nulls, suspicions, figures and the like, each with its alias.
        broken: Key of a check of rows -> where rows break it; not of uniqueness.
        at_once: Keys of those that no cheap aggregate can clear.
        keys: Name of the keys -> how they are taken.
        ends: What of an order is kept for a merge.
    """

    names: Mapping[str, str]
    asked: tuple[Check, ...]
    aggregates: tuple[pl.Expr, ...]
    broken: Mapping[str, pl.Expr]
    at_once: tuple[str, ...]
    keys: Mapping[str, Key]
    ends: tuple[pl.Expr, ...]


class Columns(NamedTuple):
    """Columns as expressions: with NaN as null, and unknown categories mapped; `raw` are as they came."""

    values: Mapping[str, pl.Expr]
    raw: Mapping[str, pl.Expr]


def program(contract: Contract, sound: tuple[str, ...]) -> Program:
    """The pass for a contract over tables in which these declared columns are of their type.

    Raises:
        SpecError: A rule can never be kept (DC001).
    """
    return _program(msgspec.msgpack.encode(contract), sound)


@lru_cache(maxsize=64)
def _program(encoded: bytes, sound: tuple[str, ...]) -> Program:
    contract = msgspec.msgpack.decode(encoded, type=Contract)
    asked = tuple(item for item in checks(contract) if set(item.columns) <= set(sound))
    names = {name: f"c{place}" for place, name in enumerate(sound)}
    personal = personal_columns(contract)
    columns = _all_columns(contract, asked, names)
    of_rows = [item for item in asked if item.rule is not None]
    suspects = {item.key: _suspect(item, columns) for item in of_rows}
    judged = [item for item in of_rows if item.rule is not None and item.rule.neighbours != "unique"]
    return Program(
        names=names,
        asked=asked,
        aggregates=(
            *(value.null_count().alias(f"nulls {name}") for name, value in columns.values.items()),
            *(found.alias(f"suspect {key}") for key, found in suspects.items() if found is not None),
            *_skipped(of_rows, columns),
            *_figure_expressions(asked, columns, contract).values(),
        ),
        broken={item.key: _broken(item, columns) for item in judged},
        at_once=tuple(item.key for item in judged if suspects[item.key] is None),
        keys={key_name(item): _key(item, columns, personal) for item in asked if _has_key(item)},
        ends=tuple(_ends(of_rows, columns)),
    )


def rows_of(key: str, broken: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
    """How many rows break a check, and the first of them."""
    return (
        broken.sum().alias(f"count {key}"),
        broken.arg_true().head(EXAMPLES).implode().alias(f"rows {key}"),
    )


# -- columns ---------------------------------------------------------------------------------


def _all_columns(contract: Contract, asked: Sequence[Check], names: Mapping[str, str]) -> Columns:
    raw = {name: _value(short, contract.columns[name].type) for name, short in names.items()}
    mapped = {item.columns[0]: item for item in asked if item.is_mapped}
    values = {
        name: _mapped(value, mapped[name], contract) if name in mapped else value
        for name, value in raw.items()
    }
    return Columns(values, raw)


def _mapped(value: pl.Expr, item: Check, contract: Contract) -> pl.Expr:
    policy: Any = contract.columns[item.columns[0]].unknown_category
    other = pl.lit(typed(item.types[0], policy.map_to), dtype=DTYPES[item.types[0]])
    known = value.is_in(_constants(item)["value_set"])
    return pl.when(known).then(value).when(value.is_not_null()).then(other)


def _value(name: str, kind: ColumnType) -> pl.Expr:
    value = pl.col(name)
    return value.fill_nan(None) if kind == "number" else value


# -- expressions -----------------------------------------------------------------------------


def _constants(item: Check) -> dict[str, Any]:
    """A check's arguments as expressions of the columns' types."""
    found = dict(item.arguments)
    for name in ("min_value", "max_value"):
        if found.get(name) is not None and "lengths" not in item.type:
            found[name] = pl.lit(found[name], dtype=DTYPES[item.types[0]])
    if "value_set" in found:
        if len(found["value_set"]) <= _FEW:
            found["few"] = [pl.lit(one, dtype=DTYPES[item.types[0]]) for one in found["value_set"]]
        found["value_set"] = pl.Series(found["value_set"], dtype=DTYPES[item.types[0]]).implode()
    if "value_pairs_set" in found:
        one, other = (pl.Float64() if item.is_float else DTYPES[kind] for kind in item.types)
        found["value_pairs_set"] = [
            (pl.lit(x, dtype=one), pl.lit(y, dtype=other)) for x, y in found["value_pairs_set"]
        ]
    return found


def _columns(item: Check, columns_: Columns) -> list[pl.Expr]:
    values = columns_.raw if item.is_mapped else columns_.values
    columns = [values[name] for name in item.columns]
    return [value.cast(pl.Float64) for value in columns] if item.is_float else columns


def _ignored(item: Check, columns: Sequence[pl.Expr]) -> pl.Expr | None:
    """Rows that a check on several columns leaves out; None where it leaves out none."""
    nulls = [value.is_null() for value in columns]
    if item.ignores == "none":
        return None
    return reduce(and_ if item.ignores == "all" else or_, nulls)


def _broken(item: Check, columns_: Columns) -> pl.Expr:
    """Rows that break a check; null counts as no."""
    assert item.rule is not None
    columns = _columns(item, columns_)
    if len(columns) == 1:
        return _of_values(item, columns[0]).fill_null(value=False)
    ignored = _ignored(item, columns)
    assert item.rule.broken is not None
    broken = item.rule.broken(_constants(item), *columns).fill_null(value=False)
    return broken if ignored is None else broken & ~ignored


def _of_values(item: Check, value: pl.Expr) -> pl.Expr:
    rule = item.rule
    assert rule is not None
    if item.type in _REGEX and item.arguments["regex"].longest is None:
        wrong = mismatches(value, item.arguments["regex"])
        return wrong if item.type == _REGEX[0] else ~wrong
    if rule.broken is not None:
        return rule.broken(_constants(item), value)
    assert rule.fits is not None
    fits, arguments = rule.fits, item.arguments
    return misfits(value, lambda one: fits(arguments, one))


def _suspect(item: Check, columns_: Columns) -> pl.Expr | None:
    """Whether any row might break a check, where that is cheap to know."""
    rule = item.rule.suspect if item.rule is not None else None
    return None if rule is None else rule(_constants(item), *_columns(item, columns_))


def _has_key(item: Check) -> bool:
    is_unique = item.rule is not None and item.rule.neighbours == "unique"
    return is_unique or any(need.startswith("distinct ") for need in item.needs)


def _key(item: Check, columns_: Columns, personal: Collection[str]) -> Key:
    columns = tuple(_columns(item, columns_))
    if len(columns) > 1:
        ignored, key = _ignored(item, columns), pl.struct(columns).hash(0)
        return Key(columns, key if ignored is None else pl.when(~ignored).then(key), is_exact=False)
    (value,) = columns
    rises = (value.null_count() == 0) & (value > value.shift(1)).all()
    if item.types[0] != "text" and item.columns[0] in personal:  # the values themselves are not kept
        plain = value + 0.0 if item.types[0] == "number" else value.to_physical().cast(pl.Int64)
        key = pl.when(value.is_not_null()).then(plain.hash(0))
        return Key(columns, key, is_exact=False, rises=rises)
    match item.types[0]:
        case "text":
            key = pl.when(value.is_not_null()).then(value.hash(0))
            return Key(columns, key, is_exact=False, rises=rises)
        case "number":
            return Key(columns, value, is_exact=True, rises=rises)
    return Key(columns, value.to_physical().cast(pl.Int64), is_exact=True, rises=rises)


def _skipped(of_rows: Sequence[Check], columns_: Columns) -> list[pl.Expr]:
    found = []
    for item in of_rows:
        ignored = _ignored(item, _columns(item, columns_)) if len(item.columns) > 1 else None
        if ignored is not None:
            found.append(ignored.sum().alias(f"skipped {item.key}"))
    return found


def _ends(of_rows: Sequence[Check], columns_: Columns) -> list[pl.Expr]:
    found = []
    for item in of_rows:
        if item.rule is not None and item.rule.neighbours == "order":
            value = columns_.values[item.columns[0]]
            known = value.drop_nulls().to_physical()
            found += [
                known.first().alias(f"first {item.key}"),
                known.last().alias(f"last {item.key}"),
                value.is_not_null().arg_max().alias(f"start {item.key}"),
            ]
    return found


# -- figures ---------------------------------------------------------------------------------


def _figure_expressions(asked: Sequence[Check], columns_: Columns, contract: Contract) -> dict[str, pl.Expr]:
    """Figure -> its expression; each once, however many checks need it."""
    found: dict[str, pl.Expr] = {}
    if contract.freshness is not None and contract.freshness.column in columns_.values:
        newest = f"max {contract.freshness.column}"
        found[newest] = columns_.values[contract.freshness.column].max().to_physical().alias(newest)
    for item in asked:
        for key in item.needs:
            value = columns_.values[item.columns[0]]
            if key.startswith("distinct "):  # counted with the keys
                found[key] = value.count().alias(f"known {item.columns[0]}")
                continue
            found[key] = _figure(key.split(" ", 1)[0], value, item).alias(key)
    return found


def _figure(name: str, value: pl.Expr, item: Check) -> pl.Expr:
    kind = item.types[0]
    physical = value.to_physical() if kind in ("time", "date") else value
    match name:
        case "present":
            return value.count()
        case "min":
            return physical.min()
        case "max":
            return physical.max()
        case "sum":
            # Summed in 128 bits, since Int64 would overflow in silence.
            return value.cast(pl.Int128).sum() if kind == "integer" else value.sum()
        case "moments":
            number = value.cast(pl.Float64)
            return pl.concat_list(
                number.count().cast(pl.Float64), number.mean(), number.var(ddof=0) * number.count()
            )
        case "counts":
            return physical.drop_nulls().value_counts(sort=True, name="times").implode()
        case "median":
            return value.median()
        case "bins":
            return _bins(value, item.arguments["partition_object"]["bins"])
    quantiles = item.arguments["quantile_ranges"]["quantiles"]
    return pl.concat_list(value.quantile(share, "nearest").cast(pl.Float64) for share in quantiles)


def _bins(value: pl.Expr, edges: Sequence[float]) -> pl.Expr:
    """Rows below the first edge, in each bin (half-open on the right, but for the last), and above the last."""
    inside = [
        (value >= low) & (value <= high if high == edges[-1] else value < high)
        for low, high in pairwise(edges)
    ]
    return pl.concat_list(part.sum() for part in (value < edges[0], *inside, value > edges[-1]))
