"""Batches of rows are answered as a server answers each row, or not at all; as a person types it."""

from __future__ import annotations

import contextlib
import csv
import os
import shutil
import signal
import time
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from product import Folder, copy_of, on_a_terminal, post

BATCHES = """
batches:
  nightly: {model: main, rows: tomorrow, to: tables/nightly.parquet}
  careful: {model: main, rows: tomorrow, to: tables/careful.csv, on_bad_rows: skip, columns: [parcel]}
"""
CONTRACT = """\
columns:
  parcel: {type: text}
  distance_km: {type: number}
  stops: {type: integer, nulls: true}
  weather: {type: text}
"""
ROWS = [
    ["p1", 31.5, 7, "rain"],
    ["p2", 2.25, 1, "dry"],
    ["p3", 12.0, 3, "snow"],
    ["p4", 44.0, 9, "rain"],
]
BAD = [["p5", 3.0, "", "dry"], ["p6", -4.0, 2, "dry"], ["p7", 3.0, 2, "fog"]]


def write_rows(folder: Folder, rows: list[list[Any]]) -> None:
    with (folder.root / "data" / "tomorrow.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["parcel", "distance_km", "stops", "weather"], *rows])


def with_batches(folder: Folder) -> Folder:
    (folder.root / "contracts" / "tomorrow.yaml").write_text(CONTRACT)
    folder.edit(
        "headway.yaml",
        "sources:\n",
        "sources:\n  tomorrow: {load: data/tomorrow.csv, contract: contracts/tomorrow.yaml}\n",
    )
    file = folder.root / "headway.yaml"
    file.write_text(file.read_text() + BATCHES)
    write_rows(folder, ROWS)
    return folder


@pytest.fixture
def parcels(applied: Folder) -> Folder:
    return with_batches(applied)


def output(folder: Folder, name: str = "nightly.parquet") -> pl.DataFrame:
    return pl.read_parquet(folder.root / "tables" / name)


def test_each_row_is_answered_as_a_request_is_and_each_prediction_is_logged(parcels: Folder) -> None:
    done = parcels.run("predict", "nightly", "--env", "prod", "--json")
    assert done.code == 0, done.err
    told = done.json
    assert (told["rows"], told["kept"], told["rejected"], told["rejected_to"]) == (4, 4, 0, None)
    assert told["release"] == parcels.pointers("prod")["endpoint.main"]
    found = output(parcels)
    assert found["parcel"].to_list() == ["p1", "p2", "p3", "p4"]
    assert set(found["model_version"]) == {told["release"][:12]}
    rows = [{"distance_km": km, "stops": stops, "weather": sky} for _, km, stops, sky in ROWS]
    with parcels.serving("prod") as url:
        for row, batch in zip(rows, found.iter_rows(named=True), strict=True):
            _, body = post(f"{url}/predict/main", row)
            (single,) = body["predictions"]
            assert batch["probability"] == pytest.approx(single["probability"], rel=1e-6)
            assert batch["label"] == single["label"]
    logged = parcels.run("predictions", "--env", "prod", "--last", "100", "--json").json
    of_batch = [item for item in logged["predictions"] if item["request"] == told["run"]]
    assert [item["id"] for item in of_batch] == found["prediction_id"].to_list()
    assert [item["sent"] for item in of_batch] == rows
    assert [item["answer"]["probability"] for item in of_batch] == found["probability"].to_list()
    by_server = [item for item in logged["predictions"] if item["request"] != told["run"]]
    assert [item["features"] for item in of_batch] == [item["features"] for item in by_server]
    traced = parcels.run("lineage", found["prediction_id"][2])
    assert "model.main" in traced.out


def test_check_says_who_answers_a_batch(parcels: Folder) -> None:
    assert "batch nightly: answered by endpoint main" in parcels.run("check").out


def test_a_batch_needs_no_apply_for_its_rows_and_leaves_the_plan_alone(parcels: Folder) -> None:
    (parcels.root / "data" / "tomorrow.csv").unlink()
    assert set(parcels.statuses("prod").values()) == {"fresh"}
    write_rows(parcels, ROWS)
    assert parcels.run("predict", "nightly", "--env", "prod").code == 0
    write_rows(parcels, ROWS[:2])
    assert parcels.run("predict", "nightly", "--env", "prod").code == 0
    assert output(parcels).height == 2
    assert set(parcels.statuses("prod").values()) == {"fresh"}
    listed = parcels.run("predict", "--env", "prod", "--json").json["batches"]
    assert [(item["batch"], item["kept"]) for item in listed] == [("nightly", 2), ("careful", None)]


def test_bad_rows_refuse_the_whole_batch_and_leave_the_old_output(parcels: Folder) -> None:
    assert parcels.run("predict", "nightly").code == 0
    before = (parcels.root / "tables" / "nightly.parquet").read_bytes()
    count = len(parcels.run("predictions", "--last", "100", "--json").json["predictions"])
    write_rows(parcels, ROWS + BAD)
    done = parcels.run("predict", "nightly")
    assert done.code == 3
    assert "BA002" in done.err
    assert "3 of 7 rows" in done.err
    assert "row 5: stops" in done.err
    assert "row 7: weather" in done.err
    assert (parcels.root / "tables" / "nightly.parquet").read_bytes() == before
    assert len(parcels.run("predictions", "--last", "100", "--json").json["predictions"]) == count


def test_bad_rows_are_set_aside_with_their_reasons_where_that_is_declared(parcels: Folder) -> None:
    write_rows(parcels, BAD[:1] + ROWS + BAD[1:])
    done = parcels.run("predict", "careful")
    assert done.code == 0, done.err
    assert "3 of 7 rows were rejected" in done.err
    with (parcels.root / "tables" / "careful.csv").open() as file:
        kept = list(csv.DictReader(file))
    assert [row["parcel"] for row in kept] == ["p1", "p2", "p3", "p4"]
    assert "weather" not in kept[0]
    with (parcels.root / "tables" / "careful.rejected.csv").open() as file:
        rejected = list(csv.DictReader(file))
    assert [(row["rejected_row"], row["parcel"]) for row in rejected] == [
        ("1", "p5"),
        ("6", "p6"),
        ("7", "p7"),
    ]
    assert [row["rejected_reason"].partition(":")[0] for row in rejected] == [
        "stops",
        "distance_km",
        "weather",
    ]
    write_rows(parcels, ROWS)
    assert parcels.run("predict", "careful").code == 0
    with (parcels.root / "tables" / "careful.rejected.csv").open() as file:
        assert list(csv.DictReader(file)) == [], "reasons of yesterday do not stay beside the rows of today"


def test_a_batch_of_nothing_but_bad_rows_is_no_success(parcels: Folder) -> None:
    write_rows(parcels, BAD)
    done = parcels.run("predict", "careful")
    assert done.code == 3
    assert "BA003" in done.err
    assert not (parcels.root / "tables").exists()


def test_the_contract_of_the_rows_own_source_counts_too(parcels: Folder) -> None:
    (parcels.root / "contracts" / "tomorrow.yaml").write_text(
        CONTRACT.replace("parcel: {type: text}", "parcel: {type: text, unique: true}")
    )
    write_rows(parcels, [*ROWS, ROWS[0]])
    done = parcels.run("predict", "careful")
    assert done.code == 3
    assert "DC003" in done.err
    assert "parcel" in done.err


def test_rows_that_their_own_contract_sets_aside_are_rejected_too_and_never_vanish(parcels: Folder) -> None:
    (parcels.root / "contracts" / "tomorrow.yaml").write_text(
        CONTRACT.replace(
            "parcel: {type: text}", "parcel: {type: text, matches: '^p', policy: {batch: quarantine}}"
        )
    )
    write_rows(parcels, [["x1", 2.0, 1, "dry"], *ROWS, BAD[1]])
    refused = parcels.run("predict", "nightly")
    assert refused.code == 3
    assert "2 of 6 rows" in refused.err
    assert "row 1: " in refused.err
    assert "row 6: distance_km" in refused.err
    done = parcels.run("predict", "careful", "--json")
    assert (done.json["rows"], done.json["kept"], done.json["rejected"]) == (6, 4, 2)
    with (parcels.root / "tables" / "careful.rejected.csv").open() as file:
        rejected = list(csv.DictReader(file))
    assert [(row["rejected_row"], row["parcel"]) for row in rejected] == [("1", "x1"), ("6", "p6")]
    with (parcels.root / "tables" / "careful.csv").open() as file:
        assert [row["parcel"] for row in csv.DictReader(file)] == ["p1", "p2", "p3", "p4"]


def test_a_stopped_endpoint_answers_no_batch_and_a_rollback_answers_with_the_old_release(
    parcels: Folder,
) -> None:
    first = parcels.run("predict", "nightly", "--json").json["release"]
    parcels.edit("headway.yaml", "learning_rate: 0.1", "learning_rate: 0.2")
    assert parcels.run("apply").code == 0
    assert parcels.run("predict", "nightly", "--json").json["release"] != first
    assert parcels.run("rollback").code == 0
    assert parcels.run("predict", "nightly", "--json").json["release"] == first
    assert parcels.run("stop").code == 0
    done = parcels.run("predict", "nightly")
    assert done.code == 4
    assert "SE013" in done.err


def test_wrong_names_are_told_with_the_nearest(parcels: Folder) -> None:
    done = parcels.run("predict", "nightl")
    assert (done.code, "did you mean `nightly`?" in done.err) == (2, True)
    assert parcels.run("predict", "nightly", "--env", "stage").code == 2
    assert parcels.run("predict", "nightly", "--rows", "a.csv").code == 2
    assert parcels.run("predict", "--bundle", ".").code == 2


def test_an_environment_without_a_release_answers_nothing(fresh: Folder) -> None:
    done = with_batches(fresh).run("predict", "nightly")
    assert done.code == 2
    assert "EN023" in done.err


def written(log: Path) -> int:
    """Bytes of the log; a segment that gets its name between two looks is counted the next time."""
    size = 0
    for path in log.iterdir():
        with contextlib.suppress(FileNotFoundError):
            size += path.stat().st_size
    return size


def test_a_killed_batch_leaves_the_old_output_and_the_next_one_goes_through(parcels: Folder) -> None:
    assert parcels.run("predict", "nightly").code == 0
    target = parcels.root / "tables" / "nightly.parquet"
    before = target.read_bytes()
    write_rows(parcels, ROWS * 20_000)
    process = parcels.start("predict", "nightly")
    log = parcels.root / ".headway" / "serve" / "dev" / "log"
    size = written(log)
    until = time.monotonic() + 60
    while written(log) < size + 100_000:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=20)
    assert target.read_bytes() == before
    write_rows(parcels, ROWS)
    assert parcels.run("predict", "nightly").code == 0
    assert [path.name for path in target.parent.iterdir()] == ["nightly.parquet"]


def test_a_full_disk_leaves_the_old_output(parcels: Folder) -> None:
    assert parcels.run("predict", "nightly").code == 0
    folder = parcels.root / "tables"
    before = (folder / "nightly.parquet").read_bytes()
    if os.geteuid() == 0:
        shutil.move(folder, parcels.root / "kept")
        folder.write_text("a file where the folder was")
        done = parcels.run("predict", "nightly")
        folder.unlink()
        shutil.move(parcels.root / "kept", folder)
    else:
        folder.chmod(0o500)
        done = parcels.run("predict", "nightly")
        folder.chmod(0o700)
    assert done.code == 4
    assert "BA006" in done.err
    assert (folder / "nightly.parquet").read_bytes() == before


def test_two_batches_of_one_name_do_not_run_at_once(parcels: Folder) -> None:
    from headway.store.workspace import Workspace

    with Workspace(parcels.root).open_writer().lease("batch.nightly", "ada: predict"):
        done = parcels.run("predict", "nightly")
    assert done.code == 5
    assert "ada: predict" in done.err


def test_one_bundle_answers_a_file_without_a_product(parcels: Folder, tmp_path: Path) -> None:
    digest = parcels.pointers("prod")["endpoint.main"]
    bundle = tmp_path / "bundle"
    shutil.copytree(parcels.root / ".headway" / "serve" / "prod" / "releases" / digest, bundle)
    assert parcels.run("predict", "nightly", "--env", "prod").code == 0
    with (tmp_path / "rows.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["parcel", "distance_km", "stops", "weather"], *ROWS, *BAD])
    alone = Folder(tmp_path)
    words = ("predict", "--bundle", "bundle", "--rows", "rows.csv", "--to", "out/answers.parquet")
    refused = alone.run(*words)
    assert (refused.code, "BA002" in refused.err) == (3, True)
    done = alone.run(*words, "--skip-bad-rows")
    assert done.code == 0, done.err
    found = pl.read_parquet(tmp_path / "out" / "answers.parquet")
    assert found["probability"].to_list() == output(parcels)["probability"].to_list()
    assert found["parcel"].to_list() == ["p1", "p2", "p3", "p4"]
    assert pl.read_parquet(tmp_path / "out" / "answers.rejected.parquet").height == 3
    assert alone.run(*words[:-1], "rows.csv").code == 2
    assert alone.run(*words[:-1], "rows.txt").code == 2


def test_a_terminal_shows_how_far_a_batch_has_come(parcels: Folder) -> None:
    write_rows(parcels, ROWS * 5_000)
    code, drawn = on_a_terminal(parcels, "predict", "nightly")
    assert code == 0, drawn
    assert "20000/20000" in drawn.replace(",", "") or "10000/20000" in drawn.replace(",", "")


def test_code_that_looks_at_other_rows_is_found_before_anything_is_written(
    applied: Folder, tmp_path: Path
) -> None:
    folder = copy_of(applied.root, tmp_path / "relative")
    (folder.root / "parcels" / "features.py").write_text(
        "def relative(distance_km):\n    return distance_km - distance_km.mean()\n"
    )
    folder.edit("headway.yaml", "    # on_demand:", "    on_demand: parcels.features\n    # on_demand:")
    assert folder.run("apply").code == 0
    done = with_batches(folder).run("predict", "nightly")
    assert done.code == 6
    assert "BA008" in done.err
    assert "feature `relative`" in done.err
    assert not (folder.root / "tables").exists()


def test_an_output_in_which_rows_stand_out_is_not_written(parcels: Folder) -> None:
    """D5: what leaves the house is judged before one row is answered."""
    rule = "policies:\n  - {k_anonymity: {k: 2, tag: quasi_identifier, columns: weather}, on: batch.*}\n"
    file = parcels.root / "headway.yaml"
    file.write_text(file.read_text() + rule)
    assert "outputs of batches are judged by `headway predict`" in parcels.run("check").out
    refused = parcels.run("predict", "nightly", "--env", "prod")
    assert refused.code == 3
    assert (
        "error[GV001]: 1 rule is broken: k-anonymity 2 of weather, tag quasi_identifier on batch.*"
        in refused.err
    )
    assert "batch.nightly: 2 of 3 classes of weather have fewer than 2 rows: 2 of 4 rows" in refused.err
    assert not (parcels.root / "tables" / "nightly.parquet").exists()
    assert parcels.run("predictions", "--env", "prod", "--json").json["predictions"] == []
    done = parcels.run("predict", "careful", "--env", "prod", "--json")
    assert (done.code, done.json["broken"]) == (0, []), "the column is not written there"
    parcels.edit("headway.yaml", "on: batch.*}", "on: batch.*, severity: warn}")
    done = parcels.run("predict", "nightly", "--env", "prod")
    assert done.code == 0
    assert "note: rule `k-anonymity 2 of weather, tag quasi_identifier on batch.*` (headway.yaml:" in done.out
    write_rows(parcels, [*ROWS, ["p8", 1.0, 1, "dry"], ["p9", 2.0, 2, "snow"]])
    done = parcels.run("predict", "nightly", "--env", "prod", "--json")
    assert (done.code, done.json["broken"]) == (0, [])
