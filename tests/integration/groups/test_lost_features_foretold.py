"""A plan says that a feature was dropped under the same version, before any code runs."""

from __future__ import annotations

import pytest
from spending import NODE, PLAIN, Payment, Shop

from headway.errors import SpecError

ADA = [Payment("ada", 1, 10.0), Payment("ada", 2, 20.0)]
ONE = "def spent(amount):\n    return amount\n"
READERS = """\
datasets:
  main:
    rows: payments
    predict_at: at
    label: {column: amount, known: 1d}
    request: [at, customer]
    features: [spend.*]
    split: {by: hash, train: 60%, validate: 20%, test: 20%}
"""


def foretold(shop: Shop) -> list[str]:
    return [notice for notice in shop.plan().notices if "ST107" in notice]


@pytest.fixture
def applied(shop: Shop) -> Shop:
    shop.pay(ADA)
    shop.apply()
    return shop


def test_a_dropped_feature_is_foretold_and_then_refused(applied: Shop) -> None:
    applied.code(ONE)
    assert foretold(applied) == [
        f"apply will refuse {NODE} (ST107): `is_large` is gone in version 1; set `version: 2`, or bring it back"
    ]
    with pytest.raises(SpecError) as caught:
        applied.apply()
    assert caught.value.code == "ST107"


def test_whoever_reads_the_group_is_named(applied: Shop) -> None:
    applied.code(ONE)
    path = applied.root / "headway.yaml"
    path.write_text(path.read_text() + READERS)
    assert "gone in version 1, which dataset.main reads;" in foretold(applied)[0]


@pytest.mark.parametrize(
    "code",
    [
        PLAIN + "\n\ndef twice(amount):\n    return 2 * amount\n",
        PLAIN.replace("> 50", "> 40"),
        "from functools import cache as kept\n\n\n@kept\ndef spent(amount):\n    return amount\n",
    ],
)
def test_what_is_no_loss_or_cannot_be_told_is_not_foretold(applied: Shop, code: str) -> None:
    applied.code(code)
    assert foretold(applied) == []


def test_another_version_may_drop_what_it_likes(applied: Shop) -> None:
    applied.bump()
    applied.code(ONE)
    assert foretold(applied) == []
    applied.apply()


def test_code_that_made_a_table_of_this_version_may_come_back(shop: Shop) -> None:
    shop.code(ONE)
    shop.pay(ADA)
    shop.apply()
    shop.code(PLAIN)
    shop.apply()
    shop.code(ONE)
    shop.pay([*ADA, Payment("bob", 3, 5.0)])
    assert foretold(shop) == []
    shop.apply()
    assert shop.commits()[-1].table == "shop.spend/v1"
