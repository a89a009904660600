"""The fraud product's own functions: what was known when, on payments made by hand and on its own data."""

from __future__ import annotations

import importlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType

import numpy as np
import polars as pl
import pytest

NOON = datetime(2024, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
LAG = timedelta(minutes=1)
INSTANT = pl.Datetime("us", "UTC")


@pytest.fixture
def features(fraud: Path) -> ModuleType:
    return importlib.import_module("fraud.features")


@pytest.fixture
def on_demand(fraud: Path) -> ModuleType:
    return importlib.import_module("fraud.on_demand")


def payments(*rows: tuple[datetime, float]) -> pl.DataFrame:
    """Payments of one customer at one terminal; (when, euros)."""
    return pl.DataFrame(
        {
            "payment_id": [f"p{number}" for number in range(len(rows))],
            "customer": ["c1"] * len(rows),
            "terminal": ["t1"] * len(rows),
            "amount": [amount for _, amount in rows],
            "x_km": [float(number) for number in range(len(rows))],
            "y_km": [None] * len(rows),
            "event_time": [moment for moment, _ in rows],
            "known_time": [moment + LAG for moment, _ in rows],
        },
        schema_overrides={"event_time": INSTANT, "known_time": INSTANT, "y_km": pl.Float64},
    )


def chargebacks(*rows: tuple[str, datetime, datetime]) -> pl.DataFrame:
    """(payment, reported, recorded)."""
    schema = {"payment_id": pl.String, "event_time": INSTANT, "known_time": INSTANT}
    return pl.DataFrame(list(rows), schema=schema, orient="row")


def at(risk: pl.DataFrame, day: datetime) -> dict[str, float]:
    return risk.filter(pl.col("event_time") == day.replace(hour=0)).row(0, named=True)


# -- customers ---------------------------------------------------------------------------------


def test_what_a_customer_spent_is_counted_over_windows_and_in_cents(features: ModuleType) -> None:
    paid = payments((NOON, 0.1), (NOON + DAY / 2, 0.2), (NOON + 8 * DAY, 5.0))
    spend = features.customer_spend(paid)
    assert spend["payments_1d"].to_list() == [1, 2, 1]
    assert spend["spent_1d"].to_list() == [0.1, 0.3, 5.0]
    assert spend["payments_30d"].to_list() == [1, 2, 3]
    assert spend["mean_amount_30d"].to_list() == pytest.approx([0.1, 0.15, 5.3 / 3])
    assert spend["usual_x"].to_list() == [0, 0.5, 1]
    assert spend["usual_y"].null_count() == 3


def test_two_payments_of_one_moment_say_the_same(features: ModuleType) -> None:
    spend = features.customer_spend(payments((NOON, 1.0), (NOON, 2.0)))
    assert spend.unique().height == 1
    assert spend["payments_1d"].to_list() == [2, 2]


# -- terminals ---------------------------------------------------------------------------------


def test_a_fraud_counts_only_once_its_chargeback_is_recorded(features: ModuleType) -> None:
    paid = payments((NOON, 10.0), (NOON + DAY, 10.0), (NOON + 6 * DAY, 10.0))
    risk = features.terminal_risk(paid, chargebacks(("p0", NOON + 2 * DAY, NOON + 4 * DAY)))
    assert [at(risk, NOON + day * DAY)["frauds_7d"] for day in (1, 2, 3, 4, 5, 6)] == [0, 0, 0, 0, 1, 1]
    assert at(risk, NOON + 5 * DAY)["share_7d"] == 0.5
    assert risk["event_time"].equals(risk["known_time"])


def test_a_chargeback_that_is_recorded_later_changes_no_row_before_it(features: ModuleType) -> None:
    paid = payments(*[(NOON + day * DAY, 10.0) for day in range(20)])
    early = chargebacks(("p1", NOON + 2 * DAY, NOON + 3 * DAY))
    late = chargebacks(("p1", NOON + 2 * DAY, NOON + 3 * DAY), ("p2", NOON + 3 * DAY, NOON + 12 * DAY))
    before = pl.col("event_time") <= NOON + 12 * DAY
    with_late = features.terminal_risk(paid, late)
    assert features.terminal_risk(paid, early).filter(before).equals(with_late.filter(before))
    assert at(with_late, NOON + 13 * DAY)["frauds_28d"] == 2


def test_a_terminal_that_takes_nothing_says_so_once(features: ModuleType) -> None:
    other = payments((NOON + 60 * DAY, 10.0)).with_columns(terminal=pl.lit("t2"), payment_id=pl.lit("p9"))
    risk = features.terminal_risk(pl.concat([payments((NOON, 10.0)), other]), chargebacks())
    of_first = risk.filter(pl.col("terminal") == "t1")
    assert of_first["payments_28d"].to_list() == [1] * 28 + [0]
    assert of_first["share_28d"].to_list()[:28] == [0.0] * 28


def test_a_window_of_35_days_gives_the_rows_that_all_payments_give(features: ModuleType, fraud: Path) -> None:
    lag = pl.col("paid_at") + LAG
    paid = pl.read_parquet(fraud / "data" / "payments.parquet").with_columns(
        event_time="paid_at", known_time=lag
    )
    back = pl.read_parquet(fraud / "data" / "chargebacks.parquet")
    back = back.with_columns(event_time="reported_at", known_time="recorded_at")
    since = datetime(2024, 6, 20, tzinfo=UTC)
    near, new = pl.col("event_time") > since - 35 * DAY, pl.col("event_time") > since
    whole = features.customer_spend(paid).filter(new).sort(pl.all())
    assert whole.equals(features.customer_spend(paid.filter(near)).filter(new).sort(pl.all()))
    assert whole.height > 10_000
    whole = features.terminal_risk(paid, back).filter(new)
    assert whole.equals(features.terminal_risk(paid.filter(near), back.filter(near)).filter(new))


# -- on demand ---------------------------------------------------------------------------------


def test_a_payment_is_set_beside_its_customers_others(on_demand: ModuleType) -> None:
    nan = np.array([np.nan])
    assert on_demand.amount_to_mean(np.array([30.0, 5.0]), np.array([10.0, np.nan])).tolist()[0] == 3
    assert on_demand.km_from_usual(np.array([3.0]), np.array([4.0]), *np.zeros((2, 1))).tolist() == [5]
    assert np.isnan(on_demand.km_from_usual(nan, nan, np.zeros(1), np.zeros(1)))


def test_the_week_ends_on_saturday(on_demand: ModuleType) -> None:
    days = np.array(["2024-03-01T23:59", "2024-03-02T00:00", "2024-03-04T00:00", "NaT"], "datetime64[us]")
    assert on_demand.weekend(days).tolist()[:3] == [0, 1, 0]
    assert on_demand.hour(days).tolist()[:3] == [23, 0, 0]
    assert np.isnan(on_demand.weekend(days)[3])


# -- data --------------------------------------------------------------------------------------


def test_the_script_writes_the_tables_that_are_committed(fraud: Path) -> None:
    made = importlib.import_module("make_data").simulate()
    for name, table in zip(("payments", "chargebacks"), made, strict=True):
        assert table.equals(pl.read_parquet(fraud / "data" / f"{name}.parquet")), name


def test_chargebacks_come_late_and_after_the_last_payments_settle(fraud: Path) -> None:
    paid = pl.read_parquet(fraud / "data" / "payments.parquet")
    back = pl.read_parquet(fraud / "data" / "chargebacks.parquet").join(paid, on="payment_id")
    assert back.height > 4_000
    assert (back["reported_at"] > back["paid_at"]).all()
    assert (back["recorded_at"] >= back["reported_at"] + DAY).all()
    assert back["recorded_at"].max() > paid["paid_at"].max() + 30 * DAY
