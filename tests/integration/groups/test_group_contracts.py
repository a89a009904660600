"""A feature group's own contract: what breaks it is not committed, and the commit says what it found."""

from __future__ import annotations

import pytest
from spending import NODE, ROLLING, Payment, Shop

from headway.api.groups import restore
from headway.errors import ContractError, SpecError

ADA = [Payment("ada", 1, 10.0), Payment("ada", 2, 20.0)]
CONTRACT = """\
columns:
  customer: {type: text, matches: "^[a-z]+$"}
  spent: {type: number, max: 100}
  is_large: {type: number, in: [0.0, 1.0]}
"""


def declare(shop: Shop, contract: str = CONTRACT) -> None:
    (shop.root / "spend.yaml").write_text(contract)
    path = shop.root / "headway.yaml"
    if "spend.yaml" not in path.read_text():
        path.write_text(
            path.read_text().replace("key: [customer],", "key: [customer], contract: spend.yaml,")
        )


def verdicts(shop: Shop) -> list[str]:
    found = shop.reader.evidence(shop.pointed())
    return [str(item.outcome) for _, item in found if item.check == "contract"]


def test_rows_that_keep_it_are_committed_and_the_commit_says_so(shop: Shop) -> None:
    declare(shop)
    shop.pay(ADA)
    shop.apply()
    assert [commit.contract for commit in shop.commits()] == ["pass"]
    assert verdicts(shop) == ["pass"]


def test_rows_that_break_it_leave_table_and_pointer_as_they_were(shop: Shop) -> None:
    declare(shop)
    shop.pay(ADA)
    shop.apply()
    before, pointed = shop.commits(), shop.pointed()
    tables = shop.workspace.tables()
    versions = tables.versions("shop.spend/v1")
    shop.pay([*ADA, Payment("bob", 3, 101.0)])
    with pytest.raises(ContractError) as caught:
        shop.apply()
    assert caught.value.code == "DC003"
    assert "feature group `spend`" in str(caught.value)
    assert (shop.commits(), shop.pointed()) == (before, pointed)
    assert tables.versions("shop.spend/v1") == versions


def test_a_first_computation_that_breaks_it_makes_no_table(shop: Shop) -> None:
    declare(shop)
    shop.pay([Payment("ADA", 1, 10.0)])
    with pytest.raises(ContractError):
        shop.apply()
    assert not (shop.root / ".headway" / "tables").exists()


def test_an_increment_is_judged_with_the_rows_that_stay(shop: Shop) -> None:
    shop.window = "2d"
    shop.code(ROLLING)
    declare(
        shop,
        "columns: {customer: {type: text}, amount: {type: number, unique: true}, total: {type: number}}\n",
    )
    shop.pay([*ADA, Payment("ada", 20, 30.0)])
    shop.apply()
    shop.pay([*ADA, Payment("ada", 20, 30.0), Payment("ada", 40, 40.0)])
    shop.apply()
    assert [(commit.mode, commit.contract) for commit in shop.commits()][1:] == [("incremental", "pass")]
    shop.pay([*ADA, Payment("ada", 20, 30.0), Payment("ada", 40, 40.0), Payment("ada", 60, 10.0)])
    with pytest.raises(ContractError):
        shop.apply()
    assert len(shop.commits()) == 2


def test_another_contract_judges_again_and_makes_no_other_table(shop: Shop) -> None:
    declare(shop)
    shop.pay(ADA)
    shop.apply()
    declare(shop, CONTRACT.replace("max: 100", "max: 200"))
    shop.pay([*ADA, Payment("bob", 3, 150.0)])
    shop.apply()
    assert [(commit.mode, commit.table) for commit in shop.commits()] == [
        ("first", "shop.spend/v1"),
        ("full", "shop.spend/v1"),
    ]
    declare(shop, CONTRACT.replace("max: 100", "max: 149"))
    with pytest.raises(ContractError):
        shop.apply()


def test_rows_that_break_the_contract_of_now_are_not_brought_back(shop: Shop) -> None:
    shop.pay([*ADA, Payment("bob", 3, 150.0)])
    shop.apply()
    declare(shop)
    shop.pay(ADA)
    shop.apply()
    with pytest.raises(ContractError):
        restore(shop.root, "spend@1", why="")
    assert len(shop.commits()) == 2
    assert shop.pointed() == shop.commits()[-1].commit


@pytest.mark.parametrize(
    ("contract", "said"),
    [
        ("columns: {spent: {type: number}}", "no column `customer`"),
        (CONTRACT + "  paid: {type: integer}", "a feature is a number or a text"),
        (CONTRACT + "  event_time: {type: date}", "is of type date"),
        (CONTRACT.replace("max: 100", "default: 1.0"), "changes nothing"),
        (CONTRACT.replace("max: 100", "max: 9, policy: {batch: quarantine}"), "quarantine"),
        (CONTRACT.replace("max: 100", "tags: [pii]"), "bears tags"),
        (CONTRACT + "repeated_content: reject", "is about files"),
    ],
)
def test_what_a_group_cannot_keep_is_a_fault_at_its_line(shop: Shop, contract: str, said: str) -> None:
    declare(shop, contract)
    shop.pay(ADA)
    with pytest.raises(SpecError) as caught:
        shop.apply()
    assert said in str(caught.value)
    assert "headway.yaml" in str(caught.value)


def test_a_contract_that_is_not_there_is_a_fault(shop: Shop) -> None:
    declare(shop)
    (shop.root / "spend.yaml").unlink()
    shop.pay(ADA)
    with pytest.raises(SpecError, match=r"feature_groups\.spend\.contract"):
        shop.apply()


def test_a_contract_is_part_of_what_the_node_is_made_of(shop: Shop) -> None:
    declare(shop)
    shop.pay(ADA)
    shop.apply()
    declare(shop, CONTRACT.replace("max: 100", "max: 200"))
    step = next(step for step in shop.plan().steps if step.node == NODE)
    assert step.status == "stale"
