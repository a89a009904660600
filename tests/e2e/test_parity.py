"""What serving saw is what training would have seen, or `headway test --parity` says where not."""

from __future__ import annotations

import csv
import json
import shutil
import signal
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from product import Folder, copy_of, post

START = datetime(2026, 1, 1, tzinfo=UTC)
END = START + timedelta(days=32)
PRODUCT = """
product: depots
environments: {dev: {}}
sources:
  parcels: {load: parcels.csv, event_time: at, known: 1m, contract: parcels.yaml}
  loads: {load: loads.csv, event_time: at, known: 1m, contract: loads.yaml}
feature_groups:
  depot_load: {version: 1, from: loads, key: [depot], frame: "features:recent", window: 5d}
datasets:
  late:
    rows: parcels
    predict_at: at - 1m
    label: {column: late, known: 1h}
    request: [at, depot, size]
    features: [{group: depot_load, prefix: d_}]
    on_demand: asked
    split: {by: time, train: 20d, validate: 5d, test: 5d}
models:
  late:
    dataset: late
    train: training:fit
    answer: {probability_of: true, threshold: 0.5}
evaluations:
  late: {model: late, metrics: [roc_auc], gates: [roc_auc >= 0.1]}
endpoints:
  late: {model: late}
"""
PARCELS = """
columns:
  at: {type: time}
  depot: {type: text, nulls: true}
  size: {type: number, nulls: true}
  late: {type: boolean}
"""
LOADS = "columns: {at: {type: time}, depot: {type: text}, load: {type: number}}\n"
FEATURES = """
import polars as pl


def recent(loads: pl.DataFrame) -> pl.DataFrame:
    ordered = loads.sort("depot", "event_time")
    total = pl.col("load").rolling_sum_by("event_time", "5d").over("depot")
    return ordered.select("depot", "event_time", total=total, name=pl.col("depot").str.to_uppercase())
"""
ASKED = """
import os

import numpy as np


def scaled(size):
    return np.log1p(size) * float(os.environ.get("FACTOR", "1"))


def per_load(size, d_total):
    return size / (1.0 + d_total)
"""
TRAINING = """
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import make_pipeline

def fit(train, validate, params, seed):
    numbers = make_column_transformer(("passthrough", ["size", "d_total", "scaled", "per_load"]))
    model = make_pipeline(numbers, HistGradientBoostingClassifier(max_iter=5, random_state=seed))
    return model.fit(train.features, train.label)
"""


def write(path: Path, names: list[str], rows: list[list[Any]]) -> None:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([names, *rows])


def loads() -> list[list[Any]]:
    """Depots a and b stand still, until the last day."""
    rows = [
        [(START + timedelta(hours=6 * step)).isoformat(), depot, 0.0]
        for step in range(4 * 32)
        for depot in "ab"
    ]
    rows[-2][2], rows[-1][2] = 8.0, 9.0
    return rows


def write_loads(folder: Path, more: Sequence[tuple[datetime, str, float]] = ()) -> None:
    added = [[at.isoformat(), depot, load] for at, depot, load in more]
    write(folder / "loads.csv", ["at", "depot", "load"], loads() + added)


def begin(root: Path, window: str = "5d") -> Folder:
    root.mkdir()
    for name, text in {
        "headway.yaml": PRODUCT.replace("window: 5d", f"window: {window}"),
        "parcels.yaml": PARCELS,
        "loads.yaml": LOADS,
        "training.py": TRAINING,
        "features.py": FEATURES,
        "asked.py": ASKED,
    }.items():
        (root / name).write_text(text)
    write_loads(root)
    parcels = []
    for hour in range(24 * 32):
        for depot in "ab":
            at = START + timedelta(hours=hour, minutes=30)
            size = "" if hour % 50 == 0 else hour % 7
            parcels.append([at.isoformat(), depot, size, str(depot == "a" and hour % 2 == 1).lower()])
    write(root / "parcels.csv", ["at", "depot", "size", "late"], parcels)
    done = Folder(root).run("apply")
    assert done.code == 0, done.err
    return Folder(root)


@pytest.fixture(scope="module")
def depots_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return begin(tmp_path_factory.mktemp("parity") / "depots").root


@pytest.fixture
def depots(depots_once: Path, tmp_path: Path) -> Folder:
    return copy_of(depots_once, tmp_path / "depots")


def serve(folder: Folder, rows: list[dict[str, Any]], **environment: str) -> None:
    """Answer rows one by one, as callers ask."""
    process = folder.start("serve", "--env", "dev", "--port", "0", **environment)
    assert process.stderr is not None
    try:
        url = process.stderr.readline().strip().rpartition(" ")[2]
        for row in rows:
            status, answer = post(f"{url}/predict/late", row)
            assert status == 200, answer
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)


def asked(hours: int = 12, start: datetime = END) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = [
        {"at": (start + timedelta(hours=hour)).isoformat(), "depot": depot, "size": 2.0 + hour}
        for hour in range(hours)
        for depot in "ab"
    ]
    return [*rows, rows[0] | {"depot": "nowhere"}, rows[0] | {"depot": None}, rows[0] | {"size": None}]


def compared(folder: Folder, *words: str) -> tuple[int, dict[str, dict[str, Any]]]:
    done = folder.run("test", "--parity", "--json", *words)
    assert done.code in (0, 3), done.err
    return done.code, {item["feature"]: item for item in json.loads(done.out)["features"]}


def test_serving_saw_what_training_would_have_seen(depots: Folder) -> None:
    serve(depots, asked())
    code, found = compared(depots)
    assert code == 0
    assert {name: (item["origin"], item["compared"], item["equal"]) for name, item in found.items()} == {
        "depot": ("request", 27, 27),
        "size": ("request", 27, 27),
        "d_total": ("group", 27, 27),
        "d_name": ("group", 27, 27),
        "scaled": ("on_demand", 27, 27),
        "per_load": ("on_demand", 27, 27),
    }
    told = depots.run("test", "--parity", "--limit", "5", "--stored")
    assert told.code == 0
    assert "parity: pass; 100 % of 30 values are the same, 5 predictions in dev" in told.out


def test_a_batch_is_compared_like_requests(depots: Folder) -> None:
    depots.edit(
        "headway.yaml",
        "endpoints:\n",
        "batches: {all: {model: late, rows: parcels, to: out.parquet, columns: [at]}}\nendpoints:\n",
    )
    assert depots.run("predict", "all").code == 0
    code, found = compared(depots, "--limit", "5000")
    assert (code, found["d_total"]["compared"]) == (0, 2 * 24 * 32)


def test_a_window_that_is_too_short_is_found_where_increments_served_wrong_values(tmp_path: Path) -> None:
    folder = begin(tmp_path / "depots", window="1d")
    later = END + timedelta(days=4)
    write_loads(folder.root, [(later, "a", 1.0), (later, "b", 1.0)])
    assert folder.run("apply", "--only", "feature_group.depot_load").code == 0
    serve(folder, asked(2, later + timedelta(hours=1)))
    code, found = compared(folder)
    assert code == 3
    wrong = found["d_total"]
    assert (wrong["outcome"], wrong["compared"], wrong["equal"]) == ("fail", 7, 2)
    assert wrong["causes"] == {"not as in a full computation": 5}
    first = wrong["examples"][0]
    assert (first["logged"], first["recomputed"]) == (1.0, 9.0)
    assert len(wrong["examples"]) == 5
    assert found["size"]["outcome"] == "pass"
    assert found["per_load"]["outcome"] == "fail", "what is computed of it differs too"
    code, stored = compared(folder, "--stored")
    assert (code, stored["d_total"]["outcome"]) == (0, "pass"), (
        "the rows as they are stored are those that served"
    )


def test_a_function_that_serving_computed_otherwise_is_found(depots: Folder) -> None:
    serve(depots, asked(), FACTOR="2")
    done = depots.run("test", "--parity")
    assert done.code == 3
    assert "parity: fail" in done.out
    assert "computed otherwise" in done.out
    _, found = compared(depots)
    assert {name for name, item in found.items() if item["outcome"] == "fail"} == {"scaled"}
    assert found["scaled"]["equal"] == 1, "only the row without a size has no value either way"
    assert found["scaled"]["causes"] == {"computed otherwise": 26}
    assert compared(depots, "--tolerance", "0.9")[0] == 0


def test_a_change_in_the_working_tree_is_not_what_was_released(depots: Folder) -> None:
    serve(depots, asked(2))
    (depots.root / "asked.py").write_text(ASKED.replace("log1p", "sqrt"))
    assert compared(depots)[0] == 0


def test_rows_that_came_after_the_prediction_are_told_apart(depots: Folder) -> None:
    serve(depots, asked(2))
    write_loads(depots.root, [(END - timedelta(hours=1), "a", 5.0)])
    assert depots.run("apply", "--only", "feature_group.depot_load").code == 0
    code, found = compared(depots)
    assert code == 3
    assert found["d_total"]["causes"] == {"came later": 3}
    assert found["d_total"]["examples"][0]["recomputed"] == 13.0
    assert found["per_load"]["causes"] == {"came later": 2}


def test_what_cannot_be_compared_is_named_and_is_no_pass(depots: Folder) -> None:
    serve(depots, asked(1))
    for path in (depots.root / ".headway" / "tables").rglob("*.parquet"):
        path.unlink()
    done = depots.run("test", "--parity", "--stored")
    assert done.code == 3
    assert "parity: not run" in done.out
    code, found = compared(depots, "--stored")
    assert code == 3
    outcomes = {name: item["outcome"] for name, item in found.items()}
    assert outcomes == {
        "depot": "pass",
        "size": "pass",
        "d_total": "not run",
        "d_name": "not run",
        "scaled": "pass",
        "per_load": "not run",
    }
    assert "d_total" in found["per_load"]["not_run"]
    assert compared(depots)[0] == 0, "computed again from the sources they are there"


def test_nothing_to_compare_is_no_pass(depots: Folder) -> None:
    done = depots.run("test", "--parity")
    assert done.code == 3
    assert "nothing was predicted in dev yet" in done.out
    assert depots.run("test").code == 2
    assert depots.run("test", "--parity", "--tolerance", "nan").code == 2


def test_another_version_of_a_library_answers_nothing(applied: Folder, tmp_path: Path) -> None:
    applied.edit("headway.yaml", "    seed: 7", "    seed: 7\n    serve_as: native")
    applied.edit(
        "headway.yaml",
        "endpoints:\n",
        "batches: {again: {model: main, rows: rows, to: again.csv}}\nendpoints:\n",
    )
    assert applied.run("apply").code == 0
    release = applied.pointers()["endpoint.main"]
    bundle = applied.root / ".headway" / "serve" / "dev" / "releases" / release
    libraries = json.loads((bundle / "manifest.json").read_text())["libraries"]
    assert "scikit-learn" in libraries
    assert applied.run("predict", "again").code == 0
    fake = tmp_path / "fake" / "scikit_learn-0.1.dist-info"
    fake.mkdir(parents=True)
    (fake / "METADATA").write_text("Metadata-Version: 2.1\nName: scikit-learn\nVersion: 0.1\n")
    before = (applied.root / "again.csv").read_bytes()
    for words in (
        ("predict", "again"),
        ("predict", "--bundle", str(bundle), "--rows", "data/deliveries.csv", "--to", "b.csv"),
        ("serve", "--port", "0"),
        ("serve", "--bundle", str(bundle), "--port", "0"),
    ):
        done = applied.run(*words, PYTHONPATH=str(fake.parent))
        assert done.code == 4, done.err
        assert "SE102" in done.err
        assert f"scikit-learn {libraries['scikit-learn']}, found 0.1" in done.err
    assert (applied.root / "again.csv").read_bytes() == before
    shutil.rmtree(fake)
    assert applied.run("predict", "again").code == 0
