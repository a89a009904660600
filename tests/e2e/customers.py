"""A shop with personal data: customers with an address, orders that come late or not, one group of features."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

from product import Folder

PRODUCT = """\
product: shop
environments: {dev: {}, prod: {protected: true}}
sources:
  orders:
    {load: data/orders.csv, event_time: at, known: 1h, contract: contracts/orders.yaml, tags: [licence:own, consent]}
  customers:
    {load: data/customers.csv, event_time: since, known: 1h, contract: contracts/customers.yaml, tags: [licence:own]}
feature_groups:
  contact:
    version: 1
    from: customers
    key: [customer]
    columns: shop.contact
    description: what a customer told of himself
    tags: [crm]
    features:
      mail_length: {description: letters of the address, tags: [weak]}
datasets:
  main:
    rows: orders
    predict_at: at
    label: {column: late, known: 1d}
    request: [at, customer, amount]
    features: [contact.*]
    on_demand: shop.asked
    split: {by: hash, train: 60%, validate: 20%, test: 20%}
models:
  main: {dataset: main, train: "shop.training:fit", baseline: majority, answer: {probability_of: true, threshold: 0.5}, seed: 7}
evaluations:
  main: {model: main, metrics: [roc_auc], gates: [roc_auc >= 0.1]}
endpoints:
  main: {model: main}
"""
ORDERS = """\
columns:
  at: {type: time}
  customer: {type: text}
  amount: {type: number, min: 0}
  late: {type: boolean}
"""
CUSTOMERS = """\
columns:
  since: {type: time}
  customer: {type: text}
  email: {type: text, matches: "@", tags: [pii]}
  age: {type: integer, min: 18, max: 120, tags: [pii]}
  visits: {type: integer, min: 0}
"""
CONTACT = """\
import numpy as np


def mail_length(email):
    return np.array([float(len(text)) for text in email])


def eager(visits):
    return visits * 1.0


def eager_for_age(eager, age):
    return eager / age
"""
ASKED = "def per_visit(amount, eager):\n    return amount / (1.0 + eager)\n"
TRAINING = """\
import polars as pl
from sklearn.impute import SimpleImputer
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline


def fit(train, validate, params, seed):
    numbers = [name for name, kind in train.features.schema.items() if kind != pl.String]
    return make_pipeline(ColumnTransformer([("numbers", SimpleImputer(), numbers)]), LogisticRegression()).fit(
        train.features, train.label
    )
"""


def begin(root: Path) -> Folder:
    """The shop in a folder, not applied."""
    for name, text in {
        "headway.yaml": PRODUCT,
        "contracts/orders.yaml": ORDERS,
        "contracts/customers.yaml": CUSTOMERS,
        "shop/__init__.py": "",
        "shop/contact.py": CONTACT,
        "shop/asked.py": ASKED,
        "shop/training.py": TRAINING,
    }.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    write_rows(root)
    return Folder(root)


def write_rows(root: Path) -> None:
    """Forty customers with an address each, and three hundred orders."""
    draw = random.Random(5)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    people = [
        f"{start + timedelta(hours=number):%Y-%m-%dT%H:%M:%SZ},c{number},zoe{number}@post.example,{20 + number},{number % 7}"
        for number in range(40)
    ]
    orders = []
    for number in range(300):
        at, amount = start + timedelta(days=10, hours=number), draw.uniform(1, 100)
        late = str(draw.random() < amount / 100).lower()
        orders.append(f"{at:%Y-%m-%dT%H:%M:%SZ},c{draw.randrange(40)},{amount:.2f},{late}")
    folder = root / "data"
    folder.mkdir(exist_ok=True)
    (folder / "customers.csv").write_text("\n".join(["since,customer,email,age,visits", *people]) + "\n")
    (folder / "orders.csv").write_text("\n".join(["at,customer,amount,late", *orders]) + "\n")
