"""What is doubtful in a group's rows is said, and kept as evidence of the commit."""

from __future__ import annotations

from spending import ROLLING, Payment, Shop

from headway.engine import events
from headway.facts.evidence import Evidence

EARLY = ROLLING.replace(
    "    return total",
    '    return total.with_columns(pl.col("event_time").dt.offset_by("-9d").alias("known_time"))',
)
NOTHING = '''\
"""Features of one payment."""

import numpy as np


def spent(amount):
    return amount


def refunds(amount):
    return np.full(len(amount), np.nan)
'''


def applied(shop: Shop) -> list[str]:
    """Warnings of an apply, as it says them."""
    seen: list[events.Event] = []
    shop.apply(report=seen.append)
    return [warning for event in seen if isinstance(event, events.Finished) for warning in event.warnings]


def of_commit(shop: Shop, check: str) -> list[Evidence]:
    return [item for _, item in shop.reader.evidence(shop.pointed()) if item.check == check]


def test_a_frame_that_claims_to_have_known_early_is_said_at_each_commit(shop: Shop) -> None:
    shop.window = "2d"
    shop.code(EARLY)
    rows = [Payment("ada", day, 1.0) for day in range(12)]
    shop.pay(rows)
    (said,) = applied(shop)
    assert said == (
        "feature_group.spend: 9 of 12 rows count as known before all that they can be made of (customer ada, at "
        "2026-03-01 00:00:00 UTC: `known_time` 2026-02-20 00:00:00 UTC, and its first row became known "
        "2026-03-01 00:00:00 UTC); return the `known_time` of the newest row read"
    )
    shop.pay([*rows, Payment("bob", 14, 1.0)])
    (said,) = applied(shop)
    assert shop.commits()[-1].mode == "incremental"
    assert "10 of 13 rows" in said
    assert of_commit(shop, "known_time")[0].values == {"rows": 10}


def test_what_is_known_when_its_rows_are_is_not_doubted(shop: Shop) -> None:
    shop.code(ROLLING)
    shop.pay([Payment("ada", day, 1.0, late=day % 3) for day in range(12)])
    assert applied(shop) == []


def test_a_feature_without_any_value_is_said(shop: Shop) -> None:
    shop.code(NOTHING)
    shop.pay([Payment("ada", day, 1.0) for day in range(3)])
    assert applied(shop) == ["feature_group.spend: `refunds` is null in all 3 rows"]
    assert of_commit(shop, "null features")[0].values == {"features": ["refunds"]}
