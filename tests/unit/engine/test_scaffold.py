"""A first product from a table: what is chosen is said, and what would mislead is left out."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from headway.engine.authoring.scaffold import Begun, begin
from headway.errors import UsageError
from headway.spec.load import load
from headway.spec.loading import loading


def begun(
    root: Path, frame: pl.DataFrame, label: str, time: str | None = None, text: str | None = None
) -> Begun:
    data = root / "table.csv"
    data.write_text(text if text is not None else frame.write_csv())
    return begin(root / "product", data=data, label=label, time=time, positive=None, name="trial")


FRAME = pl.DataFrame(
    {"rownames": range(1, 41), "size": [i * 0.5 for i in range(40)], "kind": ["a", "b", "b", "c"] * 10}
)


def test_a_column_that_numbers_the_rows_is_left_out_and_said(tmp_path: Path) -> None:
    found = begun(tmp_path, FRAME, "kind")
    assert "`rownames` only numbers the rows, and is left out" in found.notes
    loaded = load(tmp_path / "product" / "headway.yaml")
    assert set(loaded.contracts["contracts/rows.yaml"].columns) == {"size", "kind"}


def test_the_class_that_is_predicted_is_said(tmp_path: Path) -> None:
    notes = begun(tmp_path, FRAME, "kind").notes
    assert any("--positive names another value" in note for note in notes)
    assert any("has 3 values" in note for note in notes)


def test_the_nameless_index_column_of_a_csv_is_dropped(tmp_path: Path) -> None:
    text = ",size,late\n" + "".join(f"{i},{i / 2},{i % 2}\n" for i in range(40))
    begun(tmp_path, FRAME, "late", text=text)
    columns = load(tmp_path / "product" / "headway.yaml").contracts["contracts/rows.yaml"].columns
    assert set(columns) == {"size", "late"}


def test_a_day_alone_is_no_time(tmp_path: Path) -> None:
    frame = FRAME.with_columns(when=pl.lit("2026-03-01"))
    with pytest.raises(UsageError, match="a day alone is no time"):
        begun(tmp_path, frame, "kind", time="when")


@pytest.mark.parametrize("label", ["kindd", "size2"])
def test_a_label_that_is_no_column_is_named_with_the_nearest(tmp_path: Path, label: str) -> None:
    with pytest.raises(UsageError, match="no column"):
        begun(tmp_path, FRAME, label)


@pytest.mark.parametrize(("name", "mark"), [("t.csv", ";"), ("t.csv", "\t"), ("t.csv", "|"), ("t.tsv", "\t")])
def test_a_table_with_another_separator_becomes_a_product_that_reads_it(
    tmp_path: Path, name: str, mark: str
) -> None:
    data = tmp_path / name
    data.write_text(FRAME.write_csv(separator=mark))
    begin(tmp_path / "product", data=data, label="kind", time=None, positive=None, name="trial")
    loaded = load(tmp_path / "product" / "headway.yaml")
    source = loaded.product.sources["rows"]
    assert source.options["separator"] == mark
    assert loading(source).format == "csv"
    assert set(loaded.contracts["contracts/rows.yaml"].columns) == {"size", "kind"}


def test_a_comma_is_nothing_to_be_said_and_any_file_name_will_do(tmp_path: Path) -> None:
    data = tmp_path / "a, b {c}.csv"
    data.write_text(FRAME.write_csv())
    begin(tmp_path / "product", data=data, label="kind", time=None, positive=None, name="trial")
    source = load(tmp_path / "product" / "headway.yaml").product.sources["rows"]
    assert (source.load, source.options) == ("data/a, b {c}.csv", {})
