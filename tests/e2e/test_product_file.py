"""A wrong product file: every fault at once, each with its place, and nothing is done."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from product import Folder

FAULTS = [
    ("product: parcels", "product: 12", "product: `12` where text is expected"),
    ("{protected: true}", "{protekted: true}", "unknown key `protekted`; did you mean `protected`?"),
    ("contract: contracts/rows.yaml", "contract: contracts/row.yaml", "`contracts/row.yaml` is not there"),
    ("rows: rows ", "rows: rowz ", "there is no source `rowz`; did you mean `rows`?"),
    ("validate: 15%", "validate: 15", "datasets.main.split.validate: `15` where a duration"),
    ("baseline: majority", "baseline: majorty", "did you mean `majority`?"),
    ("seed: 7", "seed: seven", "models.main.seed: `seven` where a whole number is expected"),
    ("- roc_auc >= 0.6\n", "- roc_auc >> 0.6\n", "evaluations.main.gates[0]: `roc_auc >> 0.6`"),
    ("main: {model: main}", "main: {model: mian}", "there is no model `mian`; did you mean `main`?"),
]


@pytest.mark.parametrize("command", ["check", "plan", "apply"])
def test_every_fault_of_a_file_is_listed_with_its_line_and_column(fresh: Folder, command: str) -> None:
    where = {}
    for before, after, said in FAULTS:
        fresh.edit("headway.yaml", before, after)
        text = (fresh.root / "headway.yaml").read_text()
        where[said] = 1 + text[: text.index(after)].count("\n")
    done = fresh.run(command)
    assert (done.code, done.out) == (2, "")
    assert "`headway.yaml` has 9 faults" in done.err
    lines = done.err.splitlines()
    for said, line in where.items():
        (told,) = [item for item in lines if said in item]
        assert told.strip().startswith(f"headway.yaml:{line}:")
    assert not (fresh.root / ".headway").exists(), "nothing is begun on a wrong file"


def test_a_source_without_its_file_is_told_with_the_file_that_was_meant(fresh: Folder) -> None:
    load = next(path.name for path in (fresh.root / "data").iterdir())
    fresh.edit("headway.yaml", f"data/{load}", f"dta/{load}")
    said = f"note: source.rows: `dta/{load}` is not there; did you mean `data/{load}`?"
    checked, planned = fresh.run("check"), fresh.run("plan")
    assert (checked.code, planned.code) == (0, 0), "another job may write it until the apply"
    assert said in checked.out
    assert said in planned.out
    (fresh.root / "dta").symlink_to("data")
    assert said not in fresh.run("check").out
    assert said not in fresh.run("plan").out


def test_rows_that_no_contract_holds_are_told(tmp_path: Path) -> None:
    pl.DataFrame({"id": [1]}).write_parquet(tmp_path / "rows.parquet")
    (tmp_path / "id.yaml").write_text("columns: {id: {type: integer}}\n")
    bare, held = "a: {load: rows.parquet}", "b: {load: rows.parquet, contract: id.yaml}"
    (tmp_path / "headway.yaml").write_text(f"product: p\nsources: {{{bare}, {held}}}\n")
    folder = Folder(tmp_path)
    assert "note: no contract of its own holds what comes out of source.a\n" in folder.run("check").out
    assert folder.run("check", "--json").json["uncovered"] == ["source.a"]


def test_a_product_without_an_endpoint_is_not_told_to_apply_when_it_is_to_serve(fresh: Folder) -> None:
    text = (fresh.root / "headway.yaml").read_text()
    (fresh.root / "headway.yaml").write_text(text.partition("endpoints:")[0])
    done = fresh.run("serve")
    assert done.code == 2
    assert "declares no endpoint" in done.err
    assert "add `endpoints: {main: {model: main}}` to headway.yaml" in done.err


def test_init_says_what_it_chose_of_times_and_what_a_protected_environment_needs(tmp_path: Path) -> None:
    rows = [
        f"2026-01-{1 + number // 24:02}T{number % 24:02}:00:00Z,{number % 7}.5,{number % 5}.25"
        for number in range(600)
    ]
    (tmp_path / "sales.csv").write_text("\n".join(["sold_at,kilos,paid", *rows]) + "\n")
    done = Folder(tmp_path).run(
        "init", "stall", "--data", "sales.csv", "--label", "paid", "--time", "sold_at", "--name", "stall"
    )
    assert done.code == 0, done.err
    assert "`known: 0s` says that rows and labels are known at the moment of their event" in done.err
    assert "`prod` is protected: it takes only libraries that a lock file pins" in done.err
    assert "# known: 0s = a row is known" in (tmp_path / "stall" / "headway.yaml").read_text()
    assert Folder(tmp_path / "stall").run("check").code == 0


def test_a_missing_name_does_not_hide_what_else_is_wrong(fresh: Folder) -> None:
    fresh.edit("headway.yaml", "product: parcels\n", "")
    fresh.edit("headway.yaml", "main: {model: main}", "main: {model: mian}")
    done = fresh.run("check")
    assert done.code == 2
    assert "`product` is missing" in done.err
    assert "did you mean `main`?" in done.err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        ("\tproduct: x\n", "headway.yaml:1:1"),
        ("product: a\nproduct: b\n", "headway.yaml:2:1"),
        ("- a\n- b\n", "where a mapping is expected"),
        ("product: !!python/object/apply:os.system [touch evil]\n", "headway.yaml:1"),
        ("product: [\n", "headway.yaml:"),
    ],
)
def test_a_file_that_is_no_product_is_answered_with_a_place(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "headway.yaml").write_text(text)
    done = Folder(tmp_path).run("plan")
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["headway.yaml"]


def test_a_product_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "headway.yaml").write_bytes(b"\xff\xfe\x00product")
    done = Folder(tmp_path).run("check")
    assert done.code == 2
    assert "EN009" not in done.err


def test_the_schema_for_editors_is_json_and_names_every_section(tmp_path: Path) -> None:
    done = Folder(tmp_path).run("check", "--schema")
    assert done.code == 0
    sections = json.loads(done.out)["properties"]
    assert {"product", "environments", "sources", "datasets", "models", "endpoints"} <= sections.keys()
