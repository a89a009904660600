"""Which asset may change in its data and in its description, how it is versioned, and how it is made again."""

from __future__ import annotations

import sqlite3

import pytest
from lending import Lending

from headway.engine.reproduction.reproduce import reproduce
from headway.errors import EngineError
from headway.facts.fact import Made

GROUP = "feature_group.spend"


# -- mutability: data, and description ---------------------------------------------------------


def test_a_groups_data_is_mutable_and_every_state_of_it_is_kept(product: Lending) -> None:
    product.pay(30)
    product.apply()
    first, second = product.commits()
    assert (first.rows, second.rows, second.deleted) == (60, 30, 30)
    assert product.rows(first.commit).height == 60


def test_a_groups_commit_is_not_mutable(product: Lending) -> None:
    artifact = product.artifact(GROUP)
    path = product.root / ".headway" / "tables" / artifact.table / artifact.files[0].name
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    with pytest.raises(EngineError) as caught:
        product.rows(artifact.digest)
    assert caught.value.code == "ST102"


@pytest.mark.parametrize(("node", "file"), [("dataset.main", "rows.parquet"), ("model.main", "model.onnx")])
def test_training_data_and_models_are_not_mutable(product: Lending, node: str, file: str) -> None:
    stored = product.artifact(node).file(file)
    blobs = product.workspace.blobs()
    path = blobs.path(stored.digest)
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    with pytest.raises(EngineError) as caught:
        blobs.read(stored.digest)
    assert caught.value.code == "ST004"


def test_a_deployment_is_mutable_a_pointer_that_moves(product: Lending) -> None:
    before = product.pointers()["endpoint.main"]
    product.edit("headway.yaml", "seed: 7}", "seed: 7, params: {C: 0.1}}")
    product.apply()
    assert product.pointers()["endpoint.main"] != before
    product.roll_back("dev")
    assert product.pointers()["endpoint.main"] == before


def test_what_happened_is_not_mutable(product: Lending) -> None:
    ledger = sqlite3.connect(product.workspace.ledger)
    for statement in ("UPDATE fact SET body = '{}'", "DELETE FROM fact"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            ledger.execute(statement)
    ledger.close()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("spend: {version: 1,", "spend: {version: 1, description: money, tags: [pay],"),
        ("orders: {load: orders.parquet,", "orders: {load: orders.parquet, description: what is ordered,"),
        ("product: shop", "product: shop\nowner: somebody else\ngoal: another"),
        ("main: {model: main}", "main: {model: main, description: answers}"),
    ],
)
def test_every_description_is_mutable_and_changes_nothing_that_is_made(
    product: Lending, before: str, after: str
) -> None:
    path = product.root / "headway.yaml"
    text = path.read_text()
    assert before in text
    place = text.rindex(before)
    path.write_text(text[:place] + after + text[place + len(before) :])
    pointers = product.pointers()
    assert product.apply().executed == ()
    assert product.pointers() == pointers


# -- versions, and how each is made again ------------------------------------------------------


def test_a_group_has_versions_of_its_schema_and_of_its_data(product: Lending) -> None:
    product.pay(61)
    product.apply()
    product.edit("headway.yaml", "spend: {version: 1", "spend: {version: 2")
    product.apply()
    assert [(commit.version, commit.number) for commit in product.commits()] == [(1, 1), (1, 2), (2, 3)]


def test_a_selection_has_no_data_of_its_own_and_the_same_commits_give_the_same_rows(product: Lending) -> None:
    dataset = product.pointers()["dataset.main"]
    product.apply(refresh=["dataset.main"])
    assert product.pointers()["dataset.main"] == dataset


@pytest.mark.parametrize("node", [GROUP, "dataset.main", "model.main"])
def test_what_was_made_is_made_again_from_what_it_was_made_of(product: Lending, node: str) -> None:
    """Although code and data have changed since."""
    wanted = product.pointers()[node]
    product.edit("shop/spend.py", "* 1.0", "* 5.0")
    product.pay(20)
    found = reproduce(product.workspace, wanted[:16])
    assert found.verdict in ("equal", "equal in behaviour"), found.reasons


def test_a_group_that_was_computed_in_increments_is_made_again_in_full(product: Lending) -> None:
    product.edit("headway.yaml", "columns: shop.spend}", "columns: shop.spend, window: 1h}")
    product.apply()
    product.pay(70)
    product.apply()
    assert product.commits()[-1].mode == "incremental"
    found = reproduce(product.workspace, product.pointers()[GROUP][:16])
    assert found.verdict == "equal"


def test_a_model_version_is_made_by_success_alone_and_recorded_once(product: Lending) -> None:
    facts = product.workspace.open_reader().facts(kinds=("artifact",))
    models = [fact.body for fact in facts if isinstance(fact.body, Made) and fact.body.node == "model.main"]
    product.apply()
    assert len(models) == 1


def test_a_deployment_has_no_version_but_the_release_that_it_points_at(product: Lending) -> None:
    assert product.model().release == product.pointers()["endpoint.main"]
