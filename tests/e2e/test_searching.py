"""Features are found before they are written a second time: typed as a person types them."""

from __future__ import annotations

import shutil
from pathlib import Path

import customers as shop
import pytest
from product import Folder


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """A workspace of two products: a shop that was applied, and one that is broken beside it."""
    root = tmp_path_factory.mktemp("shops")
    folder = shop.begin(root / "shop")
    assert folder.run("apply").code == 0
    other = shop.begin(root / "market")
    other.edit("headway.yaml", "product: shop", "product: market")
    other.edit(
        "headway.yaml", "description: what a customer told of himself", "description: addresses of merchants"
    )
    broken = root / "broken"
    broken.mkdir()
    (broken / "headway.yaml").write_text("product: broken\nmodels: {a: {}}\n")
    return folder


def names(folder: Folder, *words: str) -> list[str]:
    found = folder.run("search", *words, "--json")
    assert found.code == 0, found.err
    return [f"{item['product']}/{item['name']}" for item in found.json["results"]]


def test_a_feature_is_found_by_a_mistyped_name_with_who_reads_it_and_how_fresh_it_is(opened: Folder) -> None:
    done = opened.run("search", "mial", "lenght", "--kind", "feature")
    assert done.code == 0
    first, about, readers = done.out.splitlines()[:3]
    assert first == "shop/feature_group.contact: mail_length  (feature)  letters of the address"
    assert "version 1; commit 1 of 20" in about
    assert "tags weak; carries crm, licence:own, pii" in about
    assert readers.strip() == "read by dataset.main, model.main, evaluation.main, endpoint.main; in dev"


@pytest.mark.parametrize(
    ("words", "first"),
    [
        (["merchants"], "market/feature_group.contact"),
        (["himself"], "shop/feature_group.contact"),
        (["contact"], "shop/feature_group.contact"),
        (["contact", "market"], "market/feature_group.contact"),
        (["email"], "shop/source.customers: email"),
        (["per", "visit"], "shop/dataset.main: per_visit"),
    ],
)
def test_the_best_fit_comes_first(opened: Folder, words: list[str], first: str) -> None:
    assert names(opened, *words)[0] == first


def test_a_tag_finds_what_bears_it_and_what_carries_it(opened: Folder) -> None:
    found = names(opened, "shop", "--tag", "pii", "--kind", "feature")
    assert found == ["shop/feature_group.contact: eager_for_age", "shop/feature_group.contact: mail_length"]
    assert names(opened, "shop", "--tag", "licence", "--tag", "consent", "--kind", "source") == [
        "shop/source.orders"
    ]


def test_the_list_is_bounded_and_says_how_many_there_are(opened: Folder) -> None:
    done = opened.run("search", "--limit", "3")
    assert done.code == 0
    assert done.out.splitlines()[-1].startswith("and ")
    assert len(opened.run("search", "--limit", "3", "--json").json["results"]) == 3


def test_a_broken_product_beside_is_left_out_by_name_and_nothing_is_written(opened: Folder) -> None:
    market = opened.root.parent / "market"
    done = opened.run("search", "contact")
    assert (
        f"note: {opened.root.parent / 'broken' / 'headway.yaml'} is left out: `headway.yaml` has 1 fault"
        in done.err
    )
    assert not (market / ".headway").exists()
    assert (
        Folder(opened.root.parent).run("search", "merchants").out.startswith("market/feature_group.contact")
    )


def test_what_is_not_there_is_said(opened: Folder, tmp_path: Path) -> None:
    done = opened.run("search", "zeppelin")
    assert (done.code, done.out) == (0, "nothing is found in shop, market\n")
    assert opened.run("search", "a", "--kind", "feture").code == 2
    assert Folder(tmp_path).run("search", "a").code == 2
    shutil.copytree(opened.root.parent / "broken", tmp_path / "broken")
    assert Folder(tmp_path / "broken").run("search", "a").code == 2
