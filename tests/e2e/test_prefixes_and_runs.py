"""Ids by their first digits, and one run in full."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

import pytest
from product import Folder, post

ROW = {"distance_km": 31.5, "stops": 7, "weather": "rain"}


def runs(folder: Folder) -> list[str]:
    with closing(sqlite3.connect(folder.root / ".headway" / "ledger.db")) as connection:
        found = connection.execute(
            "SELECT json_extract(body, '$.run') FROM fact WHERE kind = 'run_started' ORDER BY seq"
        )
        return [run for (run,) in found]


@pytest.fixture
def predicted(applied: Folder) -> tuple[Folder, list[str]]:
    with applied.serving("prod") as url:
        ids = [post(f"{url}/predict/main", ROW)[1]["predictions"][0]["prediction_id"] for _ in range(3)]
    return applied, ids


def test_lineage_takes_the_first_digits_of_a_prediction_s_id(predicted: tuple[Folder, list[str]]) -> None:
    folder, ids = predicted
    whole = folder.run("lineage", ids[1])
    assert whole.code == 0, whole.err
    for length in (18, 23, 35):
        if sum(item.startswith(ids[1][:length]) for item in ids) == 1:
            assert folder.run("lineage", ids[1][:length]).out == whole.out
    assert folder.run("show", ids[1][:35]).out == folder.run("show", ids[1]).out


def test_digits_that_begin_several_ids_list_up_to_five_of_them(predicted: tuple[Folder, list[str]]) -> None:
    folder, ids = predicted
    done = folder.run("lineage", ids[0][:6])
    assert done.code == 2
    assert "EN021" in done.err
    listed = [
        line for line in done.err.splitlines() if line.startswith(("  run ", "  prediction ", "  artifact "))
    ]
    # All of the same minutes; the first six digits change every five hours, and may have changed between them.
    expected = {item for item in (*ids, *runs(folder)) if item.startswith(ids[0][:6])}
    assert len(listed) == len(expected) >= 2
    assert {item for item in expected if item in done.err} == expected


def test_an_artifact_by_its_first_digits_and_too_few_or_none(applied: Folder) -> None:
    digest = applied.pointers("prod")["model.main"]
    assert applied.run("lineage", digest[:6]).out == applied.run("lineage", digest).out
    for reference in (
        digest[:5],
        "ffffffff",
        "0" * 64,
        "run.ffffffff",
        "run.",
        "019fffff-ffff-7fff-8fff-ffffffffffff",
    ):
        done = applied.run("lineage", reference)
        assert done.code == 2, reference
        assert "EN012" in done.err


def test_several_artifacts_with_the_same_first_digits_are_listed(applied: Folder) -> None:
    digest = applied.pointers("prod")["model.main"]
    twin = digest[:8] + "".join("0" if digit != "0" else "1" for digit in digest[8:])
    with closing(
        sqlite3.connect(applied.root / ".headway" / "ledger.db", isolation_level=None)
    ) as connection:
        connection.execute(
            "INSERT INTO artifact SELECT ?, seq FROM artifact WHERE digest = ?", (twin, digest)
        )
    done = applied.run("lineage", digest[:8])
    assert done.code == 2
    assert done.err.count("model.main") == 2


def test_a_run_is_shown_in_full(applied: Folder) -> None:
    applied.edit("parcels/training.py", "def fit(", "print('loaded')\n\n\ndef fit(")
    assert applied.run("apply", "--env", "dev", "--json").code == 0
    run = runs(applied)[-1]
    text = applied.run("show", f"run.{run}").out
    assert f"run {run}: succeeded in" in text
    assert "apply to dev by tester" in text
    assert "model.main: succeeded in" in text
    assert ", seed " in text
    assert "printed: loaded" in text
    assert "scikit-learn" in text
    value: dict[str, Any] = applied.run("show", f"run.{run}", "--json").json
    (model,) = [item for item in value["executions"] if item["node"] == "model.main"]
    assert value["outcome"] == "succeeded"
    assert value["seconds"] >= model["seconds"] > 0
    assert model["output"] == applied.pointers()["model.main"]
    assert model["inputs"].keys() == {"dataset.main"}
    assert model["printed"] == "loaded\n"
    assert len(model["code_archive"]) == 64
    assert applied.run("show", run, "--json").json == value, "the id alone names the run too"


def test_a_run_that_failed_shows_its_error(applied: Folder) -> None:
    applied.edit("parcels/training.py", "def fit(", "def fit(")
    training = applied.root / "parcels" / "training.py"
    training.write_text(
        training.read_text().replace("    return ", "    raise RuntimeError('no luck')\n    return ")
    )
    assert applied.run("apply").code == 6
    text = applied.run("show", f"run.{runs(applied)[-1]}").out
    assert ": failed in" in text
    assert "no luck" in text


def test_a_run_that_was_killed_has_not_ended(applied: Folder) -> None:
    with closing(
        sqlite3.connect(applied.root / ".headway" / "ledger.db", isolation_level=None)
    ) as connection:
        connection.execute("DROP TRIGGER fact_is_never_deleted")
        connection.execute("DELETE FROM fact WHERE kind = 'run_ended'")
    value = applied.run("show", f"run.{runs(applied)[0]}", "--json").json
    assert (value["outcome"], value["seconds"]) == ("not ended", None)


def test_lineage_of_a_run_names_what_it_made(applied: Folder) -> None:
    done = applied.run("lineage", f"run.{runs(applied)[0]}")
    assert done.code == 2
    assert "EN022" in done.err
    assert "source.rows" in done.err
