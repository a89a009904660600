"""A contract as one columnar pass over a frame; the heavy one of its two compilers (Polars).

`cast` changes how values are held, never what they are; `check` reports, `require` raises. On a table of
one row the verdict is that of `headway.contract.record`, but for rules on the table as a whole.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

from headway.contract import rules as typed
from headway.contract.dialect import mismatches
from headway.contract.report import EXAMPLES, Report, Result, Scalar
from headway.contract.rules import LARGEST_INTEGER, SMALLEST_INTEGER, Rules, compile_rules
from headway.errors import contract as errors
from headway.facts.evidence import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from headway.spec.contract import Column, ColumnType, Contract

__all__ = ["Report", "cast", "check", "require"]

DTYPES: dict[ColumnType, pl.DataType] = {
    "integer": pl.Int64(),
    "number": pl.Float64(),
    "text": pl.String(),
    "boolean": pl.Boolean(),
    "time": pl.Datetime("us", "UTC"),
    "date": pl.Date(),
}
_EXACT = 2**53
"""The largest integer up to which float64 holds every one."""
_LINES = 10
# How each type is written as text, to say how much of a text column is written otherwise.
_WRITTEN: dict[ColumnType, str] = {
    "integer": r"^[+-]?\d+$",
    "number": r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$",
    "boolean": r"^(true|false)$",
    "time": r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?$",
    "date": r"^\d{4}-\d{2}-\d{2}$",
}
_FORMATS = 3


class _Check(NamedTuple):
    """One expectation on values.

    Attributes:
        suspect: One boolean: whether any value may be unexpected; cheap, never misses one.
        unexpected: One boolean per row; null counts as false.
    """

    expectation: str
    columns: tuple[str, ...]
    wanted: str
    settings: dict[str, Any]
    suspect: pl.Expr
    unexpected: pl.Expr


def require(frame: pl.DataFrame, contract: Contract, *, where: str) -> None:
    """Refuse a frame that breaks its contract.

    Args:
        frame: The rows.
        contract: What they must be.
        where: Whose rows they are, for the message (``source `flights` ``).

    Raises:
        ContractError: A check failed (DC003); at most ten are listed.
        SpecError: A rule can never be kept (DC001).
    """
    report = check(frame, contract)
    if not report.passed:
        raise errors.data_breaks_contract(
            where, len(report.failures), len(report.results), report.lines(_LINES)
        )


def cast(frame: pl.DataFrame, contract: Contract) -> pl.DataFrame:
    """Declared columns in the types in which Headway holds them, in the contract's order.

    Only where no value changes: any integer that fits becomes Int64; Float32, and integers that
    float64 holds exactly, become Float64 for a `number`; categories become text; instants of any unit
    and zone become microseconds in UTC. An instant without a zone is taken as UTC, and digits below
    a microsecond are beyond the resolution of `time`. A column of nulls becomes any type. What
    cannot be cast is left as it is, and is a fault for `check`. Columns that are not declared follow,
    unless the contract ignores them.
    """
    held = {
        name: _held(_column(frame, name), column.type)
        for name, column in contract.columns.items()
        if name in frame.columns
    }
    if contract.extra_columns == "refuse":
        held |= {name: _column(frame, name) for name in _extra(frame, contract)}
    return pl.DataFrame(held)


def check(frame: pl.DataFrame, contract: Contract) -> Report:
    """Judge a frame by its contract: one pass decides, a second counts only what failed.

    Args:
        frame: The rows; columns are read as `cast` would hold them.
        contract: What they must be.

    Raises:
        SpecError: A rule can never be kept (DC001).
    """
    rules = {name: compile_rules(name, column) for name, column in contract.columns.items()}
    held = cast(frame, contract)
    sound = [name for name in rules if name in held.columns and held.schema[name] == DTYPES[rules[name].type]]
    results = list(_on_table(frame, contract))
    results += [_on_type(name, _column(held, name), rules[name]) for name in rules if name in held.columns]
    results += _on_values(held, contract, rules, sound)
    return Report(results=tuple(results), rows=frame.height)


# -- how values are held ---------------------------------------------------------------------


def _column(frame: pl.DataFrame, name: str) -> pl.Series:
    # Renamed, since Polars takes a series' own name such as `^x$` for a pattern.
    return frame.get_column(name).alias("value")


def _held(series: pl.Series, kind: ColumnType) -> pl.Series:
    found, wanted = series.dtype, DTYPES[kind]
    if found == wanted:
        return series
    if found == pl.Null or (kind == "text" and found in (pl.Categorical, pl.Enum)):
        return series.cast(wanted)
    if kind == "number" and found == pl.Float32:
        return series.cast(wanted)
    if kind in ("integer", "number") and found.is_integer():
        limits = (SMALLEST_INTEGER, LARGEST_INTEGER) if kind == "integer" else (-_EXACT, _EXACT)
        return series.cast(wanted) if _is_within(series, *limits) else series
    if kind == "time" and isinstance(found, pl.Datetime):
        moment = series.dt.replace_time_zone("UTC") if found.time_zone is None else series
        return moment.dt.convert_time_zone("UTC").dt.cast_time_unit("us")
    return series


def _is_within(series: pl.Series, low: int, high: int) -> bool:
    smallest, largest = series.min(), series.max()
    if not isinstance(smallest, int) or not isinstance(largest, int):
        return True  # nothing but nulls
    return low <= smallest and largest <= high


def _extra(frame: pl.DataFrame, contract: Contract) -> list[str]:
    return [name for name in frame.columns if name not in contract.columns]


# -- the table -------------------------------------------------------------------------------


def _on_table(frame: pl.DataFrame, contract: Contract) -> Iterator[Result]:
    extra, missing = _extra(frame, contract), [name for name in contract.columns if name not in frame.columns]
    for name in contract.columns:
        near = difflib.get_close_matches(name, extra, n=1) if name in missing else []
        yield Result(
            expectation="expect_column_to_exist",
            columns=(name,),
            outcome=Outcome.FAIL if name in missing else Outcome.PASS,
            wanted="the column to exist",
            observed=""
            if name not in missing
            else f"none{f'; was it renamed to `{near[0]}`?' if near else ''}",
        )
    if contract.extra_columns == "refuse":
        yield Result(
            expectation="expect_table_columns_to_match_set",
            outcome=Outcome.FAIL if extra else Outcome.PASS,
            wanted="no column that is not declared (`extra_columns: ignore` allows them)",
            observed=typed.listed(extra) if extra else "",
            settings={"column_set": list(contract.columns), "exact_match": True},
        )
    low, high = contract.rows.min, contract.rows.max
    fits = low <= frame.height and (high is None or frame.height <= high)
    yield Result(
        expectation="expect_table_row_count_to_be_between",
        outcome=Outcome.PASS if fits else Outcome.FAIL,
        wanted=f"at least {low:,} rows" + ("" if high is None else f" and at most {high:,}"),
        observed=f"{frame.height:,} rows",
        settings={"min_value": low, "max_value": high},
    )


def _absent(near: Sequence[str]) -> str:
    return f"none; was it renamed to {typed.show(near[0])}?" if near else "none"


# -- types -----------------------------------------------------------------------------------


def _on_type(name: str, series: pl.Series, rules: Rules) -> Result:
    wrong = series.dtype != DTYPES[rules.type]
    observed, unexpected = str(series.dtype), len(series) - series.null_count()
    if wrong and series.dtype == pl.String and rules.type in _WRITTEN:
        observed, unexpected = _misread(series.drop_nulls(), rules.type)
    return Result(
        expectation="expect_column_values_to_be_of_type",
        columns=(name,),
        outcome=Outcome.FAIL if wrong else Outcome.PASS,
        wanted=f"type `{rules.type}`",
        observed=f"`{observed}`" if observed == str(series.dtype) else observed,
        unexpected_count=unexpected if wrong else 0,
        element_count=len(series),
        missing_count=series.null_count(),
        settings={"type_": str(DTYPES[rules.type])},
    )


def _misread(texts: pl.Series, kind: ColumnType) -> tuple[str, int]:
    """Text where another type is declared: in which formats it is written, and how much of it is no ISO."""
    others = texts.filter(~texts.str.contains(_WRITTEN[kind]))
    formats = texts.str.replace_all(r"\d", "9").str.replace_all(r"\pL", "a").str.slice(0, 30)
    shares = formats.value_counts(sort=True).head(_FORMATS).iter_rows()
    seen = ", ".join(f"`{written}` in {_share(count, len(texts))}" for written, count in shares)
    if not len(texts):
        return "text", 0
    found = f"text; {len(others):,} of {len(texts):,} values ({_share(len(others), len(texts))})"
    return f"{found} are not written as ISO; formats seen: {seen}", len(others) or len(texts)


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.3g} %"


# -- values ----------------------------------------------------------------------------------


def _on_values(
    frame: pl.DataFrame, contract: Contract, rules: dict[str, Rules], sound: Sequence[str]
) -> list[Result]:
    if not sound:
        return _not_run(contract, rules, sound)
    values = {name: _value(frame, name, rules[name]) for name in sound}
    checks = [
        item
        for name in sound
        for item in _checks(name, values[name], _column(frame, name), contract.columns[name], rules[name])
    ]
    checks += [
        _compound(names, [values[name] for name in names])
        for names in contract.unique
        if set(names) <= set(sound)
    ]
    seen = frame.select(
        *(item.suspect.alias(f"suspect {place}") for place, item in enumerate(checks)),
        *(value.null_count().alias(f"missing {name}") for name, value in values.items()),
    ).row(0, named=True)
    suspects = [place for place in range(len(checks)) if seen[f"suspect {place}"]]
    found = _found(frame, {place: checks[place] for place in suspects})
    nulls = {name: seen[f"missing {name}"] for name in sound}
    judged = [_result(item, found.get(place), frame, nulls) for place, item in enumerate(checks)]
    return judged + _not_run(contract, rules, sound)


def _value(frame: pl.DataFrame, name: str, rules: Rules) -> pl.Expr:
    """A column's values, with NaN as null."""
    # By place, since `col` takes a name such as `*` or `^x$` for a pattern.
    value = pl.nth(frame.columns.index(name))
    return value.fill_nan(None) if rules.type == "number" else value


def _checks(name: str, value: pl.Expr, series: pl.Series, column: Column, rules: Rules) -> Iterator[_Check]:
    for expectation, wanted, settings in _expectations(column, rules):
        match expectation:
            case "expect_column_values_to_not_be_null":
                suspect, unexpected = value.null_count() > 0, value.is_null()
            case "expect_column_values_to_be_finite":
                # The extremes show infinity, so no value is looked at twice where there is none.
                suspect = value.max().is_infinite() | value.min().is_infinite()
                unexpected = value.is_infinite()
            case "expect_column_values_to_be_between":
                suspect, unexpected = _outside(value, rules)
            case "expect_column_values_to_be_in_set":
                allowed = pl.Series(rules.allowed, dtype=DTYPES[rules.type]).implode()
                unexpected = ~value.is_in(allowed)
                suspect = unexpected.any()
            case "expect_column_values_to_match_regex" if rules.pattern is not None:
                unexpected = mismatches(value, series, rules.pattern)
                suspect = unexpected.any()
            case _:
                suspect = value.drop_nulls().n_unique() < value.count()
                unexpected = value.is_duplicated() & value.is_not_null()
        yield _Check(expectation, (name,), wanted, settings, suspect, unexpected)


def _expectations(column: Column, rules: Rules) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """What is expected of one column's values: name, wanted in words, Great Expectations' settings."""
    if not column.nulls:
        yield "expect_column_values_to_not_be_null", "no nulls", {}
    if column.type == "number":
        yield "expect_column_values_to_be_finite", "finite numbers", {}
    if rules.low is not None or rules.high is not None:
        settings = {"min_value": column.min, "max_value": column.max}
        yield "expect_column_values_to_be_between", typed.between(rules), settings
    if rules.allowed is not None:
        settings = {"value_set": list(column.in_ or ())}
        yield "expect_column_values_to_be_in_set", typed.one_of(rules.allowed), settings
    if rules.pattern is not None:
        settings = {"regex": rules.pattern.pattern}
        yield (
            "expect_column_values_to_match_regex",
            f"text that matches {typed.show(rules.pattern.pattern)}",
            settings,
        )
    if column.unique:
        yield "expect_column_values_to_be_unique", "every value once", {}


def _outside(value: pl.Expr, rules: Rules) -> tuple[pl.Expr, pl.Expr]:
    dtype = DTYPES[rules.type]
    suspect = unexpected = pl.lit(value=False)
    if rules.low is not None:
        low = pl.lit(rules.low, dtype)
        suspect, unexpected = suspect | (value.min() < low), unexpected | (value < low)
    if rules.high is not None:
        high = pl.lit(rules.high, dtype)
        suspect, unexpected = suspect | (value.max() > high), unexpected | (value > high)
    return suspect, unexpected


def _compound(names: Sequence[str], values: Sequence[pl.Expr]) -> _Check:
    # As Great Expectations does, rows in which every one of the columns is null are left out.
    key = pl.struct(values)
    known = ~pl.all_horizontal(value.is_null() for value in values)
    return _Check(
        "expect_compound_columns_to_be_unique",
        tuple(names),
        "every combination once",
        {},
        key.filter(known).n_unique() < known.sum(),
        key.is_duplicated() & known,
    )


# -- what was found --------------------------------------------------------------------------


class _Found(NamedTuple):
    count: int
    rows: tuple[int, ...]
    examples: tuple[Scalar, ...]


def _found(frame: pl.DataFrame, checks: dict[int, _Check]) -> dict[int, _Found]:
    if not checks:
        return {}
    broken = {place: item.unexpected.fill_null(value=False) for place, item in checks.items()}
    counted = frame.select(
        *(expression.sum().alias(f"count {place}") for place, expression in broken.items()),
        *(
            expression.arg_true().head(EXAMPLES).implode().alias(f"rows {place}")
            for place, expression in broken.items()
        ),
    ).row(0, named=True)
    return {
        place: _examples(frame, item.columns, counted[f"count {place}"], counted[f"rows {place}"])
        for place, item in checks.items()
    }


def _examples(frame: pl.DataFrame, columns: tuple[str, ...], count: int, rows: list[int]) -> _Found:
    values: list[Any] = []
    if len(columns) == 1:
        values = [value for value in _column(frame, columns[0]).gather(rows).to_list() if value is not None]
    numbers = tuple(row + 1 for row in rows)
    return _Found(count, numbers, tuple(typed.as_json(value) for value in values if not typed.is_nan(value)))


def _result(item: _Check, found: _Found | None, frame: pl.DataFrame, nulls: dict[str, int]) -> Result:
    count = found.count if found is not None else 0
    asks_for_nulls = item.expectation == "expect_column_values_to_not_be_null"
    missing = 0 if asks_for_nulls or len(item.columns) > 1 else nulls[item.columns[0]]
    nothing = frame.height == missing
    return Result(
        expectation=item.expectation,
        columns=item.columns,
        outcome=Outcome.FAIL if count else Outcome.NOT_APPLICABLE if nothing else Outcome.PASS,
        wanted=item.wanted,
        unexpected_count=count,
        element_count=frame.height,
        missing_count=missing,
        rows=found.rows if found is not None and count else (),
        examples=found.examples if found is not None and count else (),
        settings=item.settings,
    )


def _not_run(contract: Contract, rules: dict[str, Rules], sound: Sequence[str]) -> list[Result]:
    """Checks that need a column which is missing or of another type: never shown as passed."""
    single = [
        (expectation, (name,), wanted, settings)
        for name, column in contract.columns.items()
        if name not in sound
        for expectation, wanted, settings in _expectations(column, rules[name])
    ]
    several = [
        ("expect_compound_columns_to_be_unique", names, "every combination once", {})
        for names in contract.unique
        if not set(names) <= set(sound)
    ]
    return [
        Result(
            expectation=expectation,
            columns=columns,
            outcome=Outcome.NOT_RUN,
            wanted=wanted,
            observed="a column that is missing or of another type",
            settings=settings,
        )
        for expectation, columns, wanted, settings in single + several
    ]
