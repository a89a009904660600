"""The way to a first contract: looked at without one, told by name what is missing, and read as it is written."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from headway.cli.main import main
from headway.engine.authoring.importing import import_suite
from headway.engine.authoring.profiling import profile
from headway.errors import ContractError, SpecError, UsageError
from headway.errors import sources as source_errors
from headway.plan.plan import LABELS_KNOWN, READ_AGAIN, Cause
from headway.render.plan import cause_text
from headway.spec.load import load

PRODUCT = """product: shop
environments: {dev: {}}
sources:
  observations: {load: data/obs.csv, contract: contracts/obs.yaml}
"""
ROWS = "id,v\n1,2\n2,3\n"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "headway.yaml").write_text(PRODUCT)
    (tmp_path / "data" / "days").mkdir(parents=True)
    (tmp_path / "data" / "obs.csv").write_text(ROWS)
    return tmp_path


def test_a_source_is_profiled_while_its_contract_is_to_be_written(shop: Path) -> None:
    assert profile(shop, "observations").seen.rows == 2
    with pytest.raises(SpecError, match=r"--write contracts/obs\.yaml` proposes one"):
        load(shop / "headway.yaml")


def test_a_folder_is_read_as_its_files_are_written(shop: Path) -> None:
    for name in ("1", "2"):
        (shop / "data" / "days" / f"{name}.csv").write_text(ROWS.replace(",", ";"))
    assert [column.name for column in profile(shop, "data/days").seen.columns] == ["id", "v"]
    (shop / "data" / "days" / "x.jsonl").write_text('{"id": 1}\n')
    with pytest.raises(SpecError, match="name the files by a pattern"):
        profile(shop, "data/days")


def test_a_fault_is_said_to_be_in_the_file_that_it_is_in(shop: Path) -> None:
    (shop / "contracts").mkdir()
    (shop / "contracts" / "obs.yaml").write_text("")
    with pytest.raises(SpecError) as caught:
        load(shop / "headway.yaml")
    assert caught.value.what == "`contracts/obs.yaml` has 1 fault"
    assert "`headway profile SOURCE` proposes them" in str(caught.value)


def test_a_suite_that_is_not_there_is_a_mistake_of_the_command_line(shop: Path) -> None:
    with pytest.raises(UsageError, match=r"`nope\.json` cannot be read: No such file"):
        import_suite(shop, Path("nope.json"), to=None, like=None, partial=False)


def test_a_hint_fits_the_format() -> None:
    assert "header" in str(source_errors.file_is_empty("rows", "a.csv.gz"))
    assert "header" not in str(source_errors.file_is_empty("rows", "a.jsonl"))
    faults = {"at": ("time", 1, [(1, "x")])}
    told: ContractError = source_errors.cells_do_not_parse("rows", "a.jsonl", faults, 2, is_csv=False)
    assert "null_values" not in str(told)


def test_what_the_passing_of_time_brings_is_told_in_words() -> None:
    at = datetime(2026, 11, 20, tzinfo=UTC).isoformat()
    assert (
        cause_text(Cause("data", READ_AGAIN, at)) == "it is time to read it again, since 2026-11-20T00:00:00Z"
    )
    assert (
        cause_text(Cause("data", LABELS_KNOWN, at)) == "labels have become known, since 2026-11-20T00:00:00Z"
    )


def test_a_folder_with_a_blank_in_its_name_is_quoted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["init", "bad name!"]) == 0
    assert "cd 'bad name!' && headway plan" in capsys.readouterr().err
