"""A whole product in a folder, with a feature group, a model and an endpoint, driven in this process."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

import headway
from headway.api import delivery, planning
from headway.engine.apply import Applied
from headway.engine.groups.log import commits, snapshot_of
from headway.facts.artifacts import Artifact
from headway.facts.commits import Committed
from headway.serve.embedded import EmbeddedModel
from headway.store.workspace import Workspace

PRODUCT = """\
product: shop
environments: {dev: {}, staging: {}}
sources:
  orders: {load: orders.parquet, event_time: at, known: 1h}
  payments: {load: payments.parquet, event_time: at, known: 1h}
feature_groups:
  spend: {version: 1, from: payments, key: [customer], columns: shop.spend}
datasets:
  main:
    rows: orders
    predict_at: at
    label: {column: late, known: 1d}
    request: [at, customer, amount]
    features: [spend.*]
    on_demand: shop.asked
    split: {by: hash, train: 60%, validate: 20%, test: 20%}
models:
  main: {dataset: main, train: "shop.training:fit", baseline: majority, answer: {probability_of: true, threshold: 0.5}, seed: 7}
evaluations:
  main: {model: main, metrics: [roc_auc], gates: [roc_auc >= 0.1]}
endpoints:
  main: {model: main}
"""
SPEND = "def spent(amount):\n    return amount * 1.0\n"
ASKED = "def share(amount, spent):\n    return amount / (1.0 + spent)\n"
TRAINING = """\
import polars as pl
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder


def fit(train, validate, params, seed):
    texts = [name for name, kind in train.features.schema.items() if kind == pl.String]
    numbers = [name for name in train.features.columns if name not in texts]
    encode = ColumnTransformer(
        [
            ("texts", OneHotEncoder(handle_unknown="ignore", sparse_output=False), texts),
            ("numbers", SimpleImputer(), numbers),
        ]
    )
    return make_pipeline(encode, LogisticRegression(**params)).fit(train.features, train.label)
"""
START = datetime(2026, 3, 1, tzinfo=UTC)
ASK = {"at": "2026-05-01T00:00:00Z", "customer": "c1", "amount": 3.0}


class Lending:
    """The product, with data, not applied yet.

    Args:
        root: Its folder; made when it is not there.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        if root.exists():
            return
        (root / "shop").mkdir(parents=True)
        (root / "headway.yaml").write_text(PRODUCT)
        for name, text in {"__init__": "", "spend": SPEND, "asked": ASKED, "training": TRAINING}.items():
            (root / "shop" / f"{name}.py").write_text(text)
        frame(240, 7).with_columns(late=pl.col("amount") > 4).write_parquet(root / "orders.parquet")
        self.pay(60)

    def pay(self, count: int, factor: float = 1.0) -> None:
        payments = frame(count, 3).with_columns(pl.col("amount") * factor)
        payments.write_parquet(self.root / "payments.parquet")

    def edit(self, name: str, before: str, after: str) -> None:
        path = self.root / name
        text = path.read_text()
        assert before in text
        path.write_text(text.replace(before, after))

    def apply(self, **options: Any) -> Applied:
        return planning.apply(self.root, who="ada", **options)

    def promote(self) -> None:
        delivery.promote(self.root, "dev", "staging", who="ada")

    def roll_back(self, environment: str) -> None:
        delivery.roll_back(self.root, environment, who="ada")

    def model(self, environment: str = "dev") -> EmbeddedModel:
        return headway.load(f"shop@{environment}", self.root)

    def answer(self, environment: str = "dev") -> float:
        return self.model(environment).predict([ASK])[0]["probability"]

    @property
    def workspace(self) -> Workspace:
        return Workspace(self.root)

    def pointers(self, environment: str = "dev") -> dict[str, str]:
        return self.workspace.open_reader().environment(environment).pointers

    def artifact(self, node: str, environment: str = "dev") -> Artifact:
        found = self.workspace.open_reader().artifact(self.pointers(environment)[node])
        assert found is not None
        return found

    def commits(self) -> list[Committed]:
        return commits(self.workspace.open_reader(), "feature_group.spend")

    def rows(self, commit: str) -> pl.DataFrame:
        artifact = self.workspace.open_reader().artifact(commit)
        assert artifact is not None
        return self.workspace.tables().read(snapshot_of(artifact)).collect()

    def outputs(self, node: str) -> list[str]:
        """Results of a node, each once, oldest first."""
        past = reversed(self.workspace.open_reader().executions(node))
        return list(dict.fromkeys(run.output for run in past if run.output))


def frame(count: int, step: int) -> pl.DataFrame:
    """Rows an hour apart, of ten customers, with amounts that repeat after `step` rows."""
    return pl.DataFrame(
        {
            "customer": [f"c{number % 10}" for number in range(count)],
            "amount": [float(1 + number % step) for number in range(count)],
            "at": [START + timedelta(hours=number) for number in range(count)],
        },
        schema_overrides={"at": pl.Datetime("us", "UTC")},
    )
