"""Judging tables, proposing contracts, taking suites over, and changing a contract: as a person types it."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import product
import pytest

ROWS = "data/deliveries.csv"
SUITES = Path(__file__).parents[1] / "unit" / "contract" / "suites"


def test_a_sources_rows_are_judged_without_anything_being_kept(fresh: product.Folder) -> None:
    done = fresh.run("validate", "rows")
    assert (done.code, done.err) == (0, "")
    assert "600 rows, 4 columns, judged by contracts/rows.yaml (version 1)" in done.out
    assert "pass: 18 checks" in done.out
    assert not (fresh.root / ".headway" / "ledger.db").exists()


def test_what_breaks_a_contract_is_told_with_counts_rows_and_shares_and_exit_code_3(
    fresh: product.Folder,
) -> None:
    lines = (fresh.root / ROWS).read_text().splitlines()
    lines[4], lines[8], lines[9] = "-3,2,dry,false", "3.5,2,fog,true", "far,2,dry,true"
    (fresh.root / ROWS).write_text("\n".join(lines) + "\n")
    done = fresh.run("validate", "rows")
    assert done.code == 3
    assert "1 of 600 cells that are not written as one (`far` in row 9)" in done.out
    assert "column `weather`: expected one of" in done.out
    assert "1 of 600 are not (`fog` in row 8); 0.167 %" in done.out
    assert "not run: 3 checks on `distance_km`" in done.out
    assert len(done.out.splitlines()) < 15


def test_the_json_of_a_judgement_has_the_keys_of_great_expectations(fresh: product.Folder) -> None:
    fresh.edit(ROWS, "snow", "sleet")
    done = fresh.run("validate", ROWS, "--json")
    assert done.code == 3
    found = done.json
    assert set(found) == {
        "success", "results", "suite_name", "suite_parameters", "statistics", "meta", "id",
    }  # fmt: skip
    assert found["success"] is False
    bad = [item for item in found["results"] if not item["success"]]
    assert [item["expectation_config"]["type"] for item in bad] == ["expect_column_values_to_be_in_set"]
    assert bad[0]["expectation_config"]["kwargs"]["column"] == "weather"
    result = bad[0]["result"]
    assert result["element_count"] == 600
    assert result["unexpected_count"] == 52
    assert result["partial_unexpected_list"] == ["sleet"] * 5
    assert found["statistics"]["unsuccessful_expectations"] == 1
    assert set(bad[0]["exception_info"]) == {
        "raised_exception", "exception_message", "exception_traceback",
    }  # fmt: skip


@pytest.mark.parametrize("table", ["rosw", "data/nothing.parquet", "."])
def test_a_table_that_is_not_there_is_an_error_that_helps(fresh: product.Folder, table: str) -> None:
    done = fresh.run("validate", table)
    assert done.code in (2, 4)
    assert "hint:" in done.err
    assert "EN009" not in done.err


def test_a_damaged_file_is_named_and_never_a_bug(fresh: product.Folder) -> None:
    (fresh.root / "cut.parquet").write_bytes(b"PAR1 this is no parquet")
    (fresh.root / "page.csv").write_text("<html><body>404</body></html>")
    (fresh.root / "empty.csv").write_text("")
    (fresh.root / "c.yaml").write_text("columns: {a: {type: text}}\n")
    for name in ("cut.parquet", "page.csv", "empty.csv"):
        for words in (("profile", name), ("validate", name, "--contract", "c.yaml")):
            done = fresh.run(*words)
            assert done.code in (3, 4), (words, done.err)
            assert name in done.err
            assert "EN009" not in done.err


def test_a_proposed_contract_passes_on_its_own_data_and_is_never_written_over_another(
    fresh: product.Folder,
) -> None:
    done = fresh.run("profile", ROWS, "--write", "contracts/proposed.yaml")
    assert done.code == 0, done.err
    text = (fresh.root / "contracts/proposed.yaml").read_text()
    assert "weather: {type: text, in: [dry, rain, snow]}" in text
    assert "# 600 values, none missing; 1 to 12, quartiles" in text
    assert fresh.run("validate", "rows", "--contract", "contracts/proposed.yaml").code == 0
    again = fresh.run("profile", ROWS, "--write", "contracts/proposed.yaml")
    assert again.code == 2
    assert "US303" in again.err
    assert (fresh.root / "contracts/proposed.yaml").read_text() == text


def test_a_file_is_profiled_and_judged_where_no_product_is(tmp_path: Path) -> None:
    folder = product.Folder(tmp_path)
    times = pl.datetime_range(pl.datetime(2024, 1, 1), pl.datetime(2024, 1, 3), "1h", eager=True)
    frame = pl.DataFrame({"at": times, "ip_addr": ["10.0.0.1"] * 49, "code": ["007", "012"] * 24 + ["001"]})
    frame.write_csv(tmp_path / "rows.tsv", separator="\t")
    frame.head(24).write_parquet(tmp_path / "a.parquet")
    frame.tail(25).write_parquet(tmp_path / "b.parquet")
    done = folder.run("profile", "rows.tsv", "--write", "c.yaml")
    assert done.code == 0, done.err
    assert "looks personal" in done.err
    assert "10.0.0" not in done.out + done.err + (tmp_path / "c.yaml").read_text()
    assert 'code: {type: text, in: ["001", "007", "012"]}' in (tmp_path / "c.yaml").read_text()
    for table in ("rows.tsv", "*.parquet"):
        assert folder.run("validate", table, "--contract", "c.yaml").code == 0
    assert folder.run("validate", "rows.tsv").code == 2


def test_a_source_is_profiled_with_what_its_contract_said_before(fresh: product.Folder) -> None:
    fresh.edit("contracts/rows.yaml", "weather: {type: text", "weather: {tags: [pii], type: text")
    done = fresh.run("profile", "rows")
    assert "weather: {type: text, tags: [pii]}" in done.out
    assert "snow" not in done.out + done.err


# -- suites ------------------------------------------------------------------------------------------


def flights(folder: Path) -> None:
    rows = range(40)
    pl.DataFrame(
        {
            "id": list(rows),
            "carrier": [("AA", "B6", "DL", "UA")[row % 4] for row in rows],
            "distance": [300.0 + row * 20 for row in rows],
            "tail": [f"N{row}" if row % 3 else None for row in rows],
            "departed": [600.0 + row for row in rows],
            "arrived": [700.0 + row for row in rows],
        }
    ).write_parquet(folder / "flights.parquet")


def test_a_suite_of_1_x_becomes_a_contract_that_judges(tmp_path: Path) -> None:
    folder = product.Folder(tmp_path)
    flights(tmp_path)
    done = folder.run("contract", "import", str(SUITES / "one.json"), "--to", "contracts/flights.yaml")
    assert done.code == 0, done.err
    assert "15 expectations of 15 mapped" in done.out
    assert folder.run("validate", "flights.parquet", "--contract", "contracts/flights.yaml").code == 0
    frame = pl.read_parquet(tmp_path / "flights.parquet")
    frame.with_columns(carrier=pl.lit("ZZ"), id=pl.lit(1)).write_parquet(tmp_path / "flights.parquet")
    done = folder.run("validate", "flights.parquet", "--contract", "contracts/flights.yaml")
    assert done.code == 3
    assert done.out.count("  fail  ") == 3


def test_a_suite_of_0_x_is_refused_by_name_where_it_cannot_be_honoured(tmp_path: Path) -> None:
    folder = product.Folder(tmp_path)
    suite = str(SUITES / "zero.json")
    done = folder.run("contract", "import", suite, "--to", "c.yaml")
    assert done.code == 3
    assert "2 of 11 expectations cannot be honoured" in done.err
    assert "`row_condition`" in done.err
    assert "expect_column_value_z_scores_to_be_less_than" in done.err
    assert not (tmp_path / "c.yaml").exists()
    flights(tmp_path)
    done = folder.run("contract", "import", suite, "--to", "c.yaml", "--partial", "--like", "flights.parquet")
    assert done.code == 0, done.err
    assert "# not honoured: [4]" in (tmp_path / "c.yaml").read_text()
    assert folder.run("validate", "flights.parquet", "--contract", "c.yaml").code == 0


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "{}", '{"expectations": 3}', '{"expectations": [1]}', '{"expectations": [{"kwargs": {}}]}',
     '{"results": []}', '{"name": "x", "expectations": []}', "[" * 50_000],
)  # fmt: skip
def test_what_is_no_suite_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "suite.json").write_text(text)
    done = product.Folder(tmp_path).run("contract", "import", "suite.json")
    assert done.code in (2, 3)
    assert "suite.json" in done.err
    assert "EN009" not in done.err


# -- a contract that changes ---------------------------------------------------------------------------


def test_a_contract_that_narrows_is_foretold_with_its_readers_and_wants_a_new_version(
    applied: product.Folder,
) -> None:
    before = (applied.root / "contracts/rows.yaml").read_text()
    applied.edit("contracts/rows.yaml", "in: [dry, rain, snow]", "in: [dry, rain, snow, hail]")
    assert "DC104" not in str(applied.run("plan", "--json").json["notices"])
    assert applied.run("apply").code == 0
    applied.edit("contracts/rows.yaml", "min: 0}", "min: 0, max: 500}")
    notices = applied.run("plan", "--json").json["notices"]
    told = next(note for note in notices if "DC104" in note)
    assert "`max: 500`" in told
    assert "dataset.main" in told
    assert "version: 2" in told
    done = applied.run("apply")
    assert done.code == 2
    assert "DC104" in done.err
    text = (applied.root / "contracts/rows.yaml").read_text()
    (applied.root / "contracts/rows.yaml").write_text("version: 2\n" + text)
    assert "version 2 of contracts/rows.yaml breaks version 1" in str(
        applied.run("plan", "--json").json["notices"]
    )
    done = applied.run("apply")
    assert done.code == 0, done.err
    (applied.root / "contracts/rows.yaml").write_text(before)
    assert applied.run("apply").code == 0, "a contract that the source had before may come back"


def test_suites_hold_nothing_but_json() -> None:
    for file in SUITES.iterdir():
        json.loads(file.read_text())


def test_rows_that_would_be_set_aside_are_counted_and_the_others_are_judged(fresh: product.Folder) -> None:
    fresh.edit(ROWS, "snow", "sleet")
    fresh.edit(
        "contracts/rows.yaml", "in: [dry, rain, snow]", "in: [dry, rain, snow], policy: {batch: quarantine}"
    )
    done = fresh.run("validate", "rows")
    assert done.code == 0, done.out
    assert "would be set aside: 52 rows (52 for" in done.out
    assert fresh.run("validate", "rows", "--json").json["meta"]["headway"]["rows"] == 600


def test_how_many_columns_there_are_is_judged_of_the_file_and_not_of_what_is_declared(tmp_path: Path) -> None:
    folder = product.Folder(tmp_path)
    flights(tmp_path)
    contract = "columns: {id: {type: integer}}\nextra_columns: ignore\nexpectations:\n"
    (tmp_path / "c.yaml").write_text(contract + "  - {type: expect_table_column_count_to_equal, value: 6}\n")
    (tmp_path / "headway.yaml").write_text(
        "product: flights\nsources: {flights: {load: flights.parquet, contract: c.yaml}}\n"
    )
    assert folder.run("validate", "flights").code == 0
    done = folder.run("apply")
    assert done.code == 0, done.err


@pytest.mark.parametrize("tags", ["", ", tags: [pii]"])
def test_a_parquet_file_is_judged_group_by_group_as_it_would_be_as_a_whole(tmp_path: Path, tags: str) -> None:
    folder = product.Folder(tmp_path)
    number = pl.int_range(5_000, eager=True)
    frame = pl.DataFrame({"id": number // 2, "price": number % 7 - 1.0, "more": number})
    frame.write_parquet(tmp_path / "t.parquet", row_group_size=512)
    columns = f"  id: {{type: integer, unique: true, max: 2400}}\n  price: {{type: number, min: 0{tags}}}\n"
    (tmp_path / "c.yaml").write_text(f"columns:\n{columns}rows: {{max: 4000}}\nextra_columns: refuse\n")
    done = folder.run("validate", "t.parquet", "--contract", "c.yaml")
    assert done.code == 3
    for told in (
        "5,000 rows, 3 columns",
        "expected every value once, 5,000 of 5,000 are not",
        "198 of 5,000 are not (`2401`, `2401`, `2402`, `2402`, `2403` in rows 4803, 4804, 4805, 4806, 4807",
        "715 of 5,000 are not",
        "`more`",
    ):
        assert told in done.out, told
    assert ("-1" in done.out) is not bool(tags)
