"""Commits of a feature group: what each holds, when there is none, what a crash or a changed byte does."""

from __future__ import annotations

import pytest
from spending import NODE, PLAIN, ROLLING, Payment, Shop

from headway.errors import SpecError, UserCodeError

ADA = [Payment("ada", 1, 10.0), Payment("ada", 2, 20.0)]
BOB = [Payment("bob", 1, 30.0)]


def counts(shop: Shop) -> list[tuple[int, int, int]]:
    return [(item.added, item.updated, item.deleted) for item in shop.commits()]


def test_rows_that_come_change_and_go_are_commits_with_their_counts(shop: Shop) -> None:
    shop.pay(ADA)
    shop.apply(who="ada")
    shop.pay([ADA[0], Payment("ada", 2, 99.0), *BOB])
    shop.apply(who="bob")
    shop.pay(BOB)
    shop.apply()
    assert counts(shop) == [(2, 0, 0), (1, 1, 0), (0, 0, 2)]
    first, second, third = shop.commits()
    assert (first.who, second.who) == ("ada", "bob")
    assert (first.parent, second.parent, third.parent) == (None, first.commit, second.commit)
    assert [item.number for item in shop.commits()] == [1, 2, 3]
    assert {item.table for item in shop.commits()} == {"shop.spend/v1"}
    assert shop.rows(first.commit)["spent"].to_list() == [10.0, 20.0]
    assert shop.rows(second.commit)["spent"].to_list() == [10.0, 99.0, 30.0]
    assert shop.rows()["spent"].to_list() == [30.0]


def test_a_recompute_that_changes_no_row_makes_no_commit(shop: Shop) -> None:
    shop.pay(ADA)
    shop.apply()
    shop.apply(refresh=[NODE])
    shop.pay([ADA[1], ADA[0]])  # the same payments in another order: another file, the same rows
    assert NODE in shop.apply().executed
    shop.code(PLAIN.replace("return amount > 50", "return 50 < amount"))
    assert NODE in shop.apply().executed
    assert counts(shop) == [(2, 0, 0)]
    assert not shop.plan().todo


def test_changed_code_that_changes_rows_makes_another_table_and_keeps_the_old(shop: Shop) -> None:
    shop.pay(ADA)
    shop.apply()
    shop.code(PLAIN.replace("amount > 50", "amount > 15"))
    shop.apply()
    first, second = shop.commits()
    assert (first.table, second.table) == ("shop.spend/v1", "shop.spend/v1.2")
    assert (second.mode, second.parent, second.added) == ("backfill", None, 2)
    assert shop.rows(first.commit)["is_large"].to_list() == [0.0, 0.0]
    assert shop.rows(second.commit)["is_large"].to_list() == [0.0, 1.0]
    shop.code(PLAIN)
    shop.pay([*ADA, *BOB])
    shop.apply()
    assert shop.commits()[-1].table == "shop.spend/v1", "the old meaning goes on where it was"
    assert counts(shop)[-1] == (1, 0, 0)


def test_a_new_version_is_backfilled_beside_the_old(shop: Shop) -> None:
    shop.pay(ADA)
    shop.apply()
    shop.bump()
    shop.apply()
    assert [item.table for item in shop.commits()] == ["shop.spend/v1", "shop.spend/v2"]
    assert shop.commits()[-1].mode == "backfill"
    assert shop.rows(shop.commits()[0].commit).height == 2


def test_a_dropped_feature_needs_a_new_version(shop: Shop) -> None:
    shop.pay(ADA)
    shop.apply()
    shop.code(PLAIN.partition("def is_large")[0])
    with pytest.raises(SpecError) as caught:
        shop.apply()
    assert caught.value.code == "ST107"
    shop.bump()
    shop.apply()
    assert shop.rows().columns[-1] == "spent"


def test_a_feature_more_needs_none(shop: Shop) -> None:
    shop.pay(ADA)
    shop.apply()
    shop.code(PLAIN + "\n\ndef doubled(amount):\n    return 2 * amount\n")
    shop.apply()
    assert shop.rows()["doubled"].to_list() == [20.0, 40.0]
    assert "doubled" not in shop.rows(shop.commits()[0].commit).columns


@pytest.mark.parametrize("fault", ["changed", "missing"])
def test_a_damaged_data_file_is_tainted_and_healed_to_the_same_commit(shop: Shop, fault: str) -> None:
    shop.pay(ADA)
    shop.apply()
    shop.pay([*ADA, *BOB])
    shop.apply()
    before, rows = shop.pointed(), shop.rows()
    path = shop.files()[0]
    if fault == "missing":
        path.unlink()
    else:
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
    (step,) = [step for step in shop.plan().steps if step.node == NODE]
    assert step.causes[0].kind == "tainted"
    assert fault in step.causes[0].about
    shop.apply()
    assert not shop.plan().todo
    assert shop.pointed() == before
    assert shop.rows().equals(rows)
    assert len(shop.commits()) == 2


def test_code_that_reads_further_back_than_its_window_is_refused(shop: Shop) -> None:
    shop.window = "1d"
    shop.code(ROLLING)
    shop.pay([Payment("ada", day, 1.0) for day in range(10)])
    with pytest.raises(UserCodeError) as caught:
        shop.apply()
    assert caught.value.code == "ST106"
    shop.window = "2d"
    shop.declare()
    shop.apply()
    assert shop.rows()["total"].to_list()[:4] == [1.0, 2.0, 3.0, 3.0]


def test_only_what_can_have_changed_is_computed(shop: Shop) -> None:
    shop.window = "2d"
    shop.code(ROLLING)
    days = [Payment("ada", day, 1.0) for day in range(20)]
    shop.pay(days)
    shop.apply()
    shop.pay([*days, Payment("ada", 20, 5.0), Payment("bob", 12.5, 7.0, late=1.0)])
    shop.apply()
    assert shop.commits()[-1].mode == "incremental"
    assert counts(shop)[-1] == (2, 0, 0)
    shop.pay([*days[:10], days[10]._replace(amount=100.0), *days[11:]])
    shop.apply()
    assert shop.commits()[-1].mode == "incremental"
    assert counts(shop)[-1] == (0, 3, 2)
