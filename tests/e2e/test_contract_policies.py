"""A contract's policies at work: rows set aside and accounted for, warnings kept, stale and foreign data refused."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from headway.engine.converge import converge
from headway.engine.events import unheard
from headway.errors import ContractError, EngineError
from headway.facts.artifacts import Artifact
from headway.facts.evidence import Evidence, Outcome
from headway.store.workspace import Workspace

PRODUCT = """
product: shop
environments: {dev: {}}
sources:
  rows: {load: %s, contract: contracts/rows.yaml}
"""
CONTRACT = """
columns:
  id: {type: integer, unique: true}
  km: {type: number, min: 0, policy: {batch: quarantine}}
  kind: {type: text, in: [a, other], unknown_category: {map_to: other}}
  late: {type: boolean, default: false}
"""
CLEAN = "id,km,kind\n1,1.5,a\n2,2.5,a\n3,3.5,a\n"
DIRTY = "id,km,kind\n1,1.5,a\n2,-2.5,a\n3,3.5,z\n4,-1,a\n"


class Shop:
    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "contracts").mkdir()
        (root / "data").mkdir()

    def apply(self, contract: str, text: str, load: str = "data/rows.csv") -> None:
        (self.root / "headway.yaml").write_text(PRODUCT % load)
        (self.root / "contracts" / "rows.yaml").write_text(contract)
        (self.root / "data" / "rows.csv").write_text(text)
        self.again()

    def again(self) -> None:
        converge(self.root / "headway.yaml", "dev", who="tester", only=(), refresh=(), why="", report=unheard)

    @property
    def artifact(self) -> Artifact:
        reader = Workspace(self.root).open_reader()
        found = reader.artifact(reader.environment("dev").pointers["source.rows"])
        assert found is not None
        return found

    def table(self, name: str) -> pl.DataFrame:
        digest = self.artifact.file(name).digest
        return pl.read_parquet(Workspace(self.root).blobs().path(digest))

    def evidence(self, check: str) -> Evidence:
        found = Workspace(self.root).open_reader().evidence(self.artifact.digest)
        return next(item for _, item in reversed(found) if item.check == check)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def test_broken_rows_are_set_aside_with_reasons_and_every_row_is_accounted_for(shop: Shop) -> None:
    shop.apply(CONTRACT, DIRTY)
    assert shop.table("rows.parquet")["id"].to_list() == [1, 3]
    aside = shop.table("quarantine.parquet")
    assert aside["_row"].to_list() == [2, 4]
    assert aside["_reasons"].to_list() == [["`km`: expected at least 0"]] * 2
    counts = shop.artifact.meta["row_counts"]
    assert (counts["read"], counts["kept"]) == (4, 2)
    assert counts["rejected"] == {"`km`: expected at least 0": 2}


def test_a_category_that_nobody_knows_is_mapped_and_told_and_a_missing_column_has_its_default(
    shop: Shop,
) -> None:
    shop.apply(CONTRACT, DIRTY)
    rows = shop.table("rows.parquet")
    assert rows["kind"].to_list() == ["a", "other"]
    assert rows["late"].to_list() == [False, False]
    told = shop.evidence("contract")
    assert told.outcome is Outcome.WARN
    assert told.observed == (
        "18 checks on 2 rows; 2 rows set aside; `km`: expected at least 0, 2 of 4 are not (`-2.5` in row 2, …); "
        "`kind`: `z` became `other` (1)"
    )
    assert "others become `other`" in told.reason


def test_the_stored_evidence_holds_the_result_as_great_expectations_has_it(shop: Shop) -> None:
    shop.apply(CONTRACT, CLEAN)
    told = shop.evidence("contract")
    assert told.outcome is Outcome.PASS
    validation = told.values["validation"]
    assert validation["success"] is True
    assert validation["statistics"]["evaluated_expectations"] == len(validation["results"])


def test_rows_of_another_source_are_refused(shop: Shop) -> None:
    shop.apply(CONTRACT + "identity: {kind: a}\n", CLEAN)
    with pytest.raises(ContractError, match="source identity: `kind`"):
        shop.apply(CONTRACT + "version: 2\nidentity: {kind: other}\n", CLEAN)


def test_stale_rows_are_refused(shop: Shop) -> None:
    contract = "columns:\n  at: {type: time}\nfreshness: {column: at, max_age: 2d}\n"
    with pytest.raises(ContractError, match="at most 2d old"):
        shop.apply(contract, "at\n2013-01-01T00:00:00Z\n")
    shop.apply(contract.replace("2d", "9000d"), "at\n2013-01-01T00:00:00Z\n")


def test_more_broken_rows_than_the_contract_bears_refuse_the_batch(shop: Shop) -> None:
    expectation = "{type: expect_column_values_to_be_between, column: km, min_value: 0, mostly: 0.9"
    contract = f"""
columns:
  id: {{type: integer}}
  km: {{type: number}}
  kind: {{type: text}}
expectations:
  - {expectation}, policy: {{batch: quarantine}}}}
"""
    with pytest.raises(ContractError, match="in at least 90 %"):
        shop.apply(contract, DIRTY)
    shop.apply(contract.replace("0.9", "0.5"), DIRTY)
    assert shop.table("rows.parquet").height == 2


def test_files_of_a_folder_keep_their_rows_apart_when_some_are_set_aside(shop: Shop) -> None:
    folder = shop.root / "data" / "days"
    folder.mkdir()
    (folder / "1.csv").write_text(DIRTY)
    (folder / "2.csv").write_text("id,km,kind\n8,-1,a\n9,1,a\n")
    load = "data/days, options: {format: csv}, incremental: {by: content}"
    shop.apply(CONTRACT, CLEAN, load)
    assert shop.artifact.meta["rows"] == 3
    (folder / "3.csv").write_text("id,km,kind\n10,1,a\n11,-1,a\n")
    (folder / "2.csv").unlink()
    shop.again()
    assert shop.artifact.meta["rows"] == 3
    assert shop.artifact.meta["row_counts"]["rejected"]["`km`: expected at least 0"] == 1
    assert shop.artifact.meta["summary"].endswith("2 files, 1 judged anew; 1 gone: 1 row; 1 new: 1 row")


def test_rows_that_are_set_aside_are_told_by_file_as_long_as_it_is_there(shop: Shop) -> None:
    folder = shop.root / "data" / "days"
    folder.mkdir()
    (folder / "1.csv").write_text(DIRTY)
    (folder / "2.csv").write_text("id,km,kind\n9,1,a\n8,-1,a\n")
    load = "data/days, options: {format: csv}, incremental: {by: content}"
    shop.apply(CONTRACT, CLEAN, load)
    places = ["data/days/1.csv 2", "data/days/1.csv 4", "data/days/2.csv 2"]
    assert _places(shop) == places
    (folder / "3.csv").write_text("id,km,kind\n10,1,a\n")
    shop.again()
    assert _places(shop) == places
    assert "3 rows set aside" in shop.evidence("contract").observed
    (folder / "1.csv").rename(folder / "0.csv")
    (folder / "2.csv").unlink()
    (folder / "4.csv").write_text("id,km,kind\n12,-1,a\n")
    shop.again()
    assert _places(shop) == ["data/days/0.csv 2", "data/days/0.csv 4", "data/days/4.csv 1"]


def test_what_left_a_source_that_is_read_as_a_whole_is_told(shop: Shop) -> None:
    folder = shop.root / "data" / "days"
    folder.mkdir()
    (folder / "1.csv").write_text(CLEAN)
    (folder / "2.csv").write_text("id,km,kind\n8,1,a\n9,1,a\n")
    shop.apply(CONTRACT, CLEAN, "data/days, options: {format: csv}")
    (folder / "2.csv").unlink()
    shop.again()
    assert shop.artifact.meta["summary"].startswith("3 rows (2 fewer), ")
    assert shop.artifact.meta["summary"].endswith("; 1 gone")


def test_a_link_that_leads_nowhere_is_seen_and_refused(shop: Shop) -> None:
    folder = shop.root / "data" / "days"
    folder.mkdir()
    (folder / "1.csv").write_text(CLEAN)
    shop.apply(CONTRACT, CLEAN, "data/days, options: {format: csv}, incremental: {by: content}")
    (folder / "2.csv").symlink_to(shop.root / "nowhere.csv")
    with pytest.raises(EngineError, match=r"`data/days/2\.csv` leads nowhere"):
        shop.again()
    (shop.root / "nowhere.csv").write_text("id,km,kind\n9,1,a\n")
    shop.again()
    assert shop.artifact.meta["rows"] == 4


def _places(shop: Shop) -> list[str]:
    aside = shop.table("quarantine.parquet")
    return [f"{file} {row}" for file, row in zip(aside["_file"], aside["_row"], strict=True)]
