"""Two products side by side: one computes weather, the other trains, serves and explains with it."""

from __future__ import annotations

import csv
import os
import shutil
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from product import Folder, post

START = datetime(2026, 1, 1, tzinfo=UTC)
HOURS = 24 * 12
WEATHER = """
product: weather
environments: {dev: {}, prod: {}}
sources:
  observations:
    {load: observations.csv, event_time: at, known: 1h, contract: observations.yaml, tags: ["licence:CC0"]}
feature_groups:
  hourly: {version: 1, from: observations, key: [origin], columns: sky, ttl: 2d}
"""
OBSERVATIONS = """
columns:
  origin: {type: text}
  at: {type: time}
  wind: {type: number, min: 0}
  observer: {type: text, tags: [pii]}
"""
SKY = """
def wind_speed(wind):
    return wind

def is_calm(wind):
    return (wind < 3) * 1.0

def watch(observer):
    return observer
"""
DELAY = """
product: delay
environments: {dev: {}, prod: {}}
sources:
  flights: {load: flights.csv, event_time: at, known: 1d, contract: flights.yaml}
datasets:
  delay:
    rows: flights
    predict_at: at
    label: {column: late, known: 1h}
    request: [at, origin, distance]
    features: [weather/hourly.wind_speed@1, weather/hourly.watch@1]
    split: {by: quota, train: 60%, validate: 20%, test: 20%}
models:
  delay: {dataset: delay, train: "fitting:fit", answer: {probability_of: true, threshold: 0.5}}
endpoints:
  delay: {model: delay}
"""
FLIGHTS = (
    "columns: {at: {type: time}, origin: {type: text}, distance: {type: number}, late: {type: boolean}}\n"
)
FITTING = """
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

def fit(train, validate, params, seed):
    columns = make_column_transformer((SimpleImputer(), ["wind_speed"]), (OneHotEncoder(handle_unknown="ignore"), ["watch"]))
    return make_pipeline(columns, LogisticRegression()).fit(train.features, train.label)
"""


class Pair(NamedTuple):
    """The product that lends, and the one that reads."""

    weather: Folder
    delay: Folder

    def observe(self, hours: int) -> None:
        rows = [
            [(START + timedelta(hours=hour)).isoformat(), origin, 9.0 if hour % 2 else 1.0, "Ann Miller"]
            for hour in range(hours)
            for origin in ("JFK", "LGA")
        ]
        write(self.weather.root / "observations.csv", ["at", "origin", "wind", "observer"], rows)


def write(path: Path, names: list[str], rows: list[list[Any]]) -> None:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([names, *rows])


@pytest.fixture(scope="module")
def pair_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("two")
    files = {
        "weather": {"headway.yaml": WEATHER, "observations.yaml": OBSERVATIONS, "sky.py": SKY},
        "delay": {"headway.yaml": DELAY, "flights.yaml": FLIGHTS, "fitting.py": FITTING},
    }
    for folder, texts in files.items():
        (root / folder).mkdir()
        for name, text in texts.items():
            (root / folder / name).write_text(text.lstrip())
    flights = []
    for hour in range(2, HOURS):
        for origin in ("JFK", "LGA"):
            at = START + timedelta(hours=hour, minutes=30)
            # The newest observation that is known at half past is the one of an hour and a half ago.
            flights.append([at.isoformat(), origin, 100 + hour % 5, str(hour % 2 == 0).lower()])
    write(root / "delay" / "flights.csv", ["at", "origin", "distance", "late"], flights)
    pair = Pair(Folder(root / "weather"), Folder(root / "delay"))
    pair.observe(HOURS)
    for folder in pair:
        done = folder.run("apply")
        assert done.code == 0, done.err
    return root


@pytest.fixture
def pair(pair_once: Path, tmp_path: Path) -> Pair:
    root = tmp_path / "two"
    shutil.copytree(pair_once, root)
    return Pair(Folder(root / "weather"), Folder(root / "delay"))


def ask(url: str, hour: int) -> dict[str, Any]:
    row = {"at": (START + timedelta(hours=hour, minutes=30)).isoformat(), "origin": "JFK", "distance": 100.0}
    status, answer = post(f"{url}/predict/delay", row)
    assert status == 200, answer
    prediction: dict[str, Any] = answer["predictions"][0]
    return prediction


def causes(folder: Folder, node: str) -> list[dict[str, Any]]:
    steps = folder.run("plan", "--json").json["steps"]
    return next(step["causes"] for step in steps if step["node"] == node)


def test_a_prediction_looks_up_what_the_other_product_computed_and_leads_to_its_sources(pair: Pair) -> None:
    with pair.delay.serving() as url:
        windy, calm = ask(url, HOURS - 1 + 1), ask(url, HOURS - 2 + 1)
    assert windy["probability"] > 0.5 > calm["probability"]
    parity = pair.delay.run("test", "--parity")
    assert parity.code == 0, parity.err
    assert "parity: pass; 100 %" in parity.out  # made again there, with that product's code and sources
    traced = pair.delay.run("lineage", windy["prediction_id"], "--json").json
    nodes = {vertex["node"] for vertex in traced["vertices"]}
    assert {"source.flights", "feature_group.weather/hourly", "source.weather/observations"} <= nodes
    assert "licence:CC0" in traced["carried"]["endpoint.delay"]
    down = pair.weather.run("lineage", "source.observations", "--down", "--json").json
    assert {"feature_group.delay/weather/hourly", "model.delay/delay", "endpoint.delay/delay"} <= {
        vertex["node"] for vertex in down["vertices"]
    }


def test_a_new_commit_there_makes_stale_here_what_reads_it_and_nothing_before(pair: Pair) -> None:
    assert set(pair.delay.statuses().values()) == {"fresh"}
    pair.observe(HOURS + 3)
    assert set(pair.delay.statuses().values()) == {"fresh"}  # not applied there: nothing is read
    assert pair.weather.run("apply").code == 0
    (cause,) = causes(pair.delay, "feature_group.weather/hourly")
    assert (cause["kind"], cause["before"], cause["after"]) == ("upstream", "commit 1", "commit 2")
    assert "feature_group.weather/hourly commit 1 -> commit 2" in pair.delay.run("plan").out
    done = pair.delay.run("apply")
    assert "commit 2 of weather/hourly, as commit 2: 6 added, 0 updated, 0 deleted" in done.err
    assert "6 rows for look-up: delay.weather.hourly/v1" in done.err
    assert "source.flights" not in done.err
    assert set(pair.delay.statuses().values()) == {"fresh"}
    assert (
        pair.delay.run("history", "feature_group.weather/hourly", "--json").json["commits"][0]["number"] == 2
    )


def test_an_environment_reads_the_one_of_its_name_and_says_what_to_bring_there(pair: Pair) -> None:
    promote = ("promote", "--from", "dev", "--to", "prod")
    refused = pair.delay.run("plan", "--env", "prod")
    assert refused.code == 2
    assert "error[EN101]: `prod` of the product in `../weather` never pointed at version 1" in refused.err
    assert "in `../weather` run `headway promote --from dev --to prod`" in refused.err
    refused = pair.delay.run(*promote)
    assert refused.code == 3
    assert "error[EN106]" in refused.err
    assert pair.weather.run(*promote).code == 0
    assert pair.delay.run(*promote).code == 0
    assert set(pair.delay.statuses("prod").values()) == {"fresh"}


def test_what_was_released_serves_and_is_told_when_the_other_product_is_gone(pair: Pair) -> None:
    pair.weather.root.rename(pair.weather.root.parent.parent / "elsewhere")
    refused = pair.delay.run("plan")
    assert refused.code == 2
    assert "there is no product `weather` in the folders beside" in refused.err
    with pair.delay.serving() as url:
        assert ask(url, HOURS)["probability"] > 0.5
    told = pair.delay.run("predictions", "--last", "1")
    assert told.code == 0
    assert "Ann Miller" not in told.out
    status = pair.delay.run("status", "--json").json["environments"][0]
    assert status["pointers"]["feature_group.weather/hourly"]
    assert pair.delay.run("lineage", "endpoint.delay").code == 0
    assert pair.delay.run("reproduce", "dataset.delay", "--json").json["verdict"] == "equal"
    assert pair.delay.run("gc", "--dry-run").code == 0
    assert pair.delay.run("stop", "--why", "drill").code == 0


def test_another_folder_of_the_same_product_is_found_by_the_product_s_name(pair: Pair) -> None:
    pair.weather.root.rename(pair.weather.root.parent / "sky")
    assert set(pair.delay.statuses().values()) == {"fresh"}


def test_who_computes_a_group_sees_its_readers_beside_before_a_promise_is_broken(pair: Pair) -> None:
    (found,) = pair.weather.run("search", "hourly", "--kind", "feature_group", "--json").json["results"]
    assert found["readers"] == ["dataset.delay/delay", "model.delay/delay", "endpoint.delay/delay"]
    listed = pair.weather.run("search", "--kind", "feature", "--json").json["results"]
    readers = {item["name"].partition(": ")[2]: item["readers"] for item in listed}
    assert readers["is_calm"] == []
    assert readers["wind_speed"][0] == "dataset.delay/delay"
    pair.weather.edit("sky.py", "def wind_speed", "def _wind_speed")
    assert "`wind_speed` is gone in version 1, which dataset.delay/delay, model.delay/delay" in (
        pair.weather.run("plan").out
    )
    refused = pair.weather.run("apply")
    assert "error[ST107]" in refused.err
    assert "which dataset `delay/delay` reads" in refused.err
    pair.weather.edit("headway.yaml", "version: 1", "version: 2")
    said = (
        "feature_group.hourly is at version 2, and version 1 gets no new rows: dataset.delay/delay reads it"
    )
    assert said in pair.weather.run("plan").out
    assert pair.weather.run("apply").code == 0
    assert set(pair.delay.statuses().values()) == {"fresh"}
    assert "feature_group.weather/hourly stays at commit 1: `weather` is at version 2" in (
        pair.delay.run("plan").out
    )
    pair.delay.edit(
        "headway.yaml", "weather/hourly.wind_speed@1, weather/hourly.watch@1", "weather/hourly.*@2"
    )
    assert causes(pair.delay, "feature_group.weather/hourly")[0]["about"] in (
        "version",
        "feature_group.weather/hourly",
    )


def test_tags_rules_and_personal_data_follow_from_one_product_into_the_other(pair: Pair) -> None:
    carried = pair.delay.run("check", "--json").json["tags"]["model.delay"]
    assert carried["pii"] == ["watch from source.weather/observations: observer"]
    with (pair.delay.root / "headway.yaml").open("a") as file:
        file.write(
            "policies:\n"
            "  - {deny: {tag: pii}, in: model.*, severity: refuse}\n"
            "  - {deny: {source: observations}, in: endpoint.*, severity: refuse}\n"
        )
    refused = pair.delay.run("check")
    assert refused.code == 3
    refused = pair.delay.run("apply", "--refresh", "model.delay")
    assert refused.code == 3
    assert "deny source observations in endpoint.*" in refused.err
    assert "source.weather/observations: observer -> feature_group.weather/hourly: watch" in refused.err
    assert "../weather/observations.yaml:" in refused.err


def test_a_personal_value_of_the_other_product_stays_out_of_errors_and_logs(pair: Pair) -> None:
    pair.delay.edit("fitting.py", "def fit(train, validate, params, seed):", PRINTS)
    failed = pair.delay.run("apply")
    assert failed.code != 0
    assert "saw" in failed.err
    assert "Ann Miller" not in failed.err


PRINTS = """def fit(train, validate, params, seed):
    print("saw", train.features["watch"][0])
    raise ValueError(train.features["watch"][0])
"""


def test_garbage_collected_there_takes_nothing_away_here(pair: Pair) -> None:
    pair.observe(HOURS + 1)
    assert pair.weather.run("apply").code == 0
    assert pair.weather.run("gc").code == 0
    shutil.rmtree(pair.weather.root / ".headway" / "tables")
    assert pair.delay.run("reproduce", "dataset.delay", "--json").json["verdict"] == "equal"
    refused = pair.delay.run("apply")
    assert refused.code == 4
    assert "error[EN104]: the rows of `weather/hourly` cannot be read" in refused.err
    assert pair.delay.run("status").code == 0


def test_a_product_that_is_written_at_the_moment_is_read_as_it_was(pair: Pair) -> None:
    ledger = pair.weather.root / ".headway" / "ledger.db"
    for _ in held(ledger):
        assert set(pair.delay.statuses().values()) == {"fresh"}
        assert pair.delay.run("apply", "--refresh", "feature_group.weather/hourly").code == 0


def held(ledger: Path) -> Iterator[None]:
    """Somebody is in the middle of a write."""
    connection = sqlite3.connect(ledger, isolation_level=None)
    try:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("CREATE TABLE half (x)")
        yield
    finally:
        connection.rollback()
        connection.close()


def test_reading_leaves_the_other_product_as_it_was(pair: Pair) -> None:
    def seen() -> dict[str, int]:
        root = pair.weather.root
        return {
            str(path.relative_to(root)): path.stat().st_mtime_ns
            for path in root.rglob("*")
            if path.is_file() and not path.name.endswith(("-shm", "-wal", ".pyc"))
        }

    before = seen()
    done = pair.delay.run("apply", "--refresh", "feature_group.weather/hourly")
    assert done.code == 0, done.err
    assert seen() == before


def test_a_product_that_may_only_be_read_lends_all_the_same(pair: Pair) -> None:
    if os.geteuid() == 0:
        if shutil.which("setpriv") is None:
            pytest.skip("root writes everywhere, and setpriv is not there to take that away")
        rights = "-dac_override,-dac_read_search,-fowner"
        pair.delay.within = ["setpriv", "--bounding-set", rights, "--inh-caps", rights]
    before = [path for path in pair.weather.root.rglob("*") if not path.is_symlink()]
    for path in (*before, pair.weather.root):
        path.chmod(path.stat().st_mode & ~0o222)
    try:
        assert set(pair.delay.statuses().values()) == {"fresh"}
        done = pair.delay.run("apply", "--refresh", "feature_group.weather/hourly")
        assert done.code == 0, done.err
        assert "source.weather/observations" in pair.delay.run("lineage", "dataset.delay").out
    finally:
        for path in (pair.weather.root, *before):
            path.chmod(path.stat().st_mode | 0o200)


def test_a_feature_that_is_not_there_is_named_with_the_nearest(pair: Pair) -> None:
    pair.delay.edit("headway.yaml", "hourly.wind_speed@1", "hourly.wind_sped@1")
    refused = pair.delay.run("plan")
    assert refused.code == 2
    assert "`weather/hourly` has no feature `wind_sped`" in refused.err
    assert "did you mean `wind_speed`?" in refused.err


def test_rows_under_another_key_than_the_file_says_are_refused(pair: Pair) -> None:
    pair.weather.edit("headway.yaml", "key: [origin]", "key: [origin, observer]")
    pair.delay.edit(
        "headway.yaml", "features: [weather", "features: [{group: weather/hourly@1, prefix: x_}, weather"
    )
    pair.delay.edit(
        "headway.yaml",
        "features: [{group: weather/hourly@1, prefix: x_}, weather/hourly.wind_speed@1, weather/hourly.watch@1]",
        "features: [{group: weather/hourly@1, by_key: {observer: origin}}]",
    )
    refused = pair.delay.run("apply")
    assert refused.code == 2
    assert "error[EN103]: the rows of `weather/hourly` have the key origin" in refused.err


def test_what_the_other_product_computes_is_restored_and_reproduced_there(pair: Pair) -> None:
    for words in (
        ("group", "restore", "feature_group.weather/hourly@1"),
        ("reproduce", "feature_group.weather/hourly"),
    ):
        refused = pair.delay.run(*words)
        assert refused.code == 2
        assert "error[EN105]" in refused.err
        assert "`../weather`" in refused.err
