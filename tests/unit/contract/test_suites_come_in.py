"""Suites of Great Expectations as contracts: what is mapped, what is refused, and that nothing is lost in silence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from msgspec.structs import replace

from headway.contract.columns import check
from headway.contract.proposing.written import contract_text
from headway.contract.suites.importing import Imported, imported
from headway.contract.suites.suite import Suite, read
from headway.contract.suites.types import logical
from headway.spec.contract import Column, ColumnType, Contract, Freshness, RowCount
from headway.spec.expectations import EXPECTATIONS
from headway.spec.load import load_contract

SUITES = Path(__file__).with_name("suites")
LIKE: dict[str, ColumnType] = {
    "a": "number",
    "b": "number",
    "n": "integer",
    "t": "text",
    "at": "time",
    "flag": "boolean",
}


def suite(*expectations: tuple[str, dict[str, Any]] | dict[str, Any], **more: Any) -> Suite:
    written = [
        {"type": one[0], "kwargs": one[1], "meta": {}} if isinstance(one, tuple) else one
        for one in expectations
    ]
    return read(json.dumps({"name": "s", "expectations": written, **more}).encode(), "suite.json")


def take(*expectations: tuple[str, dict[str, Any]] | dict[str, Any], **more: Any) -> Imported:
    return imported(suite(*expectations, **more), LIKE)


V = "expect_column_values_to_"


def test_both_generations_of_one_suite_give_one_contract() -> None:
    one = json.loads((SUITES / "one.json").read_text())
    old = {
        "expectation_suite_name": one["name"],
        "meta": {"great_expectations_version": "0.18.22", "notes": one["notes"]},
        "expectations": [
            {
                "expectation_type": item["type"],
                "kwargs": item["kwargs"],
                "meta": {"notes": item["description"]} if "description" in item else item["meta"],
                "ge_cloud_id": item.get("id"),
                # 0.x knows no severity; what is carried over by hand is read all the same.
                "severity": item["severity"],
            }
            for item in one["expectations"]
        ],
    }
    new = read(json.dumps(one).encode(), "one.json")
    older = read(json.dumps(old).encode(), "old.json")
    assert (new.generation, older.generation) == ("1.x", "0.x")
    assert imported(new) == imported(older)
    assert not imported(new).refused


@pytest.mark.parametrize(
    ("type_", "kwargs", "column"),
    [
        (f"{V}not_be_null", {"column": "a"}, Column(type="number")),
        (f"{V}be_unique", {"column": "n"}, Column(type="integer", nulls=True, unique=True)),
        (f"{V}be_between", {"column": "a", "min_value": 1, "max_value": 2}, Column(type="number", nulls=True, min=1, max=2)),
        (f"{V}be_between", {"column": "at", "min_value": "2024-01-01"}, Column(type="time", nulls=True, min="2024-01-01")),
        (f"{V}be_in_set", {"column": "t", "value_set": ["x", None], "mostly": 1.0}, Column(type="text", nulls=True, in_=("x",))),
        (f"{V}match_regex", {"column": "t", "regex": "^x"}, Column(type="text", nulls=True, matches="^x")),
        (f"{V}be_of_type", {"column": "n", "type_": "LongType()"}, Column(type="integer", nulls=True)),
        ("expect_column_to_exist", {"column": "flag"}, Column(type="boolean", nulls=True)),
    ],
)  # fmt: skip
def test_what_shorthand_says_becomes_shorthand(type_: str, kwargs: dict[str, Any], column: Column) -> None:
    found = take((type_, kwargs))
    assert not found.refused
    assert found.contract.columns == {kwargs["column"]: column}
    assert not found.contract.expectations
    assert found.contract.rows == RowCount(min=0), "Great Expectations takes an empty table"


@pytest.mark.parametrize(
    "kwargs", [{"mostly": 0.9}, {"strict_min": True}, {"strict_max": True, "max_value": 5}], ids=str
)
def test_what_shorthand_cannot_say_becomes_an_entry_with_every_argument(kwargs: dict[str, Any]) -> None:
    asked = {"column": "a", "min_value": 1, **kwargs}
    found = take((f"{V}be_between", asked))
    assert found.contract.columns["a"].min is None
    assert [item.arguments for item in found.contract.expectations] == [asked]
    assert found.mapped[0].into == "expectations[0]"


def test_severity_notes_and_ids_are_kept_where_an_entry_holds_them() -> None:
    asked = {
        "type": f"{V}be_between",
        "kwargs": {"column": "a", "min_value": 1},
        "severity": "warning",
        "id": "one",
        "meta": {"notes": {"content": ["Look", "twice."]}},
    }
    entry = take(asked).contract.expectations[0]
    assert (entry.severity, entry.id, entry.description) == ("warning", "one", "Look twice.")


def test_a_second_rule_of_a_column_does_not_take_the_place_of_the_first() -> None:
    found = take(
        (f"{V}be_between", {"column": "a", "min_value": 1}),
        (f"{V}be_between", {"column": "a", "max_value": 9}),
    )
    assert found.contract.columns["a"].min == 1
    assert [item.arguments["max_value"] for item in found.contract.expectations] == [9]


def test_a_suite_that_begins_with_the_number_of_rows_is_taken() -> None:
    found = take(
        ("expect_table_row_count_to_be_between", {"min_value": 5}),
        ("expect_table_columns_to_match_set", {"column_set": ["a", "t"]}),
        ("expect_compound_columns_to_be_unique", {"column_list": ["a", "t"]}),
    )
    assert not found.refused
    assert found.contract.rows == RowCount(min=5)
    assert found.contract.extra_columns == "refuse"
    assert found.contract.unique == (("a", "t"),)


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ((f"{V}be_between", {"column": "a", "min_value": 1, "row_condition": "b > 1"}), "row_condition"),
        ((f"{V}be_between", {"column": "a", "min_value": 1, "mostli": 0.5}), "mostli"),
        ((f"{V}be_between", {"column": "a", "min_value": 1, "mostly": 0}), "asks nothing"),
        ((f"{V}be_between", {"column": "a"}), "missing"),
        ((f"{V}be_between", {"column": "t", "min_value": "b"}), "type text"),
        ((f"{V}be_between", {"column": "n", "min_value": 2**70}), "64 bits"),
        ((f"{V}be_between", {"column": "a", "min_value": {"$PARAMETER": "now()"}}), "no value"),
        ((f"{V}be_between", {"column": "gone", "min_value": None}), "type of column `gone`"),
        ((f"{V}be_in_set", {"column": "t", "value_set": [1]}), "set"),
        ((f"{V}be_in_set", {"column": "t", "value_set": {}}), "values"),
        ((f"{V}be_in_set", {"column": ["t"], "value_set": ["x"]}), "column"),
        ((f"{V}match_regex", {"column": "t", "regex": "("}), "regular expression"),
        ((f"{V}match_regex_list", {"column": "t", "regex_list": ["x"]}), "no such expectation"),
        ((f"{V}be_of_type", {"column": "a", "type_": "DECIMAL(10,2)"}), "no type"),
        ((f"{V}be_of_type", {"column": "a", "type_": "str"}), "data has number"),
        ((f"{V}be_of_type", {}), "missing"),
        (("expect_column_to_exist", {"column": "a", "column_index": 2}), "column_index"),
        (("expect_table_row_count_to_be_between", {"min_value": "5"}), ""),
        (("expect_table_row_count_to_be_between", {"min_value": 1, "strict_min": True}), "strict_min"),
        (({"type": f"{V}be_null", "kwargs": {"column": "a"}, "severity": "fatal"}), "severity"),
        (({"type": f"{V}be_null", "kwargs": {"column": "a"}, "windows": [{"x": 1}]}), "windows"),
    ],
)
def test_what_cannot_be_honoured_is_refused_with_its_reason_and_leaves_nothing_behind(
    asked: Any, why: str
) -> None:
    found = take(asked)
    assert not found.mapped
    assert why in found.refused[0].why
    assert found.contract.columns == {}


def test_what_changes_no_verdict_is_counted_and_never_dropped_in_silence() -> None:
    asked = {
        "type": f"{V}not_be_null",
        "kwargs": {"column": "a", "result_format": "BASIC", "catch_exceptions": True, "auto": False},
        "meta": {"owner": "us"},
        "id": "x",
    }
    note = take(asked, asked).notes[0]
    for what in (
        "`result_format` (2)",
        "`catch_exceptions` (2)",
        "`auto` (2)",
        "`meta.owner` (2)",
        "`id, where",
    ):
        assert what in note


def test_parameters_of_the_suite_are_filled_in() -> None:
    found = take(
        (f"{V}be_between", {"column": "a", "max_value": {"$PARAMETER": "most"}}), suite_parameters={"most": 7}
    )
    assert found.contract.columns["a"].max == 7


def test_a_type_that_only_arguments_give_away_is_told() -> None:
    found = imported(suite((f"{V}be_between", {"column": "when", "min_value": "2024-01-01"})))
    assert found.contract.columns["when"].type == "date"
    assert "`when` as date" in found.notes[0]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("int64", "integer"), ("BIGINT", "integer"), ("DoubleType", "number"), ("VARCHAR(20)", "text"),
        ("datetime64[ns, UTC]", "time"), ("TIMESTAMP WITH TIME ZONE", "time"), ("DATE", "date"),
        ("bool_", "boolean"), ("DECIMAL(10, 2)", None), ("struct<a:int>", None), ("object", None),
    ],
)  # fmt: skip
def test_type_names_of_other_systems_are_known(name: str, kind: str | None) -> None:
    assert logical(name) == kind


def test_every_expectation_of_the_grammar_is_one_that_suites_may_hold() -> None:
    for file in ("one.json", "zero.json"):
        for item in read((SUITES / file).read_bytes(), file).expectations:
            assert item.type in EXPECTATIONS or "z_scores" in item.type


def test_an_imported_contract_is_read_back_as_it_was_made(tmp_path: Path) -> None:
    for file in ("one.json", "zero.json"):
        found = imported(read((SUITES / file).read_bytes(), file))
        (tmp_path / "c.yaml").write_text(contract_text(found.contract, heading=["x"], columns=found.said))
        assert load_contract(tmp_path / "c.yaml", "c.yaml") == found.contract


def test_verdicts_are_those_that_great_expectations_gave() -> None:
    """Measured with 1.24.1 and 0.18.22 on this table: how many values each expectation does not expect."""
    frame = pl.DataFrame(
        {
            "a": [-1.0, -1.0, 5.0, None, 7.0, 9.0, 11.0, 13.0, 15.0, 17.0],
            "t": ["x", "y", "zz", None, "x", "x", "y", "y", "x", "x"],
            "n": [1, 2, 3, 3, 5, 6, 7, 8, 9, 10],
        }
    )
    measured = {
        (f"{V}be_between", '{"column": "a", "min_value": 0}'): (False, 2),
        (f"{V}be_between", '{"column": "a", "min_value": 0, "mostly": 0.7}'): (True, 2),
        (f"{V}be_between", '{"column": "a", "min_value": -1, "strict_min": true, "mostly": 0.8}'): (False, 2),
        (f"{V}not_be_null", '{"column": "a", "mostly": 0.9}'): (True, 1),
        (f"{V}be_in_set", '{"column": "t", "value_set": ["x", "y"]}'): (False, 1),
        (f"{V}match_regex", '{"column": "t", "regex": "^.$", "mostly": 0.8}'): (True, 1),
        (f"{V}be_unique", '{"column": "n"}'): (False, 2),
        (f"{V}be_increasing", '{"column": "n", "strictly": true}'): (False, 1),
    }
    for (type_, kwargs), (success, unexpected) in measured.items():
        report = check(frame, replace(take((type_, json.loads(kwargs))).contract))
        result = next(one for one in report.results if one.expectation == type_)
        assert (report.passed, result.unexpected_count) == (success, unexpected), kwargs


def test_every_part_of_a_contract_survives_being_written(tmp_path: Path) -> None:
    whole = tmp_path / "whole.yaml"
    whole.write_text(
        """
version: 3
description: "All of it: yes"
columns:
  a b: {type: number, nulls: true, min: -1.5e-300, max: 1.0e300, unit: km, tags: [pii, "licence:CC-BY-4.0"]}
  t: {type: text, in: [x, "no", "1"], unknown_category: {map_to: x}, matches: '^\\S+$', severity: warning}
  n: {type: integer, unique: true, policy: {batch: quarantine, request: warn}}
  at: {type: time, min: "2024-01-01"}
unique: [[n, t]]
rows: {min: 0, max: 10}
extra_columns: ignore
identity: {t: x}
freshness: {column: at, max_age: 1d12h}
repeated_content: reject
expectations:
  - {type: expect_column_mean_to_be_between, column: n, min_value: 1, severity: info, id: mean, description: "x # y"}
"""
    )
    contract = load_contract(whole, "whole.yaml")
    assert contract.freshness is not None
    again = tmp_path / "again.yaml"
    again.write_text(contract_text(contract, heading=["One\nline"], columns={"t": "a\ncomment"}))
    assert load_contract(again, "again.yaml") == contract
    assert isinstance(contract.freshness, Freshness)
    assert isinstance(contract, Contract)
