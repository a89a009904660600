"""The fraud and rents products as a person runs them: applied to prod, served, traced, taken back."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from product import Done, Folder, copy_of, post

EXAMPLES = Path(__file__).parents[2] / "examples"
PAYMENT = {
    "paid_at": "2024-06-30T23:58:00Z",
    "customer": "c0426",
    "terminal": "t258",
    "amount": 18.25,
    "card_present": True,
    "x_km": 55.3,
    "y_km": 39.7,
}
FLAT = {
    "building": "b0001",
    "district": "Mills",
    "area": 62,
    "rooms": 2.5,
    "floor": 1,
    "built": None,
    "description": "Sunny balcony; needs work.",
}


def applied(name: str, root: Path) -> tuple[Folder, Done]:
    shutil.copytree(EXAMPLES / name, root, ignore=shutil.ignore_patterns(".headway", "__pycache__"))
    folder = Folder(root)
    return folder, folder.run("apply", "--env", "prod")


@pytest.fixture(scope="module")
def fraud_once(tmp_path_factory: pytest.TempPathFactory) -> tuple[Folder, Done]:
    return applied("fraud", tmp_path_factory.mktemp("fraud") / "fraud")


@pytest.fixture(scope="module")
def rents_once(tmp_path_factory: pytest.TempPathFactory) -> tuple[Folder, Done]:
    return applied("rents", tmp_path_factory.mktemp("rents") / "rents")


def logged(folder: Folder) -> list[dict[str, Any]]:
    return folder.run("predictions", "--env", "prod", "--json").json["predictions"]


# -- fraud -------------------------------------------------------------------------------------


def test_fraud_is_applied_to_prod_through_its_gates(fraud_once: tuple[Folder, Done]) -> None:
    folder, done = fraud_once
    assert done.code == 0, done.err
    assert "serves as ONNX" in done.err
    precision = re.search(r"pass    average_precision >= 0.5  ([\d.]+)", done.err)
    assert precision is not None, done.err
    assert float(precision[1]) > 0.6
    assert "label known after the next part begins" in folder.run("show", "dataset.payments").out
    assert folder.run("plan", "--env", "prod", "--exit-code").code == 0


def test_a_payment_is_looked_up_by_customer_and_terminal_and_traced(fraud_once: tuple[Folder, Done]) -> None:
    folder, _ = fraud_once
    unknown = PAYMENT | {"customer": "c99999", "terminal": "t258"}
    with folder.serving("prod") as url:
        status, body = post(f"{url}/predict/payments", PAYMENT)
        assert status == 200, body
        status, stranger = post(f"{url}/predict/payments", unknown)
        assert status == 200, stranger
        status, refused = post(f"{url}/predict/payments", PAYMENT | {"amount": -1})
        assert (status, "amount" in refused["error"]) == (400, True)
    by_id = {item["id"]: item for item in logged(folder)}
    answer = body["predictions"][0]
    kept = by_id[answer["prediction_id"]]["features"]
    assert kept == pytest.approx(offline(folder, kept), nan_ok=True)
    stranger = by_id[stranger["predictions"][0]["prediction_id"]]["features"]
    assert stranger["payments_30d"] is None
    assert stranger["t_payments_28d"] == kept["t_payments_28d"]
    traced = folder.run("lineage", answer["prediction_id"])
    assert traced.code == 0, traced.err
    for word in (
        "endpoint.payments",
        "feature_group.customer_spend",
        "feature_group.terminal_risk",
        "source.chargebacks",
        "gate average_precision >= 0.5: pass",
    ):
        assert word in traced.out


def offline(folder: Folder, kept: dict[str, Any]) -> dict[str, Any]:
    """The logged features, those of windows counted again from the payments themselves."""
    paid = pl.read_parquet(folder.root / "data" / "payments.parquet")
    back = pl.read_parquet(folder.root / "data" / "chargebacks.parquet")
    own = paid.filter(pl.col("customer") == PAYMENT["customer"]).sort("paid_at")
    until, midnight = own["paid_at"][-1], pl.datetime(2024, 6, 30, time_zone="UTC")
    month = own.filter(pl.col("paid_at") > until - pl.duration(days=30))
    taken = paid.filter(
        pl.col("terminal") == PAYMENT["terminal"],
        pl.col("paid_at") >= midnight - pl.duration(days=28),
        pl.col("paid_at") < midnight,
    )
    known = taken.join(back.filter(pl.col("recorded_at") < midnight), on="payment_id")
    return kept | {
        "payments_30d": float(month.height),
        "spent_30d": month["amount"].sum(),
        "amount_to_mean": PAYMENT["amount"] / month["amount"].mean(),
        "t_payments_28d": float(taken.height),
        "t_frauds_28d": float(known.height),
        "weekend": 1.0,
    }


def test_a_second_release_of_fraud_is_taken_back(fraud_once: tuple[Folder, Done], tmp_path: Path) -> None:
    folder = copy_of(fraud_once[0].root, tmp_path / "fraud")
    first = folder.pointers("prod")["endpoint.payments"]
    folder.edit("headway.yaml", "max_iter: 300", "max_iter: 60")
    folder.edit("headway.yaml", "champion * 0.98", "champion * 0.8")
    assert folder.run("apply", "--env", "prod").code == 0
    assert folder.pointers("prod")["endpoint.payments"] != first
    back = folder.run("rollback", "--endpoint", "payments", "--env", "prod", "--why", "stops too much")
    assert back.code == 0, back.err
    assert folder.pointers("prod")["endpoint.payments"] == first
    with folder.serving("prod") as url:
        status, body = post(f"{url}/predict/payments", PAYMENT)
    assert (status, body["model_version"]) == (200, first[:12])
    assert "held" in folder.run("plan", "--env", "prod").out


# -- rents -------------------------------------------------------------------------------------


def test_rents_is_applied_to_prod_and_says_that_it_serves_natively(rents_once: tuple[Folder, Done]) -> None:
    folder, done = rents_once
    assert done.code == 0, done.err
    assert "serves as native" in done.err
    assert re.search(r"pass    latency_p99 <= 50ms  [\d.]+ ms", done.err)
    assert "latency" not in folder.run("show", "evaluation.rents", "--json").out
    assert folder.run("plan", "--env", "prod", "--exit-code").code == 0


def test_what_an_owner_writes_changes_the_rent(rents_once: tuple[Folder, Done]) -> None:
    folder, _ = rents_once
    rents = {}
    with folder.serving("prod") as url:
        for text in (None, "Needs work.", "Roof terrace, furnished"):
            status, body = post(f"{url}/predict/rents", FLAT | {"description": text})
            assert status == 200, body
            rents[text] = body["predictions"][0]["value"]
        status, refused = post(f"{url}/predict/rents", FLAT | {"rooms": "2"})
        assert (status, "rooms" in refused["error"]) == (400, True)
    assert rents["Needs work."] < rents[None] < rents["Roof terrace, furnished"]
    latest = logged(folder)[-1]
    assert latest["features"]["plain"] == "roof terrace furnished"
    assert folder.run("lineage", latest["id"]).code == 0


def test_a_worse_model_of_rents_is_refused_and_a_better_one_is_taken_back(
    rents_once: tuple[Folder, Done], tmp_path: Path
) -> None:
    folder = copy_of(rents_once[0].root, tmp_path / "rents")
    first = folder.pointers("prod")["endpoint.rents"]
    folder.edit("headway.yaml", "alpha: 1.0", "alpha: 300.0")
    done = folder.run("apply", "--env", "prod")
    assert done.code == 3, done.err
    assert "FAIL    mae <= champion * 1.02" in done.err
    assert folder.pointers("prod")["endpoint.rents"] == first
    folder.edit("headway.yaml", "alpha: 300.0", "alpha: 0.9")
    assert folder.run("apply", "--env", "prod").code == 0
    assert folder.pointers("prod")["endpoint.rents"] != first
    assert folder.run("rollback", "--env", "prod").code == 0
    assert folder.pointers("prod")["endpoint.rents"] == first
