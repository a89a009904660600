"""Rules that exclude each other are faults of `check`, each at its line and column, and all of them at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from headway.errors import SpecError
from headway.errors import contract as errors
from headway.spec.load import load_contract


def marked(text: str) -> tuple[str, str]:
    """A contract without its mark, and where that stood: `c.yaml:2:30 `."""
    before = text[: text.index("»")]
    return text.replace("»", ""), f"c.yaml:{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))} "


def faults(folder: Path, text: str) -> list[str]:
    (folder / "c.yaml").write_text(text)
    try:
        load_contract(folder / "c.yaml", "c.yaml")
    except SpecError as error:
        return list(error.evidence)
    return []


@pytest.mark.parametrize(
    ("column", "fault"),
    [
        ("type: number, default: »7, max: 5", "columns.v.default: `7` is above `max: 5`"),
        (
            "type: time, default: »2020-01-01T00:00:00Z, min: '2021-01-01'",
            "is below `min: 2021-01-01`",
        ),
        ("type: text, default: »b, matches: ^a", "`b` does not match `^a`"),
        ("type: integer, in: [1, 2, »3], max: 2", "columns.v.in[2]: `3` is above `max: 2`"),
        ("type: text, in: [za, »b], matches: ^z", "columns.v.in[1]: `b` does not match `^z`"),
        ("type: number, min: 5, max: »0", "`max: 0` is below `min: 5`"),
        ("type: integer, min: 2.2, max: »2.8", "no whole number lies between `min` and `max`"),
        ("type: number, in: [1], default: »2", "`2` does not stand in `in`"),
        ("type: integer, in: [1], unknown_category: »{map_to: 2}", "`2` does not stand in `in`"),
    ],
)
def test_a_column_is_held_against_itself(tmp_path: Path, column: str, fault: str) -> None:
    text, place = marked(f"columns:\n  v: {{{column}}}\n")
    (found,) = faults(tmp_path, text)
    assert found.startswith(place)
    assert fault in found


def test_every_value_that_cannot_be_is_named(tmp_path: Path) -> None:
    found = faults(tmp_path, "columns:\n  v: {type: integer, in: [1, 2, 3], max: 0, default: 4}\n")
    assert [line.split()[1] for line in found] == [
        f"columns.v.{key}:" for key in ("in[0]", "in[1]", "in[2]", "default")
    ]


BETWEEN = "expect_column_values_to_be_between, column: v"


@pytest.mark.parametrize(
    ("column", "expectations", "fault"),
    [
        (
            "type: number",
            [f"{BETWEEN}, min_value: 10", f"{BETWEEN}, max_value: »5"],
            "expectations[1].max_value: nothing is left beside `min_value: 10` of `expectations[0]`",
        ),
        ("type: number, max: 5", [f"{BETWEEN}, min_value: »5, strict_min: true"], "beside `max: 5`"),
        ("type: integer, max: 5", [f"{BETWEEN}, min_value: »5.5"], "beside `max: 5`"),
        (
            "type: date, max: '2020-01-01'",
            [f"{BETWEEN}, min_value: »'2020-01-02'"],
            "`max: 2020-01-01`",
        ),
        (
            "type: number, max: 5",
            ["expect_column_mean_to_be_between, column: v, min_value: »6, max_value: 9"],
            "nothing is left beside `max: 5`",
        ),
        (
            "type: text, in: [a, b]",
            ["expect_column_values_to_be_in_set, column: v, value_set: »[c]"],
            "`c` does not stand in `in` of the column",
        ),
        (
            "type: integer, min: 1",
            ["expect_column_distinct_values_to_contain_set, column: v, value_set: »[0, 1]"],
            "`0` is below `min: 1`",
        ),
    ],
)
def test_expectations_are_held_against_the_column_and_each_other(
    tmp_path: Path, column: str, expectations: list[str], fault: str
) -> None:
    lines = "".join(f"  - {{type: {line}}}\n" for line in expectations)
    text, place = marked(f"columns:\n  v: {{{column}}}\nexpectations:\n{lines}")
    (found,) = faults(tmp_path, text)
    assert fault in found
    assert found.startswith(place)


@pytest.mark.parametrize(
    ("column", "expectation"),
    [
        ("type: number, min: 0, max: 5", f"{BETWEEN}, min_value: 5"),
        ("type: number, max: 5", f"{BETWEEN}, min_value: 10, mostly: 0.3"),
        ("type: integer, max: 5", f"{BETWEEN}, min_value: 4.5"),
        ("type: text, in: [a, b]", "expect_column_values_to_be_in_set, column: v, value_set: [b, c]"),
        ("type: number, min: 0", "expect_column_stdev_to_be_between, column: v, max_value: 0"),
        ("type: text, matches: ^(a+)+$, in: [aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa]", f"{BETWEEN}"),
    ],
)
def test_what_can_hold_is_no_fault(tmp_path: Path, column: str, expectation: str) -> None:
    more = (
        f"expectations:\n  - {{type: {expectation}}}\n"
        if "_value" in expectation.partition("column: ")[2]
        else ""
    )
    assert faults(tmp_path, f"columns:\n  v: {{{column}}}\n{more}") == []


def test_an_identity_that_no_row_can_have_is_a_fault(tmp_path: Path) -> None:
    text, place = marked(
        "columns:\n  system: {type: text, in: [test, trial]}\nidentity: {system: »production}\n"
    )
    (found,) = faults(tmp_path, text)
    assert found.startswith(place)
    assert "`production` does not stand in `in` of `system`" in found


def test_a_pattern_that_could_take_without_end_is_a_fault(tmp_path: Path) -> None:
    text = (
        "columns:\n  v: {type: text, matches: '^(?!x)(a+)+$'}\nexpectations:\n"
        "  - {type: expect_column_values_to_match_regex, column: v, regex: '(?!x)(a|a)*$'}\n"
    )
    found = faults(tmp_path, text)
    assert [line.split(" ")[0] for line in found] == ["c.yaml:2:28", "c.yaml:4:67"]
    assert all("without end" in line for line in found)


def test_a_set_is_told_as_the_contract_writes_it() -> None:
    told = errors.rule_cannot_hold("v", "in", (1, True, "a", 2, 3, 4), "nothing is left").what
    assert "`in: [1, true, a, 2, 3, …]`" in told
