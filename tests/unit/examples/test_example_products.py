"""The example products as files: what they declare, and what their data are."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from headway.contract.columns import cast, require
from headway.spec.built import not_built
from headway.spec.load import load, load_contract

GRAMMAR = Path(__file__).parent / "full_grammar.yaml"


@pytest.mark.parametrize("name", ["flights", "fraud", "phishing", "rents"])
def test_a_product_that_runs_asks_for_nothing_that_is_not_built(examples: Path, name: str) -> None:
    assert not_built(load(examples / name / "headway.yaml")) == []


def test_the_flights_product_with_every_later_part_loads(examples: Path, tmp_path: Path) -> None:
    shutil.copytree(examples / "flights" / "contracts", tmp_path / "contracts")
    shutil.copy(GRAMMAR, tmp_path / "headway.yaml")
    product = load(tmp_path / "headway.yaml").product
    assert product.endpoints["delay"].release.steps == (5, 25, 50, 100)
    assert product.monitors[1].max_age == timedelta(days=14)
    assert product.schedules[0].env == "prod"


@pytest.mark.parametrize("name", ["flights", "fraud", "phishing"])
def test_a_lock_pins_hashes_and_names_no_host(examples: Path, name: str) -> None:
    lock = (examples / name / "requirements.txt").read_text()
    assert "scikit-learn==" in lock
    assert lock.count("==") <= lock.count("--hash=sha256:")
    assert "://" not in lock
    assert "#" not in lock


# -- data ------------------------------------------------------------------------------------------


def table(examples: Path, name: str) -> pl.DataFrame:
    return pl.read_parquet(examples / "flights" / "data" / f"{name}.parquet")


@pytest.mark.parametrize("name", ["flights", "weather"])
def test_the_tables_keep_their_contracts(examples: Path, name: str) -> None:
    contract = load_contract(examples / "flights" / "contracts" / f"{name}.yaml", f"contracts/{name}.yaml")
    require(table(examples, name), contract, where=name)


def test_every_flight_of_2013_is_there_once_and_in_order(examples: Path) -> None:
    flights = table(examples, "flights")
    assert flights.height == 336_776
    assert flights["late"].null_count() == 8_255
    assert not flights.select("scheduled_at", "carrier", "flight").is_duplicated().any()
    assert flights["scheduled_at"].is_sorted()
    local = flights["scheduled_at"].dt.convert_time_zone("America/New_York")
    assert set(local.dt.year()) == {2013}


def test_every_observation_is_there_once_and_stamped_when_it_was_made(examples: Path) -> None:
    both = table(examples, "weather")
    weather = both.unique(["observed_at", "origin"], keep="first", maintain_order=True)
    assert weather.height == 26_115
    assert (weather["recorded_at"] - weather["observed_at"] == timedelta(minutes=10)).all()
    late = both.join(weather, on=["observed_at", "origin", "recorded_at"], how="anti")
    assert late.height == 261
    assert (
        (late["recorded_at"] - late["observed_at"]).is_between(timedelta(hours=3), timedelta(hours=12)).all()
    )
    assert not weather.select("observed_at", "origin").is_duplicated().any()
    assert set(weather["observed_at"].dt.minute()) == {51}
    # The local hour from 1 to 2 occurs twice on this day: three airports report in both.
    repeated = [datetime(2013, 11, 3, hour, 51, tzinfo=UTC) for hour in (5, 6)]
    assert weather.filter(pl.col("observed_at").is_in(repeated)).height == 6


def test_the_committed_tables_stay_small(examples: Path) -> None:
    assert sum(file.stat().st_size for file in (examples / "flights" / "data").iterdir()) < 3_000_000


def test_the_phishing_pages_keep_their_contract(examples: Path) -> None:
    folder = examples / "phishing"
    pages = pl.read_csv(folder / "data" / "phishing.csv")
    require(pages, load_contract(folder / "contracts" / "pages.yaml", "contracts/pages.yaml"), where="pages")
    assert pages.shape == (1_250, 10)
    assert pages["is_phishing"].sum() == 548


def test_casting_a_table_by_its_contract_changes_no_value(examples: Path) -> None:
    contract = load_contract(examples / "flights" / "contracts" / "flights.yaml", "contracts/flights.yaml")
    flights = table(examples, "flights").head(1_000)
    assert cast(flights, contract).equals(flights.select(list(contract.columns)))
