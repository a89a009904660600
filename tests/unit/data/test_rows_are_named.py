"""Rows in messages are numbered as they stand in their files, and the file is named where there are several."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from headway.contract.files import check_file
from headway.data import sources
from headway.data.sources import Loaded
from headway.engine.authoring.validating import validate
from headway.spec.contract import Column, Contract, Policy
from headway.spec.product import Incremental, Source
from headway.store.memory import Memory

CONTRACT = Contract(
    columns={
        "id": Column(type="integer", unique=True),
        "v": Column(type="number", max=10, policy=Policy(batch="quarantine")),
    }
)
A = "id,v\n1,1\n2,2\n3,3\n4,99\n"
B = "id,v\n5,1\n8,2\n8,3\n"


def _nobody(reference: str) -> Callable[..., Any]:
    raise AssertionError(reference)


def read(root: Path, contract: Contract, *, by: str, known: dict[str, int] | None = None) -> Loaded:
    steps = Incremental(by="content") if by == "file by file" else None
    source = Source(load="in", options={"format": "csv"}, incremental=steps)
    with Memory(root / "states.db", "source.rows", lambda: bytes(32)) as memory:
        shelf = memory if steps is not None else None
        return sources.load(source, "rows", contract, root, _nobody, shelf=shelf, known=known)


def lay(root: Path, **files: str) -> Path:
    (root / "in").mkdir(exist_ok=True)
    for name, text in files.items():
        (root / "in" / f"{name}.csv").write_text(text)
    return root


@pytest.mark.parametrize("by", ["file by file", "all at once"])
def test_rows_that_are_set_aside_count_and_the_file_is_named(tmp_path: Path, by: str) -> None:
    found = read(lay(tmp_path, a=A, b=B), CONTRACT, by=by)
    (line,) = found.report.lines()
    assert line.endswith("2 of 6 are not (`8`, `8` in b.csv rows 2, 3)")
    (aside,) = found.report.warning_lines()
    assert aside.endswith("1 of 7 are not (`99.0` in a.csv row 4)")


@pytest.mark.parametrize("by", ["file by file", "all at once"])
def test_a_value_that_two_files_share_is_shown_with_both_places(tmp_path: Path, by: str) -> None:
    found = read(lay(tmp_path, a=A, b="id,v\n7,1\n2,1\n"), CONTRACT, by=by)
    assert found.report.lines()[0].endswith("(`2`, `2` in a.csv row 2; b.csv row 2)")


def test_a_value_that_a_known_file_has_is_shown_with_both_places(tmp_path: Path) -> None:
    known = read(lay(tmp_path, a=A), CONTRACT, by="file by file").came
    lay(tmp_path, b="id,v\n7,1\n2,1\n")
    found = read(tmp_path, CONTRACT, by="file by file", known={known[0].digest: 1})
    assert found.is_anew
    assert found.report.lines()[0].endswith("(`2`, `2` in a.csv row 2; b.csv row 2)")


def test_rows_of_a_known_file_are_named_without_reading_it(tmp_path: Path) -> None:
    mild = Contract(
        columns={"id": Column(type="integer", max=6, policy=Policy(batch="warn"))}, extra_columns="ignore"
    )
    first = read(lay(tmp_path, a=A, b=B), mild, by="file by file")
    lay(tmp_path, c="id,v\n7,1\n")
    known = {origin.digest: 1 for origin in first.came}
    again = read(tmp_path, mild, by="file by file", known=known)
    assert [origin.name for origin in again.came] == ["in/c.csv"]
    assert again.report.warning_lines()[0].endswith("(`8`, `8`, `7` in b.csv rows 2, 3; c.csv row 1)")


def test_a_personal_value_is_masked_and_its_place_is_told(tmp_path: Path) -> None:
    personal = Contract(
        columns={"id": Column(type="integer", unique=True, tags=("pii",))}, extra_columns="ignore"
    )
    line = read(lay(tmp_path, a=A, b="id,v\n7,1\n2,1\n"), personal, by="file by file").report.lines()[0]
    assert "`2`" not in line
    assert line.endswith("in a.csv row 2; b.csv row 2)")


def test_validate_names_the_file_of_a_cell_and_of_a_row(tmp_path: Path) -> None:
    lay(tmp_path, a=A, b=B, c="id,v\n9,x\n")
    (tmp_path / "c.yaml").write_text(
        "columns:\n  id: {type: integer, unique: true}\n  v: {type: number, nulls: true}\n"
    )
    found = {
        result.expectation: result
        for result in validate(tmp_path, "in/*.csv", Path("c.yaml")).report.failures
    }
    assert "`x` in c.csv row 1" in found["expect_column_values_to_be_of_type"].line
    assert found["expect_column_values_to_be_unique"].line.endswith("(`8`, `8` in b.csv rows 2, 3)")


def test_a_value_that_two_groups_of_rows_share_is_shown_with_its_rows(tmp_path: Path) -> None:
    pl.DataFrame({"id": [1, 2, 3, 4, 5, 2]}).write_parquet(tmp_path / "x.parquet", row_group_size=3)
    report = check_file(tmp_path / "x.parquet", Contract(columns={"id": Column(type="integer", unique=True)}))
    assert report.lines()[0].endswith("(`2`, `2` in rows 2, 6)")
