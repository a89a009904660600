"""One contract, two compilers: a record passes exactly when the table of that one row passes."""

from __future__ import annotations

import json
import math
import re
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from headway.contract.columns import check
from headway.contract.patterns import compile_pattern
from headway.contract.record import RecordDecoder, RecordFault, compile_record
from headway.errors import SpecError
from headway.spec.contract import Column, Contract, Expectation, MapTo
from headway.spec.expectations import IGNORE_PAIR, IGNORE_ROW

WHOLE = 2**53
"""Up to here every integer is a float64, so that a table and JSON mean the same by `number`."""
PATTERNS = ["^[A-Z]{2}$", r"^\d+$", "a|b$", r"\s", r"\w$", "(?i)^x", "^$", ".", "é", r"^[^a]\.?$", "b{2,}"]
PATTERNS += [r"\bb", "(?=A)", r"(.)\1", "(?m)^b$", r"(?s)A.\Z", "^(b+)+$", r"[^\w\s]", "(?i)[a-k]", "(a$|b)."]
NAMES = ["x", "class", "größe in m", "a.b", "日本", "", "`", "f0", "*", "^.*$"]

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=4) | st.sampled_from(
    ["AA", "AA\n", "12", "b\n", "", " ", "x", "٣", "bb"]
)
times = st.dates(date(1900, 1, 1), date(2100, 1, 1)).map(
    lambda day: datetime(day.year, day.month, day.day, tzinfo=UTC)
)
dates = st.dates(date(1900, 1, 1), date(2100, 1, 1))
numbers = st.floats() | st.sampled_from([0.0, -0.0, 0.5, 1.0, 2.5])
integers = st.integers(-WHOLE, WHOLE) | st.integers(-5, 5)
VALUES = {
    "integer": integers,
    "number": numbers | integers,
    "text": texts,
    "boolean": st.booleans(),
    "time": times,
    "date": dates,
}
SMALL = {
    "integer": st.integers(-5, 5),
    "number": st.sampled_from([-1.0, 0.0, 0.5, 2.5]),
    "text": st.sampled_from(["AA", "", "12", "b"]),
    "boolean": st.booleans(),
    "time": times.map(datetime.isoformat),
    "date": dates.map(date.isoformat),
}


def seldom(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(st.none(), st.none(), st.none(), values)


@st.composite
def columns(draw: st.DrawFn) -> Column:
    kind: Any = draw(st.sampled_from(sorted(VALUES)))
    bound = st.none() if kind in ("text", "boolean") else seldom(SMALL[kind])
    allowed = draw(seldom(st.lists(SMALL[kind], min_size=1, max_size=3).map(tuple)))
    return Column(
        type=kind,
        nulls=draw(st.booleans()),
        min=draw(bound),
        max=draw(bound),
        in_=allowed,
        matches=draw(seldom(st.sampled_from(PATTERNS))) if kind == "text" else None,
        default=draw(seldom(SMALL[kind])),
        unknown_category=MapTo(map_to=allowed[0]) if allowed and draw(st.booleans()) else "reject",
        severity=draw(st.sampled_from(["critical", "critical", "critical", "warning"])),
    )


@st.composite
def expectations(draw: st.DrawFn, declared: dict[str, Column]) -> Expectation:
    """One of those that judge each row alone, on columns that it can judge."""
    name = draw(st.sampled_from(sorted(declared)))
    kind = declared[name].type
    some = st.lists(SMALL[kind], min_size=1, max_size=3)
    options: list[tuple[str, dict[str, Any]]] = [
        ("expect_column_values_to_not_be_null", {}),
        ("expect_column_values_to_be_null", {}),
        ("expect_column_values_to_be_of_type", {"type_": kind}),
        ("expect_column_values_to_be_in_set", {"value_set": draw(some)}),
        ("expect_column_values_to_not_be_in_set", {"value_set": draw(some)}),
    ]
    if kind not in ("text", "boolean"):
        bounds = {"min_value": draw(SMALL[kind]), "strict_min": draw(st.booleans())}
        options.append(("expect_column_values_to_be_between", bounds))
        bounds = {"max_value": draw(SMALL[kind]), "strict_max": draw(st.booleans())}
        options.append(("expect_column_values_to_be_between", bounds))
    if kind == "text":
        options += [
            ("expect_column_values_to_match_regex", {"regex": draw(st.sampled_from(PATTERNS))}),
            ("expect_column_values_to_not_match_regex", {"regex": draw(st.sampled_from(PATTERNS))}),
            ("expect_column_values_to_match_strftime_format", {"strftime_format": "%H"}),
            ("expect_column_values_to_be_dateutil_parseable", {}),
            ("expect_column_values_to_be_json_parseable", {}),
            ("expect_column_value_lengths_to_equal", {"value": draw(st.integers(0, 3))}),
            (
                "expect_column_value_lengths_to_be_between",
                {"min_value": 1, "strict_max": True, "max_value": 3},
            ),
        ]
    type_, more = draw(st.sampled_from(options))
    return Expectation(type=type_, arguments={"column": name, **more})


@st.composite
def comparisons(draw: st.DrawFn, declared: dict[str, Column]) -> Expectation | None:
    """One that judges each row alone, on several columns that can be compared."""
    families: dict[str, list[str]] = {}
    for name, column in declared.items():
        families.setdefault({"integer": "number"}.get(column.type, column.type), []).append(name)
    names = draw(st.sampled_from([found for found in families.values() if len(found) > 1] or [[]]))
    if not names:
        return None
    one, other = names[:2]
    pairs = draw(
        st.lists(st.tuples(SMALL[declared[one].type], SMALL[declared[other].type]), min_size=1, max_size=3)
    )
    ignored = draw(st.sampled_from([None, *IGNORE_PAIR]))
    among = draw(st.sampled_from([None, *IGNORE_ROW]))
    pair = {"column_A": one, "column_B": other, "ignore_row_if": ignored}
    several = {"column_list": names, "ignore_row_if": among}
    options = [
        ("expect_column_pair_values_to_be_equal", pair),
        (
            "expect_column_pair_values_to_be_in_set",
            pair | {"value_pairs_set": [list(item) for item in pairs]},
        ),
        ("expect_select_column_values_to_be_unique_within_record", several),
    ]
    if declared[one].type != "boolean":
        greater = pair | {"or_equal": draw(st.booleans())}
        options.append(("expect_column_pair_values_a_to_be_greater_than_b", greater))
    if declared[one].type in ("integer", "number"):
        options.append(
            ("expect_multicolumn_sum_to_equal", several | {"sum_total": draw(st.sampled_from([0, 0.5, 3]))})
        )
    type_, arguments = draw(st.sampled_from(options))
    given_ = {name: value for name, value in arguments.items() if value is not None}
    return Expectation(type=type_, arguments=given_)


@st.composite
def contracts_and_records(draw: st.DrawFn) -> tuple[Contract, dict[str, Any]]:
    declared = draw(st.dictionaries(st.sampled_from(NAMES), columns(), min_size=1, max_size=3))
    asked = draw(st.lists(expectations(declared) | comparisons(declared), max_size=2))
    contract = Contract(
        columns=declared,
        extra_columns=draw(st.sampled_from(["refuse", "ignore"])),
        expectations=tuple(item for item in asked if item is not None),
    )
    record = {name: draw(values(column)) for name, column in declared.items()}
    change = draw(st.sampled_from(["", "", "", "", "drop", "add", "retype"]))
    name = draw(st.sampled_from(sorted(record)))
    if change == "drop":
        record.pop(name)
    if change == "add":
        record["not declared"] = 1
    if change == "retype":
        # No text where a time is wanted: JSON has times as text.
        is_time = declared[name].type in ("time", "date")
        others = st.one_of(st.none(), st.booleans(), integers, numbers)
        record[name] = draw(others if is_time else others | texts)
    return contract, record


def values(column: Column) -> st.SearchStrategy[Any]:
    small = SMALL[column.type].map(lambda raw: parsed(column.type, raw))
    return st.one_of(small, VALUES[column.type], *([st.none()] if column.nulls else []))


def parsed(kind: str, raw: Any) -> Any:
    return {"time": datetime.fromisoformat, "date": date.fromisoformat}.get(kind, lambda value: value)(raw)


def passes(decoder: RecordDecoder, record: dict[str, Any]) -> bool:
    """The verdict of every way in, which must be one."""
    ways = [
        lambda: decoder.from_rows([record]),
        lambda: decoder.from_columns({name: [value] for name, value in record.items()}),
    ]
    if all(not isinstance(value, float) or math.isfinite(value) for value in record.values()):
        body = json.dumps(record, default=lambda value: value.isoformat()).encode()
        ways += [lambda: decoder.decode(body), lambda: decoder.decode(b'{"inputs": [' + body + b"]}")]
    verdicts = {_passes(way) for way in ways}
    assert len(verdicts) == 1
    return verdicts.pop()


def _passes(way: Any) -> bool:
    message = ""
    try:
        way()
    except RecordFault as fault:
        message = fault.message
    assert "Expected" not in message, "a refusal is in our words, not the decoder's"
    return not message


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(contracts_and_records())
def test_a_record_passes_exactly_when_its_table_passes(sample: tuple[Contract, dict[str, Any]]) -> None:
    contract, record = sample
    assume(record)  # one row without columns is no table
    frame = pl.DataFrame({name: [value] for name, value in record.items()})
    try:
        report = check(frame, contract)
    except SpecError as error:
        with pytest.raises(SpecError, match=error.code):
            compile_record(contract, tuple(contract.columns))
        return
    decoder = compile_record(contract, tuple(contract.columns))
    judged = [result for result in report.results if "row_count" not in result.expectation]
    table = all(result.outcome in ("pass", "not applicable", "warn") for result in judged)
    assert passes(decoder, record) == table, report.lines()


PARTS = ["a", "k", "[^b]", r"\d", r"\W", ".", r"\n", "^", "$", r"\Z", r"\b", "[A-c]", "(?i:k)", r"[\sb]"]
generated = st.recursive(
    st.sampled_from(PARTS),
    lambda part: (
        st.lists(part, min_size=1, max_size=3).map("".join)
        | st.tuples(part, part).map("(?:{0[0]}|{0[1]})".format)
        | st.tuples(part, st.sampled_from(["*", "+", "?", "{2}", "{0,3}", "+?"])).map(
            "(?:{0[0]}){0[1]}".format
        )
        | part.map("(?={})".format)
    ),
    max_leaves=6,
)


@settings(max_examples=300, deadline=None)
@given(
    generated, st.sampled_from(["", "(?i)", "(?m)", "(?s)", "(?a)"]), st.text("abkA\n 1é\u212a٣", max_size=6)
)
def test_a_search_in_bounded_time_finds_what_python_finds(pattern: str, flags: str, text: str) -> None:
    try:
        searched = compile_pattern(flags + pattern)
    except ValueError:  # what could take long is refused before it is searched
        return
    found = re.search(flags + pattern, text) is not None
    assert (searched.fits(text), searched.avoids(text)) == (found, not found)


@settings(max_examples=150, deadline=None)
@given(st.lists(texts, min_size=1, max_size=8), st.sampled_from(PATTERNS))
def test_a_pattern_means_the_same_in_both(values: list[str], pattern: str) -> None:
    contract = Contract(columns={"x": Column(type="text", matches=pattern)})
    decoder = compile_record(contract, ("x",))
    found = [not passes(decoder, {"x": value}) for value in values]
    results = check(pl.DataFrame({"x": values}), contract).results
    (matched,) = [result for result in results if "regex" in result.expectation]
    assert matched.unexpected_count == sum(found)
