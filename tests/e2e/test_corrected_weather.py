"""Hours of weather that are issued again: they come hours later, and what was predicted before stays as it was."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from product import Folder, copy_of, post

FLIGHTS = Path(__file__).parents[2] / "examples" / "flights"
UNTIL = datetime(2013, 5, 1, tzinfo=UTC)
FIRST = pl.col("recorded_at") - pl.col("observed_at") == timedelta(minutes=10)


def weather() -> pl.DataFrame:
    return pl.read_parquet(FLIGHTS / "data" / "weather.parquet").filter(pl.col("recorded_at") < UNTIL)


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four months of flights, applied before any correction came."""
    root = tmp_path_factory.mktemp("corrected") / "flights"
    shutil.copytree(FLIGHTS, root, ignore=shutil.ignore_patterns(".headway", "__pycache__", "data"))
    (root / "data").mkdir()
    flights = pl.read_parquet(FLIGHTS / "data" / "flights.parquet")
    flights.filter(pl.col("scheduled_at") < UNTIL).write_parquet(root / "data" / "flights.parquet")
    weather().filter(FIRST).write_parquet(root / "data" / "weather.parquet")
    folder = Folder(root)
    folder.edit("headway.yaml", "max_iter: 200", "max_iter: 20")
    done = folder.run("apply", "--env", "prod")
    assert done.code == 0, done.err
    return root


def test_a_corrected_hour_trains_nothing_again(before: Path, tmp_path: Path) -> None:
    folder = copy_of(before, tmp_path / "flights")
    old = folder.pointers("prod")
    weather().write_parquet(folder.root / "data" / "weather.parquet")
    done = folder.run("apply", "--env", "prod")
    assert done.code == 0, done.err
    added = weather().filter(~FIRST).height
    assert added > 50
    assert f"commit 2: {added} added, 0 updated, 0 deleted" in done.err
    new = folder.pointers("prod")
    assert new["feature_group.weather_hourly"] != old["feature_group.weather_hourly"]
    for node in ("dataset.delay", "model.delay"):
        assert new[node] == old[node], node
    assert "model.delay " not in done.err.partition("fresh\n")[2]


def test_the_same_values_known_at_once_would_have_changed_the_training_rows(
    before: Path, tmp_path: Path
) -> None:
    folder = copy_of(before, tmp_path / "flights")
    at_once = pl.col("observed_at") + pl.duration(minutes=10, seconds=1)
    leaked = weather().with_columns(recorded_at=pl.when(FIRST).then("recorded_at").otherwise(at_once))
    leaked.write_parquet(folder.root / "data" / "weather.parquet")
    old = folder.pointers("prod")
    assert folder.run("apply").code == 0
    assert folder.pointers("dev")["dataset.delay"] != old["dataset.delay"]


def test_a_flight_is_answered_with_the_report_that_was_known_then(before: Path, tmp_path: Path) -> None:
    folder = copy_of(before, tmp_path / "flights")
    weather().write_parquet(folder.root / "data" / "weather.parquet")
    assert folder.run("apply", "--env", "prod").code == 0
    late = weather().filter(~FIRST, pl.col("temp").is_not_null()).row(-1, named=True)
    hour = (pl.col("observed_at") == late["observed_at"]) & (pl.col("origin") == late["origin"])
    known = weather().filter(FIRST, hour).row(0, named=True)
    assert known["temp"] != late["temp"]
    scheduled = late["observed_at"] + timedelta(hours=2, minutes=30)
    flight = {
        "scheduled_at": scheduled.isoformat(),
        "carrier": "UA",
        "origin": late["origin"],
        "distance": 500,
    }
    with folder.serving("prod") as url:
        status, body = post(f"{url}/predict/delay", flight)
    assert status == 200, body
    logged = folder.run("predictions", "--env", "prod", "--json").json["predictions"][-1]
    assert logged["features"]["temperature"] == known["temp"]
