"""The nine challenges of versioning an ML product: what each event must do, and what it must leave alone."""

from __future__ import annotations

import pytest
from lending import Lending

from headway.errors import SpecError

GROUP = "feature_group.spend"


def test_1_a_new_run_of_the_feature_pipeline_is_a_commit(product: Lending) -> None:
    product.pay(63)
    product.apply()
    first, second = product.commits()
    assert (second.added, second.updated, second.deleted) == (3, 0, 0)
    assert second.table == first.table, "data is versioned by commits, not by tables"
    assert product.pointers()[GROUP] == second.commit


def test_2_a_changed_computation_is_a_new_table_with_a_backfill(product: Lending) -> None:
    product.edit("shop/spend.py", "* 1.0", "* 2.0")
    product.apply()
    first, second = product.commits()
    assert second.table != first.table
    assert (second.mode, second.rows) == ("backfill", first.rows)
    doubled = [2 * value for value in product.rows(first.commit)["spent"]]
    assert product.rows(second.commit)["spent"].to_list() == doubled


def test_3_a_breaking_schema_needs_a_new_version_and_is_backfilled(product: Lending) -> None:
    product.edit("shop/spend.py", "def spent", "def paid")
    product.edit("shop/asked.py", "spent", "paid")
    with pytest.raises(SpecError, match=r"`spent` is gone.*dataset `main`"):
        product.apply()
    assert len(product.commits()) == 1
    product.edit("headway.yaml", "spend: {version: 1", "spend: {version: 2")
    product.apply()
    assert [commit.table for commit in product.commits()] == ["shop.spend/v1", "shop.spend/v2"]
    assert product.commits()[1].rows == product.commits()[0].rows


def test_an_appended_feature_needs_no_new_version_and_old_readers_keep_working(product: Lending) -> None:
    product.promote()
    before, features = product.answer("staging"), product.pointers("staging")[GROUP]
    product.edit("shop/spend.py", "* 1.0\n", "* 1.0\n\n\ndef twice(amount):\n    return 2.0 * amount\n")
    product.apply()
    assert "twice" in product.rows(product.pointers()[GROUP]).columns
    assert {commit.table[: len("shop.spend/v1")] for commit in product.commits()} == {"shop.spend/v1"}
    assert product.answer("staging") == before
    assert product.pointers("staging")[GROUP] == features
    product.roll_back("dev")
    assert product.answer() == before


def test_4_a_training_run_that_succeeds_is_a_new_model_version(product: Lending) -> None:
    product.edit(
        "shop/training.py", "return make_pipeline", "raise ValueError('no luck')\n    return make_pipeline"
    )
    with pytest.raises(Exception, match="no luck"):
        product.apply()
    assert len(product.outputs("model.main")) == 1, "a failed run makes none"
    product.edit("shop/training.py", "raise ValueError('no luck')\n    ", "")
    product.edit("headway.yaml", "seed: 7}", "seed: 7, params: {C: 0.1}}")
    product.apply()
    assert len(product.outputs("model.main")) == 2


def test_5_a_deployment_finds_its_features_by_key(product: Lending) -> None:
    """The model that is embedded; a server that looks up live rows is in `tests/e2e/test_online_features.py`."""
    model = product.model()
    assert model.columns == ("at", "customer", "amount"), "what the caller sends, and nothing of the group"
    rows = product.rows(product.commits()[0].commit).filter(customer="c1")
    before = product.answer()
    product.pay(60, factor=5.0)
    product.apply(only=[GROUP])
    assert product.answer() == before, "a deployment keeps the features that it was released with"
    assert rows.height


def test_6_model_specific_transforms_are_the_same_in_training_and_serving(product: Lending) -> None:
    release, model = product.artifact("endpoint.main"), product.artifact("model.main")
    inside = {file.name: file.digest for file in release.files}
    assert model.file("model.onnx").digest in inside.values(), (
        "encoder and imputer travel in the model's graph"
    )
    before = product.answer()
    product.edit("shop/training.py", "SimpleImputer()", "SimpleImputer(add_indicator=True)")
    product.edit("shop/training.py", "OneHotEncoder(", "OneHotEncoder(max_categories=2, ")
    assert product.answer() == before, "an edit reaches no release"
    product.apply()
    assert product.answer() != before


def test_7_on_demand_code_is_the_same_version_in_training_and_serving(product: Lending) -> None:
    release, dataset = product.artifact("endpoint.main"), product.artifact("dataset.main")
    assert dataset.file("code.zip").digest in {file.digest for file in release.files}
    before = product.answer()
    product.edit("shop/asked.py", "1.0 + spent", "9.0 + spent")
    assert product.answer() == before, "an edit reaches no release"
    assert product.apply().moved is not None
    assert product.artifact("dataset.main").meta["code"] != dataset.meta["code"]


def test_8_two_versions_are_served_side_by_side(product: Lending) -> None:
    """In two environments; two variants of one endpoint are not built yet."""
    product.promote()
    before = product.answer("staging")
    product.edit("shop/spend.py", "* 1.0", "* 7.0")
    product.edit("headway.yaml", "seed: 7}", "seed: 7, params: {C: 0.01}}")
    product.apply()
    assert product.answer("staging") == before
    assert product.answer("dev") != before
    assert product.pointers("dev")[GROUP] != product.pointers("staging")[GROUP]


def test_9_an_upgrade_and_a_rollback_move_model_and_features_together(product: Lending) -> None:
    old, before = product.pointers(), product.answer()
    product.edit("shop/spend.py", "* 1.0", "* 3.0")
    product.edit("headway.yaml", "seed: 7}", "seed: 7, params: {C: 0.01}}")
    product.apply()
    new = product.pointers()
    for node in ("model.main", GROUP, "dataset.main", "endpoint.main"):
        assert new[node] != old[node]
    product.roll_back("dev")
    assert product.pointers() == old
    assert product.answer() == before


def test_another_known_time_of_a_source_reaches_every_join(product: Lending) -> None:
    """The source's rows are the same; what may be known of them at a moment is not."""
    before = product.commits()[-1]
    times = "payments: {load: payments.parquet, event_time: at, known: "
    product.edit("headway.yaml", times + "1h", times + "9h")
    assert "feature_group.spend" in product.apply().executed
    later = (
        product.rows(product.commits()[-1].commit)["known_time"] - product.rows(before.commit)["known_time"]
    )
    assert {span.total_seconds() for span in later} == {8 * 3600.0}
