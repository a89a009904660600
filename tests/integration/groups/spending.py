"""A small product with a feature group, driven in this process: payments of customers, and what they spend."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from headway.api import planning
from headway.engine.apply import Applied
from headway.engine.groups.log import commits, snapshot_of
from headway.facts.commits import Committed
from headway.plan.plan import Plan
from headway.store.ledger import SqliteReader
from headway.store.workspace import Workspace

NODE = "feature_group.spend"
START = datetime(2026, 3, 1, tzinfo=UTC)

PRODUCT = """\
product: shop
environments: {{dev: {{}}, prod: {{protected: true}}}}
sources:
  payments: {{load: payments.parquet, event_time: at, known: known_at}}
feature_groups:
  spend: {{version: {version}, from: payments, key: [customer], {features}{window}}}
"""

PLAIN = '''\
"""Features of one payment."""


def spent(amount):
    return amount


def is_large(amount):
    return amount > 50
'''

ROLLING = '''\
"""What a customer spent in the last two days, at each payment."""

import polars as pl


def spend(payments: pl.DataFrame) -> pl.DataFrame:
    paid = payments.group_by("customer", "event_time", "known_time").agg(pl.col("amount").sum())
    ordered = paid.sort("event_time", "known_time", "customer")
    total = ordered.select(
        "customer", "event_time", "known_time", "amount",
        pl.col("amount").rolling_sum_by("event_time", "2d", closed="both").over("customer").alias("total"),
    )
    return total
'''


class Payment(NamedTuple):
    """One row: who, on which day (fractions count), how much, and how many days later it was known."""

    customer: str
    day: float
    amount: float
    late: float = 0.0


class Shop:
    """The product in a folder.

    Args:
        root: An empty folder.
        code: The module of features.
        window: As in the product file; empty for none.
    """

    def __init__(self, root: Path, code: str = PLAIN, window: str = "") -> None:
        self.root = root
        self.version = 1
        self.window = window
        (root / "shop").mkdir(parents=True)
        (root / "shop" / "__init__.py").touch()
        self.code(code)

    @classmethod
    def at(cls, root: Path) -> Shop:
        """A shop that is there already, as `PLAIN` has it."""
        shop = cls.__new__(cls)
        shop.root, shop.version, shop.window = root, 1, ""
        return shop

    def declare(self) -> None:
        text = (self.root / "shop" / "features.py").read_text()
        features = "frame: shop.features:spend" if "def spend(" in text else "columns: shop.features"
        window = f", window: {self.window}" if self.window else ""
        (self.root / "headway.yaml").write_text(
            PRODUCT.format(version=self.version, features=features, window=window)
        )

    def code(self, text: str) -> None:
        (self.root / "shop" / "features.py").write_text(text)
        self.declare()

    def bump(self) -> None:
        self.version += 1
        self.declare()

    def pay(self, payments: Sequence[Payment]) -> None:
        """The source holds exactly these rows, in this order."""
        at = [START + timedelta(days=payment.day) for payment in payments]
        pl.DataFrame(
            {
                "customer": [payment.customer for payment in payments],
                "amount": [payment.amount for payment in payments],
                "at": at,
                "known_at": [
                    moment + timedelta(days=item.late) for moment, item in zip(at, payments, strict=True)
                ],
            },
            schema={
                "customer": pl.String,
                "amount": pl.Float64,
                "at": pl.Datetime("us", "UTC"),
                "known_at": pl.Datetime("us", "UTC"),
            },
        ).write_parquet(self.root / "payments.parquet")

    def apply(self, **options: Any) -> Applied:
        return planning.apply(self.root, who=options.pop("who", "ada"), **options)

    def plan(self) -> Plan:
        return planning.plan(self.root)

    @property
    def workspace(self) -> Workspace:
        return Workspace(self.root)

    @property
    def reader(self) -> SqliteReader:
        return self.workspace.open_reader()

    def commits(self) -> list[Committed]:
        return commits(self.reader, NODE)

    def pointed(self, environment: str = "dev") -> str:
        return self.reader.environment(environment).pointers[NODE]

    def rows(self, commit: str | None = None) -> pl.DataFrame:
        """Rows of a commit; of the one that dev points at when none is named."""
        artifact = self.reader.artifact(commit or self.pointed())
        assert artifact is not None
        return self.workspace.tables().read(snapshot_of(artifact)).collect()

    def files(self, commit: str | None = None) -> list[Path]:
        artifact = self.reader.artifact(commit or self.pointed())
        assert artifact is not None
        return [self.root / ".headway" / "tables" / artifact.table / file.name for file in artifact.files]
