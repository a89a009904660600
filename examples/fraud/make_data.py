"""Write data/payments.parquet and data/chargebacks.parquet: a simulated half-year of card payments.

No person, card or shop stands behind a row, and no other data set was used: everything comes from this
script and its seed. The files are committed, so nobody needs to run it:

    python examples/fraud/make_data.py

What is simulated, on a map of 100 by 100 kilometres:

- 3,000 customers with a home, a usual amount, a usual number of payments, and some shops that they go
  to: near home, and online. Half of them travel once, and pay at the other end of the map. One payment
  in fifty is a large one. All this is honest, and looks suspicious now and then.
- 400 terminals. 80 of them are online shops, which have no place and see no card.
- A stolen card is used for one to four days, somewhere on the map and online, for more than its owner
  would spend. The owner notices when it ends, and reports all of it at once.
- A compromised terminal takes payments on cloned cards for one to four weeks, beside its honest ones.
  They are found later, on a statement: after nine days in the middle, for some only after a month.
- One fraud in ten is never reported. One honest payment in 5,000 or so is, by mistake.
- The bank records a report one day after it was made at the earliest, and two weeks after it at the latest.

Payments end with June. Chargebacks are those recorded until 14 August, so that every absence of one is
older than the 30 days for which headway.yaml waits.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Places = NDArray[np.float64]  # (n, 2), in kilometres
Indices = NDArray[np.int64]

DATA = Path(__file__).parent / "data"
SEED = 20240101
START = datetime(2024, 1, 1, tzinfo=UTC)
RECORDED_UNTIL = datetime(2024, 8, 14, tzinfo=UTC)
DAYS = 182
CUSTOMERS = 3_000
TERMINALS = 400
ONLINE_SHOPS = 80
MAP_KM = 100.0
THEFTS = 260
COMPROMISED = 45
TRAVELLERS = 0.5  # of the customers
LARGE = 0.02  # of the honest payments
MISTAKEN = 1 / 5_000  # of the honest payments
STOLEN_ONLINE = 0.4  # of the payments with a stolen card
REPORTED = 0.9  # of what is fraud
HONEST_BY_HOUR = np.array([1, 1, 0, 0, 0, 1, 4, 8, 9, 8, 9, 11, 12, 10, 9, 9, 10, 12, 12, 9, 7, 5, 3, 2])
THIEVES_BY_HOUR = np.array([5, 5, 4, 4, 3, 3, 3, 3, 4, 4, 4, 5, 5, 5, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6])


class World(NamedTuple):
    """Who pays, and where.

    Attributes:
        home: Of the customers; (CUSTOMERS, 2).
        amount: What a customer usually pays, in euros; (CUSTOMERS,).
        per_day: Honest payments of a customer; (CUSTOMERS,).
        online: Share of them that is made online; (CUSTOMERS,).
        place: Of the terminals; (TERMINALS, 2). The first ONLINE_SHOPS are shops without one.
        dear: How dear a terminal's goods are, 1 in the middle; (TERMINALS,).
        habits: Terminals that a customer goes to; (CUSTOMERS, 12), the last 4 of them online.
    """

    home: Places
    amount: Numbers
    per_day: Numbers
    online: Numbers
    place: Places
    dear: Numbers
    habits: Indices


class Payments(NamedTuple):
    """n payments, in no order.

    Attributes:
        day: Days since START, with the time of day as fraction.
        reported: Days since START when the customer reports it; NaN for never.
    """

    day: Numbers
    customer: Indices
    terminal: Indices
    amount: Numbers
    reported: Numbers


def world(random: np.random.Generator) -> World:
    """The customers and terminals."""
    home = random.uniform(0, MAP_KM, (CUSTOMERS, 2))
    place = random.uniform(0, MAP_KM, (TERMINALS, 2))
    near = np.stack([nearest(one, place, 8) for one in home])
    return World(
        home=home,
        amount=random.lognormal(np.log(24), 0.5, CUSTOMERS),
        per_day=random.gamma(2.0, 0.2, CUSTOMERS) + 0.02,
        online=random.beta(2, 6, CUSTOMERS),
        place=place,
        dear=random.lognormal(0, 0.4, TERMINALS),
        habits=np.hstack([near, random.integers(0, ONLINE_SHOPS, (CUSTOMERS, 4))]),
    )


def nearest(point: Numbers, place: Places, count: int) -> Indices:
    """The terminals with a place that are nearest to a point."""
    distance = np.hypot(*(place[ONLINE_SHOPS:] - point).T)
    return ONLINE_SHOPS + np.argsort(distance, kind="stable")[:count]


def honest(random: np.random.Generator, world: World) -> Payments:
    """What the customers pay themselves; a few disputes are mistakes."""
    customer = np.repeat(np.arange(CUSTOMERS), random.poisson(world.per_day * DAYS))
    day = moments(random, len(customer), HONEST_BY_HOUR)
    online = random.random(len(customer)) < world.online[customer]
    column = np.where(online, 8 + random.integers(0, 4, len(customer)), random.geometric(0.3, len(customer)))
    terminal = world.habits[customer, np.where(online, column, (column - 1) % 8)]
    terminal = np.where(online, terminal, away(random, world, customer, day, terminal))
    large = np.where(random.random(len(customer)) < LARGE, random.uniform(3, 9, len(customer)), 1)
    amount = world.amount[customer] * world.dear[terminal] * random.lognormal(0, 0.5, len(customer)) * large
    mistaken = random.random(len(customer)) < MISTAKEN
    reported = np.where(mistaken, day + random.uniform(1, 40, len(customer)), np.nan)
    return Payments(day, customer, terminal, amount, reported)


def away(
    random: np.random.Generator, world: World, customer: Indices, day: Numbers, usual: Indices
) -> Indices:
    """The terminals of payments, once the journeys of half of the customers are known."""
    start = np.where(random.random(CUSTOMERS) < TRAVELLERS, random.uniform(0, DAYS, CUSTOMERS), np.inf)
    length = random.uniform(3, 10, CUSTOMERS)
    there = np.stack([nearest(one, world.place, 6) for one in random.uniform(0, MAP_KM, (CUSTOMERS, 2))])
    travelling = (day >= start[customer]) & (day < start[customer] + length[customer])
    return np.where(travelling, there[customer, random.integers(0, 6, len(customer))], usual)


def thefts(random: np.random.Generator, world: World) -> list[Payments]:
    """What thieves pay with stolen cards: one item for each card."""
    found = []
    for victim in random.choice(CUSTOMERS, THEFTS, replace=False):
        start, length = random.uniform(0, DAYS), random.uniform(1, 4)
        count = 2 + random.poisson(3 * length)
        day = start + random.uniform(0, length, count)
        day = np.floor(day) + moments(random, count, THIEVES_BY_HOUR, days=1)
        haunts = nearest(random.uniform(0, MAP_KM, 2), world.place, 12)
        online = random.random(count) < STOLEN_ONLINE
        terminal = np.where(online, random.integers(0, ONLINE_SHOPS, count), random.choice(haunts, count))
        amount = world.amount[victim] * world.dear[terminal] * random.lognormal(np.log(2.5), 0.6, count)
        noticed = max(day) + random.exponential(1.5)
        found.append(Payments(day, np.full(count, victim), terminal, amount, np.full(count, noticed)))
    return found


def compromises(random: np.random.Generator, world: World) -> list[Payments]:
    """What is paid with cloned cards: one item for each compromised terminal."""
    found = []
    for terminal in random.choice(TERMINALS, COMPROMISED, replace=False):
        start, length = random.uniform(-10, DAYS), random.uniform(7, 28)
        count = random.poisson(random.uniform(1.5, 6) * length)
        day = start + random.uniform(0, length, count)
        day = np.floor(day) + moments(random, count, THIEVES_BY_HOUR, days=1)
        customer = random.integers(0, CUSTOMERS, count)
        amount = world.amount[customer] * world.dear[terminal] * random.lognormal(np.log(1.4), 0.5, count)
        statement = day + random.lognormal(np.log(9), 0.8, count)
        found.append(Payments(day, customer, np.full(count, terminal), amount, statement))
    return found


def moments(random: np.random.Generator, count: int, by_hour: NDArray, days: int = DAYS) -> Numbers:
    """Days with the time of day as fraction; weekends are as busy as other days."""
    hour = random.choice(24, count, p=by_hour / by_hour.sum())
    return random.integers(0, days, count) + (hour + random.random(count)) / 24


def payments_table(paid: Payments, world: World) -> pl.DataFrame:
    """The payments in the order of time, to the second, with the day when they are reported."""
    shop = paid.terminal < ONLINE_SHOPS
    place = np.where(shop[:, None], np.nan, np.round(world.place[paid.terminal], 1))
    table = pl.DataFrame(
        {
            "paid_at": moment(paid.day),
            "customer": [f"c{number:04d}" for number in paid.customer],
            "terminal": [f"t{number:03d}" for number in paid.terminal],
            "amount": np.clip(np.round(paid.amount, 2), 0.5, 9_999.0),
            "card_present": ~shop,
            "x_km": place[:, 0],
            "y_km": place[:, 1],
            "reported": paid.reported,
        }
    )
    end = START + timedelta(days=DAYS)
    return (
        table.with_columns(pl.col("x_km", "y_km", "reported").fill_nan(None))
        .filter(pl.col("paid_at").is_between(START, end, closed="left"))
        .sort("paid_at", "customer", "terminal", "amount")
        .with_row_index("number", offset=1)
        .select(
            pl.format("p{}", pl.col("number").cast(pl.String).str.zfill(6)).alias("payment_id"),
            pl.exclude("number"),
        )
    )


def moment(day: Numbers) -> pl.Series:
    """Days since START as instants, to the second."""
    seconds = pl.Series(np.floor(np.nan_to_num(day) * 86_400).astype(np.int64))
    return pl.select(
        pl.lit(START, pl.Datetime("us", "UTC")) + pl.duration(seconds=pl.lit(seconds))
    ).to_series()


def chargebacks_table(random: np.random.Generator, payments: pl.DataFrame) -> pl.DataFrame:
    """The disputed payments in the order in which they were recorded."""
    disputed = payments.drop_nulls("reported")
    disputed = disputed.filter(pl.Series(random.random(disputed.height) < REPORTED))
    reported = disputed["reported"].to_numpy()
    recorded = reported + 1 + np.minimum(random.gamma(2, 1.2, len(reported)), 13)
    table = disputed.select("payment_id").with_columns(
        moment(reported).alias("reported_at"), moment(recorded).alias("recorded_at")
    )
    known = table.filter(pl.col("recorded_at") < RECORDED_UNTIL)
    return known.sort("recorded_at", "payment_id")


def simulate() -> tuple[pl.DataFrame, pl.DataFrame]:
    """Both tables; the same at every call."""
    random = np.random.default_rng(SEED)
    there = world(random)
    parts = [honest(random, there), *thefts(random, there), *compromises(random, there)]
    paid = payments_table(Payments(*map(np.concatenate, zip(*parts, strict=True))), there)
    return paid.drop("reported"), chargebacks_table(random, paid)


def main() -> None:
    """Write both files."""
    DATA.mkdir(exist_ok=True)
    for name, table in zip(("payments", "chargebacks"), simulate(), strict=True):
        table.write_parquet(DATA / f"{name}.parquet", compression="zstd", compression_level=19)


if __name__ == "__main__":
    main()
