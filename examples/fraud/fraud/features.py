"""What is known of a customer and of a terminal: whole frames in, one frame by key and time out.

Each frame that comes in has `event_time` and `known_time` beside its own columns. Sums are taken of whole
cents, so that a row has the same value whether it is computed with all rows or with those of a window.
"""

from __future__ import annotations

from typing import Literal

import polars as pl

SPEND_DAYS = (1, 7, 30)
RISK_DAYS = (7, 28)


def customer_spend(payments: pl.DataFrame) -> pl.DataFrame:
    """How a customer pays: a row at each payment, which counts this payment too.

    Returns:
        `payments_Nd` and `spent_Nd` (euros) over N days, `mean_amount_30d`, and `usual_x`, `usual_y`:
        where the customer stood in the middle of the last 30 days (kilometres), online payments aside.
    """
    cents = (pl.col("amount") * 100).round().cast(pl.Int64)
    ordered = payments.sort("customer", "event_time").with_columns(cents=cents, one=pl.lit(1))
    columns = [column for days in SPEND_DAYS for column in _spend(days)]
    places = [_over(pl.col(f"{axis}_km"), 30, "median").alias(f"usual_{axis}") for axis in "xy"]
    spend = ordered.select("customer", "event_time", *columns, *places)
    return spend.with_columns(mean_amount_30d=pl.col("spent_30d") / pl.col("payments_30d"))


def _spend(days: int) -> tuple[pl.Expr, pl.Expr]:
    count, cents = _over(pl.col("one"), days, "sum"), _over(pl.col("cents"), days, "sum")
    return count.alias(f"payments_{days}d"), (cents / 100).alias(f"spent_{days}d")


def _over(column: pl.Expr, days: int, what: Literal["sum", "median"]) -> pl.Expr:
    """Of a customer's rows, the last days until each row; payments of one moment get the same."""
    roll = column.rolling_sum_by if what == "sum" else column.rolling_median_by
    return roll("event_time", f"{days}d").over("customer")


def terminal_risk(payments: pl.DataFrame, chargebacks: pl.DataFrame) -> pl.DataFrame:
    """How much of what a terminal took is known to be fraud: a row for each terminal and midnight.

    A chargeback counts from the first midnight after it was recorded, for as long as its payment is in the
    window: a fraud that is recorded later is not in the row. So a row is known when it happens. A
    terminal that took nothing for the longest window has one more row that says so, and then none.

    Returns:
        `payments_Nd`, `frauds_Nd` and `share_Nd` (NaN without payments) over N days.
    """
    paid = payments.select("payment_id", "terminal", "event_time", "known_time")
    frauds = paid.join(chargebacks.select("payment_id", recorded="known_time"), on="payment_id")
    frauds = frauds.with_columns(known_time=pl.max_horizontal("known_time", "recorded"))
    rows = _midnights(paid)
    for days in RISK_DAYS:
        rows = rows.with_columns(
            _standing(rows, paid, days).alias(f"payments_{days}d"),
            _standing(rows, frauds, days).alias(f"frauds_{days}d"),
        ).with_columns((pl.col(f"frauds_{days}d") / pl.col(f"payments_{days}d")).alias(f"share_{days}d"))
    rows = rows.filter(_standing(rows, paid, max(RISK_DAYS) + 1) > 0)
    return rows.rename({"midnight": "event_time"}).with_columns(known_time="event_time")


def _midnights(paid: pl.DataFrame) -> pl.DataFrame:
    """Each terminal with each midnight from its first payment until the last payment of all."""
    last = paid["known_time"].max()
    first = pl.col("known_time").min().dt.offset_by("1d").dt.truncate("1d")
    span = paid.group_by("terminal").agg(pl.datetime_ranges(first, pl.lit(last), "1d").alias("midnight"))
    return span.explode("midnight", empty_as_null=False).sort("terminal", "midnight")


def _standing(rows: pl.DataFrame, marks: pl.DataFrame, days: int) -> pl.Series:
    """How many marks stand at each row: known by its midnight, and not older than the window."""
    # Each mark is one more at the first midnight after it is known, and one less when its window is over.
    window = pl.col("event_time").dt.truncate("1d").dt.offset_by(f"{days + 1}d")
    spans = marks.select("terminal", "event_time", rise=_next_midnight("known_time"), fall=window)
    spans = spans.filter(pl.col("rise") < pl.col("fall"))
    steps = pl.concat(
        [
            spans.select("terminal", midnight="rise", step=pl.lit(1)),
            spans.select("terminal", midnight="fall", step=pl.lit(-1)),
        ]
    )
    steps = steps.group_by("terminal", "midnight").agg(pl.col("step").sum())
    joined = rows.join(steps, on=["terminal", "midnight"], how="left", maintain_order="left")
    return joined.select(pl.col("step").fill_null(0).cum_sum().over("terminal")).to_series()


def _next_midnight(column: str) -> pl.Expr:
    return pl.col(column).dt.truncate("1d").dt.offset_by("1d")
