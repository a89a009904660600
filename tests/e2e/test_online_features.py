"""Features of groups are looked up where `apply` keeps them up to date, without a new release."""

from __future__ import annotations

import csv
import threading
import time
import urllib.request
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from product import Folder, copy_of, post

START = datetime(2026, 1, 1, tzinfo=UTC)
PRODUCT = """
product: depots
environments: {dev: {}}
sources:
  parcels: {load: parcels.csv, event_time: at, known: 1m, contract: parcels.yaml}
  loads: {load: loads.csv, event_time: at, known: 1m, contract: loads.yaml}
feature_groups:
  depot_load: {version: 1, from: loads, key: [depot], columns: features}
datasets:
  late:
    rows: parcels
    predict_at: at
    label: {column: late, known: 1h}
    request: [at, depot, size]
    features: [depot_load.*]
    split: {by: time, train: 20d, validate: 5d, test: 5d}
models:
  late:
    dataset: late
    train: training:fit
    answer: {probability_of: true, threshold: 0.5}
evaluations:
  late: {model: late, metrics: [roc_auc], gates: [roc_auc >= 0.5]}
endpoints:
  late: {model: late}
"""
PARCELS = "columns: {at: {type: time}, depot: {type: text}, size: {type: number}, late: {type: boolean}}\n"
LOADS = "columns: {at: {type: time}, depot: {type: text}, load: {type: number}}\n"
TRAINING = """
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import make_pipeline

def fit(train, validate, params, seed):
    numbers = make_column_transformer(("passthrough", ["size", "busy"]))
    model = make_pipeline(numbers, HistGradientBoostingClassifier(max_iter=20, random_state=seed))
    return model.fit(train.features, train.label)
"""
FEATURES = """
def busy(load):
    return load
"""


def write(path: Path, names: list[str], rows: list[list[Any]]) -> None:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([names, *rows])


def loads(hours: int) -> list[list[Any]]:
    """Depot a is busy in every other hour, depot b never."""
    return [
        [(START + timedelta(hours=hour)).isoformat(), depot, 9.0 if depot == "a" and hour % 2 else 1.0]
        for hour in range(hours)
        for depot in "ab"
    ]


@pytest.fixture(scope="module")
def depots_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("depots") / "depots"
    root.mkdir()
    for name, text in {
        "headway.yaml": PRODUCT,
        "parcels.yaml": PARCELS,
        "loads.yaml": LOADS,
        "training.py": TRAINING,
        "features.py": FEATURES,
    }.items():
        (root / name).write_text(text)
    hours = 24 * 32
    write(root / "loads.csv", ["at", "depot", "load"], loads(hours))
    parcels = []
    for hour in range(hours):
        for depot in "ab":
            at = START + timedelta(hours=hour, minutes=30)
            parcels.append([at.isoformat(), depot, hour % 7, str(depot == "a" and hour % 2 == 1).lower()])
    write(root / "parcels.csv", ["at", "depot", "size", "late"], parcels)
    done = Folder(root).run("apply")
    assert done.code == 0, done.err
    assert "1,536 rows for look-up: depots.depot_load/v1" in done.err
    return root


@pytest.fixture
def depots(depots_once: Path, tmp_path: Path) -> Folder:
    return copy_of(depots_once, tmp_path / "depots")


def ask(url: str, at: datetime, depot: str = "a") -> dict[str, Any]:
    status, answer = post(f"{url}/predict/late", {"at": at.isoformat(), "depot": depot, "size": 3.0})
    assert status == 200, answer
    return answer["predictions"][0] | {"version": answer["model_version"]}


def lookups(url: str) -> dict[str, float]:
    with urllib.request.urlopen(f"{url}/metrics", timeout=10) as reply:
        lines = reply.read().decode().splitlines()
    found = [line for line in lines if line.startswith("headway_lookups_total{")]
    return {line.partition('source="')[2].partition('"')[0]: float(line.split()[-1]) for line in found}


def test_new_rows_of_a_group_reach_the_server_without_a_new_release(depots: Folder) -> None:
    end = START + timedelta(hours=24 * 32)
    with depots.serving() as url:
        before = ask(url, end + timedelta(minutes=30))
        assert before["probability"] > 0.5  # the newest row says 9
        write(
            depots.root / "loads.csv", ["at", "depot", "load"], [*loads(24 * 32), [end.isoformat(), "a", 1.0]]
        )
        done = depots.run("apply", "--only", "feature_group.depot_load")
        assert done.code == 0, done.err
        assert "1 row for look-up: depots.depot_load/v1" in done.err
        (online,) = depots.run("status", "--json").json["environments"][0]["online"].values()
        assert (online["rows"], online["newest_event"]) == (1537, "2026-02-02T00:00:00.000000Z")
        assert online["commit"] == online["wanted"]
        after = ask(url, end + timedelta(minutes=30))
        assert after["probability"] < 0.5
        assert after["version"] == before["version"]
        assert ask(url, end - timedelta(minutes=1))["probability"] > 0.5  # the past stays what it was
        stranger = ask(url, end, depot="nobody's")
        assert lookups(url) == {"online": 4}
    _check_lineage_names_the_commit_served(depots, before["prediction_id"], after["prediction_id"])
    told = depots.run("predictions", "--last", "1").out
    assert stranger["prediction_id"] in told
    assert "looked up: depot_load, commit" in told
    assert "no row of this entity by that moment, so its features are missing" in told


def _check_lineage_names_the_commit_served(depots: Folder, before: str, after: str) -> None:
    """Not the commit that the release was built on, which the dataset still names."""
    listed = depots.run("history", "depot_load", "--json").json["commits"]
    second, first = (item["commit"] for item in listed)
    for prediction, served in ((before, first), (after, second)):
        traced = depots.run("lineage", prediction, "--json").json
        assert [item["commit"] for item in traced["prediction"]["lookups"]] == [served]
        nodes = {vertex["digest"]: vertex["node"] for vertex in traced["vertices"]}
        used = {
            nodes[edge["target"]]: edge["source"]
            for edge in traced["edges"]
            if nodes[edge["source"]] == "feature_group.depot_load"
        }
        assert used == {"endpoint.late": served, "dataset.late": first}


def test_a_store_that_is_gone_is_replaced_by_what_was_released_and_written_again(depots: Folder) -> None:
    at = START + timedelta(hours=24 * 32)
    with depots.serving() as url:
        expected = ask(url, at)["probability"]
    store = depots.root / ".headway" / "serve" / "dev" / "online.sqlite"
    store.write_bytes(b"damaged" * 1000)
    process = depots.start("serve", "--env", "dev", "--port", "0")
    assert process.stderr is not None
    try:
        url = process.stderr.readline().strip().rpartition(" ")[2]
        assert ask(url, at)["probability"] == expected
        assert ask(url, at)["probability"] == expected
        assert lookups(url) == {"snapshot": 2}
    finally:
        process.terminate()
        _, said = process.communicate(timeout=20)
    assert said.count("online store") == 1
    assert "fallback: snapshot" in said
    refused = depots.run("apply")
    assert refused.code == 4
    assert "ON008" in refused.err
    store.unlink()
    again = depots.run("apply")
    assert "1,536 rows for look-up" in again.err
    assert "nothing ran; the servers of dev got what they lacked: depots.depot_load/v1" in again.out
    assert depots.run("apply").out == "nothing to do in dev\n"


@pytest.mark.parametrize(("fallback", "status"), [("refuse", 503), ("missing", 200)])
def test_an_endpoint_says_what_happens_without_the_store(depots: Folder, fallback: str, status: int) -> None:
    depots.edit(
        "headway.yaml", "late: {model: late}\n", f"late: {{model: late, lookups: {{fallback: {fallback}}}}}\n"
    )
    assert depots.run("apply").code == 0
    (depots.root / ".headway" / "serve" / "dev" / "online.sqlite").unlink()
    process = depots.start("serve", "--env", "dev", "--port", "0")
    assert process.stderr is not None
    try:
        url = process.stderr.readline().strip().rpartition(" ")[2]
        at = (START + timedelta(hours=24 * 32)).isoformat()
        found, answer = post(f"{url}/predict/late", {"at": at, "depot": "a", "size": 3.0})
    finally:
        process.terminate()
        process.communicate(timeout=20)
    assert found == status, answer
    if status == 503:
        assert answer["code"] == "SE020"


def test_a_rollback_brings_the_features_back_too(depots: Folder) -> None:
    write(
        depots.root / "loads.csv", ["at", "depot", "load"], [*loads(24 * 32), [START.isoformat(), "c", 1.0]]
    )
    depots.edit("training.py", "max_iter=20", "max_iter=21")
    assert "1 row for look-up" in depots.run("apply").err
    done = depots.run("rollback", "--env", "dev")
    assert done.code == 0
    assert "1 row gone from look-up: depots.depot_load/v1" in done.err
    (online,) = depots.run("status", "--json").json["environments"][0]["online"].values()
    assert (online["rows"], online["commit"]) == (1536, online["wanted"])


def test_a_rollback_stands_when_the_features_cannot_follow(depots: Folder) -> None:
    depots.edit("training.py", "max_iter=20", "max_iter=21")
    write(
        depots.root / "loads.csv", ["at", "depot", "load"], [*loads(24 * 32), [START.isoformat(), "c", 1.0]]
    )
    assert depots.run("apply").code == 0
    store = depots.root / ".headway" / "serve" / "dev" / "online.sqlite"
    for path in store.parent.glob("online.sqlite*"):
        path.unlink()
    store.write_bytes(b"damaged" * 1000)
    done = depots.run("rollback", "--env", "dev")
    assert done.code == 0
    assert "override" not in done.out
    assert "features for look-up are still the newer ones" in done.err
    told = depots.run("status")
    assert told.code == 0
    assert "features for look-up cannot be told" in told.out


def test_versions_of_a_group_stand_side_by_side_for_a_rollback(depots: Folder) -> None:
    """Under load: each release is answered from its own version of the group, while they come and go."""
    at = START + timedelta(hours=24 * 32)
    with depots.serving() as url:
        first = ask(url, at)
        (depots.root / "features.py").write_text(FEATURES.replace("return load", "return -load"))
        depots.edit("headway.yaml", "version: 1", "version: 2")
        with asked_without_end(url, at) as seen:
            done = depots.run("apply")
            assert done.code == 0, done.err
            assert "for look-up: depots.depot_load/v2" in done.err
            until(lambda: seen[-1]["version"] != first["version"])
            assert depots.run("rollback", "--env", "dev").code == 0
            until(lambda: seen[-1]["version"] == first["version"])
        assert lookups(url)["online"] > 0
        told = depots.run("predictions", "--last", str(len(seen)), "--json").json["predictions"]
        busy = {(one["release"][:12], one["features"]["busy"]) for one in told}
        assert len(busy) == 2, "each release saw one value, that of its own version of the group"
        assert (first["version"], 9.0) in busy
        assert {value for _, value in busy} == {9.0, -9.0}
        later = next(one for one in told if one["release"][:12] != first["version"])
        status, again = post(f"{url}/predict/late", later["sent"])
        assert (status, again["model_version"]) == (200, first["version"]), (
            "a logged row fits another release"
        )
        assert again["predictions"][0]["probability"] == first["probability"]
    with depots.serving() as url:
        assert ask(url, at) | {"prediction_id": ""} == first | {"prediction_id": ""}
        assert lookups(url) == {"online": 1}


@contextmanager
def asked_without_end(url: str, at: datetime) -> Generator[list[dict[str, Any]]]:
    """A caller beside the test; what fails there fails here."""
    seen = [ask(url, at)]
    end = threading.Event()

    def go_on() -> None:
        while not end.wait(0.02):  # often enough to meet every moment; more only takes time from the apply
            seen.append(ask(url, at))

    with ThreadPoolExecutor(1) as pool:
        caller = pool.submit(go_on)
        try:
            yield seen
        finally:
            end.set()
        caller.result()


def until(holds: Callable[[], bool], seconds: float = 20.0) -> None:
    limit = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < limit
        threading.Event().wait(0.01)


def test_features_in_postgresql_serve_too_and_its_address_is_written_nowhere(
    depots: Folder, postgres: str
) -> None:
    depots.edit("headway.yaml", "product: depots\n", "product: depots\nonline: {secret: ONLINE_URL}\n")
    patient = "late: {model: late, lookups: {timeout: 10s}}\n"  # on a machine that is busy with other tests
    depots.edit("headway.yaml", "late: {model: late}\n", patient)
    at = START + timedelta(hours=24 * 32)
    address = postgres.replace("postgres@", "postgres:planted-s3cret@")
    unset = depots.run("apply")
    assert unset.code == 4
    assert "ONLINE_URL" in unset.err
    done = depots.run("apply", ONLINE_URL=address)
    assert done.code == 0, done.err
    assert "1,536 rows for look-up" in done.err
    process = depots.start("serve", "--env", "dev", "--port", "0", ONLINE_URL=address)
    assert process.stderr is not None
    try:
        url = process.stderr.readline().strip().rpartition(" ")[2]
        live = ask(url, at)["probability"]
        with psycopg.connect(postgres, autocommit=True) as connection:
            connection.execute("DROP TABLE headway_online_tables CASCADE")
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        assert ask(url, at)["probability"] == live
        assert lookups(url) == {"online": 1, "snapshot": 1}
    finally:
        process.terminate()
        _, said = process.communicate(timeout=20)
    assert "fallback: snapshot" in said
    written = [path for path in (depots.root / ".headway").rglob("*") if path.is_file()]
    assert not [path for path in written if b"planted-s3cret" in path.read_bytes()]
    assert "planted-s3cret" not in said + done.err + done.out
