"""Batch predictions in a product file: what fits is read, what does not is a fault with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from headway.errors import SpecError
from headway.spec.batches import endpoints_of, read_by_batches_only, rejected_beside
from headway.spec.graph import graph
from headway.spec.load import Loaded, load

FULL = Path(__file__).parent / "full"
TOMORROW = "  tomorrow: {load: data/tomorrow.parquet, contract: contracts/tomorrow.yaml}\n"
CONTRACT = """\
columns:
  scheduled_at: {type: time}
  carrier: {type: text}
  origin: {type: text}
  distance: {type: number}
  flight: {type: text}
"""
BATCH = "nightly: {model: delay, rows: tomorrow, to: tables/nightly.parquet}"


def written(folder: Path, batches: str, source: str = TOMORROW, contract: str = CONTRACT) -> Path:
    (folder / "contracts").mkdir()
    for name in ("flights", "weather"):
        text = (FULL / "contracts" / f"{name}.yaml").read_text()
        (folder / "contracts" / f"{name}.yaml").write_text(text)
    (folder / "contracts" / "tomorrow.yaml").write_text(contract)
    product = (FULL / "headway.yaml").read_text().replace("sources:\n", f"sources:\n{source}", 1)
    file = folder / "headway.yaml"
    file.write_text(f"{product}\nbatches:\n  {batches}\n")
    return file


def read(folder: Path, batches: str) -> Loaded:
    return load(written(folder, batches))


def test_a_batch_finds_the_endpoint_of_its_model(tmp_path: Path) -> None:
    loaded = read(tmp_path, BATCH)
    batch = loaded.product.batches["nightly"]
    assert (batch.on_bad_rows, batch.columns) == ("refuse", None)
    assert endpoints_of(loaded.product, batch) == ["delay"]


def test_a_source_that_only_batches_read_is_no_node_of_the_plan(tmp_path: Path) -> None:
    loaded = read(tmp_path, BATCH)
    assert read_by_batches_only(loaded.product) == {"tomorrow"}
    assert "source.tomorrow" not in {node.name for node in graph(loaded.product, loaded.contracts).nodes}


def test_a_source_that_is_trained_on_too_stays_a_node(tmp_path: Path) -> None:
    loaded = read(tmp_path, "again: {endpoint: delay, rows: flights, to: again.csv}")
    assert read_by_batches_only(loaded.product) == set()
    assert "source.flights" in {node.name for node in graph(loaded.product, loaded.contracts).nodes}


def test_a_batch_changes_no_fingerprint(tmp_path: Path) -> None:
    (tmp_path / "with").mkdir()
    loaded = read(tmp_path / "with", BATCH)
    without = load(FULL / "headway.yaml")
    assert graph(loaded.product, loaded.contracts) == graph(without.product, without.contracts)


def test_rejected_rows_have_a_file_beside_the_output() -> None:
    assert rejected_beside("tables/nightly.csv") == "tables/nightly.rejected.csv"


@pytest.mark.parametrize(
    ("batches", "fault"),
    [
        ("a b: {model: delay, rows: tomorrow, to: a.csv}", "`a b` is no name"),
        ("b: {rows: tomorrow, to: a.csv}", "neither `model` nor `endpoint`"),
        ("b: {model: delay, endpoint: delay, rows: tomorrow, to: a.csv}", "both `model` and `endpoint`"),
        ("b: {model: dely, rows: tomorrow, to: a.csv}", "did you mean `delay`?"),
        ("b: {endpoint: dely, rows: tomorrow, to: a.csv}", "there is no endpoint `dely`"),
        ("b: {model: delay, rows: tomorow, to: a.csv}", "did you mean `tomorrow`?"),
        ("b: {model: delay, rows: tomorrow, to: a.txt}", "end it with `.parquet` or `.csv`"),
        ("b: {model: delay, rows: tomorrow, to: ../a.csv}", "lies elsewhere"),
        ("b: {model: delay, rows: tomorrow, to: /tmp/a.csv}", "lies elsewhere"),
        ("b: {model: delay, rows: tomorrow, to: .headway/a.csv}", "lies elsewhere"),
        ("b: {model: delay, rows: tomorrow, to: data/tomorrow.parquet}", "is read by source `tomorrow`"),
        ("b: {model: delay, rows: tomorrow, to: ./data/flights.parquet}", "is read by source `flights`"),
        ("b: {model: delay, rows: tomorrow, to: a.csv, columns: [flihgt]}", "did you mean `flight`?"),
        ("b: {model: delay, rows: tomorrow, to: a.csv, columns: []}", "no column"),
        ("b: {model: delay, rows: tomorrow, to: a.csv, columns: [label]}", "`label` is taken"),
        ("b: {model: delay, rows: tomorrow, to: a.csv, on_bad_rows: drop}", "skip"),
        (
            "b: {model: delay, rows: tomorrow, to: a.csv}\n  c: {model: delay, rows: tomorrow, to: ./a.csv}",
            "batch `b` writes `a.csv` too",
        ),
    ],
)
def test_what_does_not_fit_is_a_fault(tmp_path: Path, batches: str, fault: str) -> None:
    with pytest.raises(SpecError) as caught:
        read(tmp_path, batches)
    assert any(fault in line for line in caught.value.evidence), caught.value.evidence


@pytest.mark.parametrize("field", ["event_time: scheduled_at", "incremental: {by: content}", "refresh: 1h"])
def test_a_source_that_only_batches_read_says_nothing_of_time(tmp_path: Path, field: str) -> None:
    source = TOMORROW.replace("}", f", {field}}}")
    with pytest.raises(SpecError) as caught:
        load(written(tmp_path, BATCH, source))
    assert any("of a source that only batches read" in line for line in caught.value.evidence)


def test_rows_without_a_column_that_the_model_is_asked_with_are_a_fault(tmp_path: Path) -> None:
    with pytest.raises(SpecError) as caught:
        load(written(tmp_path, BATCH, contract=CONTRACT.replace("  distance: {type: number}\n", "")))
    assert any("source `tomorrow` has no column `distance`" in line for line in caught.value.evidence)
