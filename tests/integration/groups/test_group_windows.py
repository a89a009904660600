"""A `window:` is believed only where increments come out as a backfill does, to the last digit."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from polars.testing import assert_frame_equal
from spending import NODE, ROLLING, Payment, Shop

from headway.errors import UserCodeError
from headway.facts.evidence import Evidence, Outcome

CENTS = ROLLING.replace('"2d", closed="both"', '"1d"')
ROUNDED = CENTS.replace('.over("customer")', '.over("customer").round(2)')
RUNNING = ROLLING.replace('.rolling_sum_by("event_time", "2d", closed="both")', ".cum_sum()")


def random_payments(number: int, first: float = 0.0, seed: int = 1) -> list[Payment]:
    """Of three customers, some thirty a day, in cents."""
    chance = random.Random(seed)
    days = sorted(first + chance.randrange(number * 2000) / 60_000 for _ in range(number))
    return [Payment(chance.choice("abc"), day, chance.randrange(1, 100_000) / 100) for day in days]


def of_window(shop: Shop) -> list[Evidence]:
    """What was said of the window, newest first."""
    return [item for _, item in shop.reader.evidence(shop.pointed()) if item.check == "window"]


def as_backfilled(shop: Shop, folder: Path, rows: list[Payment], code: str) -> None:
    fresh = Shop(folder, code)
    fresh.pay(rows)
    fresh.apply()
    assert_frame_equal(shop.rows(), fresh.rows(), check_exact=True)


def test_sums_of_cents_are_computed_in_full_and_never_refused(tmp_path: Path) -> None:
    shop, rows = Shop(tmp_path / "shop", CENTS, "1d"), random_payments(2000)
    shop.pay(rows)
    shop.apply()
    (said,) = of_window(shop)
    assert said.outcome is Outcome.WARN
    assert said.observed.startswith("computed in full: within `window: 1d` the code rounds")
    assert "(customer c, at 2026-" in said.observed
    assert "`total` is" in said.observed
    rows += random_payments(50, first=rows[-1].day + 0.01, seed=2)
    shop.pay(rows)
    shop.apply()
    assert shop.commits()[-1].mode == "full"
    assert of_window(shop)[0].outcome is Outcome.WARN
    as_backfilled(shop, tmp_path / "fresh", rows, CENTS)


def test_an_increment_that_rounds_otherwise_is_computed_in_full(tmp_path: Path) -> None:
    shop, rows = Shop(tmp_path / "shop", CENTS, "1d"), random_payments(2000)
    shop.pay(rows[:40])  # too few to know
    shop.apply()
    assert not of_window(shop)
    for end in (500, 510):
        shop.pay(rows[:end])
        shop.apply()
    assert shop.commits()[-1].mode == "full"
    assert of_window(shop)[0].outcome is Outcome.WARN
    as_backfilled(shop, tmp_path / "fresh", rows[:510], CENTS)


def test_an_increment_that_reads_further_back_is_refused(tmp_path: Path) -> None:
    """Of the first rows nothing could be told: they all lay within one window."""
    shop = Shop(tmp_path / "shop", RUNNING, "1d")
    rows = [Payment("ada", day / 2, 1.5) for day in range(4)]
    shop.pay(rows)
    shop.apply()
    shop.pay([*rows, Payment("ada", 3.5, 1.5), Payment("ada", 4.5, 1.5)])
    with pytest.raises(UserCodeError) as caught:
        shop.apply()
    assert caught.value.code == "ST106"
    assert len(shop.commits()) == 1


@pytest.mark.parametrize(("code", "unit"), [(ROUNDED, 1), (CENTS, 100)])
def test_rounded_features_and_whole_numbers_need_only_their_window(
    tmp_path: Path, code: str, unit: int
) -> None:
    rows = [item._replace(amount=float(round(item.amount * unit, 2))) for item in random_payments(2000)]
    shop = Shop(tmp_path / "shop", code, "1d")
    shop.pay(rows[:1900])
    shop.apply()
    assert of_window(shop)[0].outcome is Outcome.PASS
    shop.pay(rows)
    shop.apply()
    assert shop.commits()[-1].mode == "incremental"
    as_backfilled(shop, tmp_path / "fresh", rows, code)


def test_computing_all_of_it_again_asks_anew_whether_it_rounds(tmp_path: Path) -> None:
    shop, rows = Shop(tmp_path / "shop", CENTS, "1d"), random_payments(300)
    shop.pay(rows)
    shop.apply()
    assert of_window(shop)[0].outcome is Outcome.WARN
    whole = [item._replace(amount=float(round(item.amount))) for item in rows]
    shop.pay(whole)
    shop.apply()
    assert of_window(shop)[0].outcome is Outcome.WARN
    shop.apply(refresh=[NODE])
    assert of_window(shop)[0].outcome is Outcome.PASS
    shop.pay([*whole, Payment("a", rows[-1].day + 0.1, 7.0)])
    shop.apply()
    assert shop.commits()[-1].mode == "incremental"


@pytest.mark.parametrize(
    ("code", "window", "mend"),
    [
        (ROLLING, "1d", "set `window: 2d`, with which the newest rows come out the same"),
        (RUNNING, "1d", "leave `window:` out; no shorter reach than all rows gives the same"),
    ],
)
def test_a_window_that_is_too_short_names_a_row_both_values_and_what_would_do(
    shop: Shop, code: str, window: str, mend: str
) -> None:
    shop.window = window
    shop.code(code)
    shop.pay([Payment("ada", day, 1.5) for day in range(10)])
    with pytest.raises(UserCodeError) as caught:
        shop.apply()
    error = caught.value
    assert error.code == "ST106"
    assert error.what == "`total` reads further back than `window: 1d` says"
    assert mend in error.mend
    (line,) = error.evidence
    assert line.startswith("customer ada, at 2026-03-")
    assert "`total` is" in line
    assert "within `window: 1d`" in line
