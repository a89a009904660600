"""Incremental computation equals a full one row by row, and every commit says what a recomputed diff says."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from spending import NODE, ROLLING, Payment, Shop

from headway.store.rows import differences, digest_of

DAYS = st.integers(0, 40).map(lambda number: number / 2)
PAYMENTS = st.builds(
    Payment, st.sampled_from("abc"), DAYS, st.integers(1, 9).map(float), st.sampled_from([0.0, 0.5, 3.0])
)
LABELLED_LEFT = ROLLING.replace(
    "    return total",
    '    return total.with_columns(pl.col("event_time").dt.truncate("1d")).unique(["customer", "event_time", "known_time"], keep="first", maintain_order=True)',
)


def distinct(payments: list[Payment]) -> list[Payment]:
    return list({(item.customer, item.day, item.late): item for item in payments}.values())


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(PAYMENTS, min_size=12, max_size=30),
    st.lists(st.tuples(st.lists(PAYMENTS, max_size=3), st.sets(st.integers(0, 29), max_size=2)), max_size=3),
    st.booleans(),
)
def test_increments_equal_a_backfill_row_by_row(
    first: list[Payment], steps: list[tuple[list[Payment], set[int]]], left: bool
) -> None:
    """Late rows, corrections and deletions, in any order, with results labelled at either end of a day."""
    code = LABELLED_LEFT if left else ROLLING
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        shop = Shop(Path(one) / "shop", code, "3d" if left else "2d")
        rows = distinct(first)
        shop.pay(rows)
        shop.apply()
        for late, gone in steps:
            kept = [item for place, item in enumerate(rows) if place not in gone] or rows
            rows = distinct([*kept, *late])
            shop.pay(rows)
            shop.apply()
        fresh = Shop(Path(two) / "shop", code)
        fresh.pay(rows)
        fresh.apply()
        assert_frame_equal(shop.rows(), fresh.rows())
        previous = shop.rows().clear()
        for commit in shop.commits():
            now = shop.rows(commit.commit)
            assert differences(previous, now, ["customer", "event_time", "known_time"]).counts == {
                "added": commit.added,
                "updated": commit.updated,
                "deleted": commit.deleted,
            }
            assert digest_of(now) == commit.content
            assert now.height == commit.rows
            previous = now
        before = shop.pointed()
        shop.apply(refresh=[NODE])
        assert shop.pointed() == before, "all of it computed again is the same commit"
