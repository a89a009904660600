"""Labels from another source, through `headway apply`: which rows are used, which wait, and the same bytes again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
from product import Folder, copy_of

PRODUCT = """
product: cards
environments: {dev: {}}
sources:
  payments: {load: data/payments.parquet, event_time: paid_at, known: 1m}
  chargebacks: {load: data/chargebacks.parquet, event_time: reported_at, known: recorded_at}
feature_groups:
  spend: {from: payments, key: [customer], columns: cards.spend}
datasets:
  payments:
    rows: payments
    predict_at: paid_at
    label: {from: chargebacks, by_key: {payment: id}, present: 1, absent: {is: 0, after: 30d}}
    request: [paid_at, customer, merchant, amount]
    features:
      - spend.*
      - {group: spend, by_key: {customer: merchant}, prefix: to_}
    split: {by: time, train: 120d, validate: 20d, test: 40d, apart: customer, min_rows: 10}
models:
  payments:
    dataset: payments
    train: "cards.training:fit"
    baseline: majority
    answer: {probability_of: 1}
evaluations:
  payments: {model: payments, metrics: [roc_auc]}
"""
TRAINING = """
from sklearn.linear_model import LogisticRegression
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline

def fit(train, validate, params, seed):
    chosen = make_column_transformer(("passthrough", ["amount"]))
    return make_pipeline(chosen, SimpleImputer(), LogisticRegression(max_iter=1000)).fit(train.features, train.label)
"""
START = datetime(2024, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
COUNT = 3000


def write(root: Path, *, more: tuple[int, ...] = ()) -> None:
    """A payment every two hours for 250 days, two of the year 2100; every fifth is charged back in ten days."""
    (root / "data").mkdir(exist_ok=True)
    at = [START + 2 * HOUR * n for n in range(COUNT)] + [
        datetime(2100, 1, 1 + n, tzinfo=UTC) for n in range(2)
    ]
    ids = list(range(COUNT + 2))
    payments = pl.DataFrame(
        {
            "id": [f"p{n}" for n in ids],
            "paid_at": at,
            "customer": [f"c{n % 97}" for n in ids],
            "merchant": [f"c{n % 13}" for n in ids],
            "amount": [float(n % 50 + 100 * (n % 5 == 0)) for n in ids],
        }
    )
    payments.write_parquet(root / "data" / "payments.parquet")
    back = [n for n in ids[:COUNT] if n % 5 == 0] + list(more)
    told = [at[n] + 240 * HOUR for n in back]
    chargebacks = pl.DataFrame({"payment": [f"p{n}" for n in back], "reported_at": told, "recorded_at": told})
    chargebacks.write_parquet(root / "data" / "chargebacks.parquet")


def begin(root: Path) -> Folder:
    (root / "cards").mkdir(parents=True)
    (root / "headway.yaml").write_text(PRODUCT)
    (root / "cards" / "__init__.py").write_text("")
    (root / "cards" / "spend.py").write_text("def spent(amount):\n    return amount\n")
    (root / "cards" / "training.py").write_text(TRAINING)
    write(root)
    return Folder(root)


def test_labels_from_another_source_are_taken_as_known_and_the_same_again(tmp_path: Path) -> None:
    folder = begin(tmp_path / "cards")
    twin = copy_of(folder.root, tmp_path / "twin")
    done = folder.run("apply")
    assert done.code == 0, done.err
    made = folder.run("show", "dataset.payments@dev", "--json").json
    meta = made["meta"]
    assert meta["counts"]["rows"] == COUNT + 2
    assert sum(count for what, count in meta["counts"].items() if what != "rows") == COUNT + 2
    assert meta["excluded"]["label not yet known"] == 2
    assert sum(meta["unused"].values()) == meta["counts"]["unused"]
    assert meta["unused"]["kept apart: `customer` is in another part"] > 0
    assert [item["name"] for item in meta["inputs"]] == [
        "customer",
        "merchant",
        "amount",
        "spent",
        "to_spent",
    ]
    assert folder.run("apply").out == "nothing to do in dev\n"

    assert twin.run("apply").code == 0
    assert twin.run("show", "dataset.payments@dev", "--json").json["digest"] == made["digest"]

    write(folder.root, more=(1,))
    plan = folder.run("plan", "--json").json["steps"]
    assert {step["node"] for step in plan if step["status"] == "stale"} >= {"source.chargebacks"}
    assert folder.run("apply").code == 0
    again = folder.run("show", "dataset.payments@dev", "--json").json
    assert again["digest"] != made["digest"]
    write(folder.root)
    assert folder.run("apply").code == 0
    back = folder.run("show", "dataset.payments@dev", "--json").json
    assert back["digest"] == made["digest"], "the same sources give the same rows, byte for byte"
