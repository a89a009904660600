"""Every combination in a contract that cannot be honoured is a fault with its line; all of them at once."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from headway.errors import SpecError
from headway.spec.contract import Contract, MapTo, Policy
from headway.spec.expectations import EXPECTATIONS, columns_of
from headway.spec.load import load_contract

COLUMNS = """\
columns:
  amount: {type: number, min: 0}
  age: {type: integer}
  kind: {type: text, in: [a, b]}
  at: {type: time}
"""


def read(folder: Path, text: str) -> Contract:
    (folder / "rows.yaml").write_text(text)
    return load_contract(folder / "rows.yaml", "rows.yaml")


def faults(folder: Path, text: str) -> list[str]:
    with pytest.raises(SpecError) as caught:
        read(folder, text)
    return list(caught.value.evidence)


def expecting(line: str) -> str:
    return f"{COLUMNS}expectations:\n  - {{{line}}}\n"


def test_arguments_stand_beside_the_name(tmp_path: Path) -> None:
    line = "type: expect_column_values_to_be_between, column: amount, min_value: 1, mostly: 0.9, severity: warning"
    (found,) = read(tmp_path, expecting(f"{line}, policy: {{batch: quarantine}}, id: a")).expectations
    assert found.arguments == {"column": "amount", "min_value": 1, "mostly": 0.9}
    assert (found.severity, found.policy, found.id) == ("warning", Policy(batch="quarantine"), "a")


def test_a_contract_with_everything_survives_being_written_and_read(tmp_path: Path) -> None:
    text = """\
version: 3
columns:
  kind: {type: text, in: [a, b], unknown_category: {map_to: b}, default: a, severity: warning}
  at: {type: time, policy: {batch: quarantine}}
  to: {type: time, max: 2030-01-01, policy: {batch: warn, request: warn}}
expectations:
  - {type: expect_column_pair_values_to_be_equal, column_A: to, column_B: at}
freshness: {column: at, max_age: 26h}
identity: {kind: a}
repeated_content: reject
"""
    contract = read(tmp_path, text)
    assert contract.version == 3
    assert contract.columns["kind"].unknown_category == MapTo(map_to="b")
    assert msgspec.json.decode(msgspec.json.encode(contract), type=Contract) == contract


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("type: expect_column_men_to_be_between, column: age", "type: there is no expectation"),
        ("type: column_mean_to_be_between, column: age", "did you mean `expect_column_mean_to_be_between`?"),
        ("type: expect_column_mean_to_be_between, column: age", "`min_value` or `max_value` is missing"),
        ("type: expect_column_mean_to_be_between, colum: age, min_value: 1", "did you mean `column`?"),
        ("type: expect_column_mean_to_be_between, column: agee, min_value: 1", "did you mean `age`?"),
        ("type: expect_column_mean_to_be_between, column: kind, min_value: 1", "`kind` is of type text"),
        (
            "type: expect_column_mean_to_be_between, column: age, min_value: x",
            "`x` where a number is expected",
        ),
        (
            "type: expect_column_max_to_be_between, column: age, min_value: 2, max_value: 1",
            "nothing lies between",
        ),
        (
            "type: expect_column_max_to_be_between, column: age, min_value: 2, strict_max: true",
            "there is no `max_value` for it",
        ),
        ("type: expect_column_max_to_be_between, column: at, min_value: 2013", "is expected; quote it"),
        ("type: expect_column_values_to_be_in_set, column: age, value_set: [a]", "in a set for a column"),
        ("type: expect_column_values_to_be_in_set, column: age, value_set: []", "where a list of values"),
        (
            "type: expect_column_values_to_be_in_set, column: age, value_set: [1], row_condition: x",
            "takes no `row_condition`; filter the rows",
        ),
        ("type: expect_column_values_to_be_of_type, column: age, type_: text", "is declared as integer"),
        ("type: expect_column_values_to_be_of_type, column: age, type_: int64", "where `integer` or"),
        ("type: expect_column_values_to_match_regex, column: kind, regex: '['", "where a regular expression"),
        ("type: expect_column_values_to_not_be_null, column: age, mostly: 90", "a share from 0 to 1"),
        ("type: expect_compound_columns_to_be_unique, column_list: [age]", "name two at least"),
        (
            "type: expect_column_pair_values_to_be_equal, column_A: age, column_B: age, ignore_row_if: never",
            "where `both_values_are_missing` or",
        ),
        (
            "type: expect_column_quantile_values_to_be_between, column: age, quantile_ranges: {quantiles: [2]}",
            "where `{quantiles: [0.5]",
        ),
        (
            "type: expect_column_kl_divergence_to_be_less_than, column: kind, threshold: 1, "
            "partition_object: {values: [a], weights: [0.4]}",
            "weights that sum up to 1",
        ),
        (
            "type: expect_column_max_to_be_between, column: age, min_value: 2, policy: {batch: quarantine}",
            "it judges a column, and no single rows",
        ),
        (
            "type: expect_column_values_to_be_increasing, column: age, policy: {batch: quarantine}",
            "the others may break it too",
        ),
        (
            "type: expect_column_values_to_be_unique, column: age, policy: {request: reject}",
            "one record cannot break it",
        ),
        ("column: age", "`type` is missing"),
        (
            "type: expect_column_pair_values_to_be_equal, column_A: age, column_B: at",
            "integer and time are not compared",
        ),
        (
            "type: expect_select_column_values_to_be_unique_within_record, column_list: [age, amount, kind]",
            "integer, number and text are not compared",
        ),
    ],
)
def test_what_cannot_be_honoured_is_refused_with_its_line(tmp_path: Path, line: str, fault: str) -> None:
    (found,) = faults(tmp_path, expecting(line))
    assert fault in found
    assert found.startswith("rows.yaml:7:")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (COLUMNS + "version: 0\n", "version: `0` is no version"),
        (COLUMNS + "freshness: {column: age, max_age: 1d}\n", "`age` is of type integer"),
        (COLUMNS + "freshness: {column: att, max_age: 1d}\n", "did you mean `at`?"),
        (COLUMNS + "freshness: {column: at, max_age: 0s}\n", "nothing at all"),
        (COLUMNS + "identity: {kind: 3}\n", "identity.kind: `3` where text is expected"),
        (COLUMNS + "identity: {kid: a}\n", "did you mean `kind`?"),
        (COLUMNS + "repeated_content: ignore\n", "allowed are `reject`, `warn`, `allow`"),
        ("columns:\n  a: {type: integer, default: x}\n", "`x` where a whole number"),
        ("columns:\n  a: {type: integer, in: [1], default: 2}\n", "does not stand in `in`"),
        ("columns:\n  a: {type: integer, unknown_category: {map_to: 2}}\n", "there is no `in`"),
        ("columns:\n  a: {type: integer, unknown_category: keep}\n", "allowed are `reject`"),
        ("columns:\n  a: {type: integer, unique: true, default: 2}\n", "in every row of a unique column"),
        ("columns:\n  a: {type: text, nulls: true, severity: info}\n", "no rule that this could be about"),
    ],
)
def test_a_contract_that_does_not_fit_together_is_refused(tmp_path: Path, text: str, fault: str) -> None:
    (found,) = faults(tmp_path, text)
    assert fault in found


def test_every_fault_is_told_at_once(tmp_path: Path) -> None:
    text = expecting("type: nothing_like_it") + "  - foo\n  - {type: expect_column_to_exist, column: agee}\n"
    assert [fault.split()[0] for fault in faults(tmp_path, text)] == [
        "rows.yaml:7:12",
        "rows.yaml:8:5",
        "rows.yaml:9:44",
    ]


def test_every_signature_names_what_it_judges() -> None:
    for name, signature in EXPECTATIONS.items():
        assert name.startswith("expect_"), name
        needed = {word for need in signature.needs for word in ([need] if isinstance(need, str) else need)}
        assert needed <= set(signature.arguments), name
    assert columns_of("expect_compound_columns_to_be_unique", {"column_list": ["a", "b"]}) == ("a", "b")
