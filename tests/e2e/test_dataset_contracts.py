"""A dataset's own contract: what models learn from keeps it, and people are told which contract holds which feature."""

from __future__ import annotations

from pathlib import Path

import customers as shop
import polars as pl
import pytest
from product import Folder, copy_of, post

ASKED = "extra_columns: ignore\ncolumns:\n  per_visit: {type: number, min: 0, max: 150}\n"


@pytest.fixture(scope="module")
def applied_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = shop.begin(tmp_path_factory.mktemp("held") / "shop")
    folder.edit(
        "headway.yaml", "on_demand: shop.asked", "on_demand: shop.asked\n    contract: contracts/asked.yaml"
    )
    (folder.root / "contracts" / "asked.yaml").write_text(ASKED)
    done = folder.run("apply")
    assert done.code == 0, done.err
    return folder.root


@pytest.fixture
def held(applied_once: Path, tmp_path: Path) -> Folder:
    return copy_of(applied_once, tmp_path / "shop")


def test_its_verdict_is_evidence_of_the_dataset(held: Folder) -> None:
    said = held.run("why", "dataset.main").out
    assert "pass    contract  6 checks on 300 rows" in said


def test_features_that_break_it_make_no_dataset(held: Folder) -> None:
    before = held.run("show", "dataset.main").out
    held.edit("contracts/asked.yaml", "max: 150", "max: 50")
    assert "contract.columns.per_visit.max 150 -> 50" in held.run("plan").out
    done = held.run("apply")
    assert done.code == 3
    assert "features of dataset `main`; none is made of them" in done.err
    assert "column `per_visit`: expected between 0 and 50" in done.err
    assert held.run("show", "dataset.main").out == before


def test_what_judges_no_values_of_it_changes_no_release(held: Folder) -> None:
    held.edit("contracts/asked.yaml", "max: 150}", "max: 150, unit: euro, description: what a visit brought}")
    assert "nothing to do" in held.run("plan").out


def test_status_tells_each_feature_its_contract(held: Folder) -> None:
    status = held.run("contract", "status", "--json").json
    (coverage,) = status["coverage"]
    assert coverage["by"] == {
        "contracts/orders.yaml": ["customer", "amount"],
        "contracts/asked.yaml": ["per_visit"],
    }
    assert sorted(coverage["free"]) == ["eager", "eager_for_age", "mail_length"]
    asked = next(item for item in status["contracts"] if item["file"] == "contracts/asked.yaml")
    (node,) = asked["held"]
    assert (node["node"], node["requests"]) == ("dataset.main", ["main"])
    assert [verdict["outcome"] for verdict in node["verdicts"]] == ["pass"]
    said = held.run("contract", "status").out
    assert "dataset.main  3 of 6 features under contract" in said
    assert "no contract: mail_length, eager, eager_for_age" in said


def test_status_shows_as_many_verdicts_as_are_asked_for(held: Folder) -> None:
    held.edit("data/orders.csv", "c1,", "c2,")
    assert held.run("apply").code == 0
    for last, expected in (("1", 1), ("9", 2)):
        status = held.run("contract", "status", "--last", last, "--json").json
        orders = next(item for item in status["contracts"] if item["file"] == "contracts/orders.yaml")
        assert len(orders["held"][0]["verdicts"]) == expected


def test_status_before_the_first_apply_says_what_is_not_known(tmp_path: Path) -> None:
    folder = shop.begin(tmp_path / "shop")
    done = folder.run("contract", "status")
    assert (done.code, done.err) == (0, "")
    assert "never made, so its features are not known yet" in done.out
    assert "judged nothing yet" in done.out


@pytest.mark.parametrize(
    ("contract", "said"),
    [
        ("columns: {late: {type: number}}", "is the label"),
        ("columns: {per_visit: {type: integer}}", "a feature is a number or a text"),
        ("columns: {per_visit: {type: number, default: 1.0}}", "changes nothing"),
        ("columns: {per_visit: {type: number, max: 9, policy: {batch: quarantine}}}", "quarantine"),
        ("columns: {per_visit: {type: number, tags: [pii]}}", "bears tags"),
        ("columns: {per_visit: {type: number}}\nrepeated_content: reject", "is about files"),
    ],
)
def test_what_a_dataset_cannot_keep_is_a_fault_at_its_line(held: Folder, contract: str, said: str) -> None:
    (held.root / "contracts" / "asked.yaml").write_text(contract + "\n")
    done = held.run("check")
    assert done.code == 2
    assert said in done.err
    assert "datasets.main.contract" in done.err


def test_a_feature_that_it_names_and_nobody_computes_is_missing(held: Folder) -> None:
    (held.root / "contracts" / "asked.yaml").write_text(ASKED + "  per_day: {type: number}\n")
    done = held.run("apply")
    assert done.code == 3
    assert "`per_day`" in done.err


def test_check_names_computed_features_that_nothing_holds(tmp_path: Path) -> None:
    folder = shop.begin(tmp_path / "shop")
    assert "feature_group.contact, dataset.main" in folder.run("check").out


# -- at a request, and in a batch ----------------------------------------------------------------

ORDER = {"at": "2026-02-01T12:00:00Z", "customer": "c7", "amount": 80.0}
DEAR = ORDER | {"amount": 9_000.0}
"""Within the contract of a request; `per_visit` is 4,500."""
BATCHES = """
batches:
  nightly: {model: main, rows: tomorrow, to: tables/nightly.parquet}
"""


def test_what_is_computed_of_a_request_is_held_to_it(held: Folder) -> None:
    with held.serving() as url:
        assert post(f"{url}/predict/main", ORDER)[0] == 200
        status, body = post(f"{url}/predict/main", DEAR)
        assert status == 422
        assert body["code"] == "DC010"
        assert body["faults"] == [{"field": "computed[0].per_visit", "reason": body["faults"][0]["reason"]}]
        assert post(f"{url}/predict/main", {"rows": [ORDER, ORDER]})[0] == 200
        status, body = post(f"{url}/predict/main", {"rows": [ORDER, DEAR]})
        assert (status, body["faults"][0]["field"]) == (422, "computed[1].per_visit")
    refused = held.run("predictions", "--refused", "--json").json
    assert {"column": "per_visit", "rule": "max"} in [
        fault for item in refused["refused"] for fault in item["faults"]
    ]
    assert "4500" not in held.run("predictions", "--refused").out


def test_what_only_warns_is_answered_and_logged(held: Folder) -> None:
    held.edit("contracts/asked.yaml", "max: 150", "max: 150, policy: {request: warn}")
    assert held.run("apply").code == 0
    with held.serving() as url:
        assert post(f"{url}/predict/main", DEAR)[0] == 200
    (logged,) = held.run("predictions", "--json").json["predictions"]
    assert [item["columns"] for item in logged["verdict"]["warned"]] == [["per_visit"]]


def test_a_narrower_one_is_another_release(held: Folder) -> None:
    before = held.run("show", "endpoint.main", "--json").json["digest"]
    held.edit("contracts/asked.yaml", "max: 150", "max: 120")
    assert held.run("apply").code == 0
    assert held.run("show", "endpoint.main", "--json").json["digest"] != before


def tomorrow(held: Folder, text: str) -> Path:
    """A batch of these rows; returns their file."""
    (held.root / "contracts" / "tomorrow.yaml").write_text(
        shop.ORDERS.replace("  late: {type: boolean}\n", "")
    )
    held.edit(
        "headway.yaml",
        "sources:\n",
        "sources:\n  tomorrow: {load: data/tomorrow.csv, contract: contracts/tomorrow.yaml}\n",
    )
    file = held.root / "headway.yaml"
    file.write_text(file.read_text() + BATCHES)
    rows = held.root / "data" / "tomorrow.csv"
    rows.write_text(text)
    return rows


def test_a_batch_of_which_it_refuses_a_row_writes_nothing_or_sets_it_aside(held: Folder) -> None:
    rows = tomorrow(held, "at,customer,amount\n2026-02-01T12:00:00Z,c7,80\n2026-02-01T12:00:00Z,c7,9000\n")
    done = held.run("predict", "nightly")
    assert done.code == 3
    assert "BA013" in done.err
    assert "what is computed of 1 of 2 rows breaks the contract of the features" in done.err
    assert "row 2: computed per_visit: 9000" in done.err
    assert held.run("predictions", "--json").json["predictions"] == []
    assert not (held.root / "tables" / "nightly.parquet").exists()
    held.edit("headway.yaml", "nightly.parquet}", "nightly.parquet, on_bad_rows: skip}")
    rows.write_text(
        "at,customer,amount\n2026-02-01T12:00:00Z,c7,80\n2026-02-01T12:00:00Z,c7,-1\n"
        "2026-02-01T12:00:00Z,c7,9000\n2026-02-01T12:00:00Z,c7,90\n"
    )
    done = held.run("predict", "nightly", "--json")
    assert (done.code, done.json["kept"], done.json["rejected"]) == (0, 2, 2), done.err
    aside = pl.read_parquet(held.root / "tables" / "nightly.rejected.parquet")
    assert aside["rejected_row"].to_list() == [2, 3]
    assert aside["amount"].to_list() == [-1.0, 9000.0]
    assert "computed per_visit: 9000" in aside["rejected_reason"][1]
    amounts = [one["sent"]["amount"] for one in held.run("predictions", "--json").json["predictions"]]
    assert amounts == [80.0, 90.0]


def test_what_is_computed_of_a_personal_value_is_not_shown(held: Folder) -> None:
    tomorrow(held, "at,customer,amount\n2026-02-01T12:00:00Z,c7,9000\n2026-02-01T12:00:00Z,c7,80\n")
    held.edit("contracts/orders.yaml", "amount: {", "amount: {tags: [pii], ")
    done = held.run("predict", "nightly")
    assert "row 1: computed per_visit: [pii], by `max`" in done.err
    assert "9000" not in done.err + done.out
