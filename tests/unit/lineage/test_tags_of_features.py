"""Which tags a feature carries, by the columns that its function takes."""

from __future__ import annotations

from pathlib import Path

from headway.lineage.carried import Reads, carried
from headway.spec.load import load


def test_a_feature_with_the_name_of_its_column_carries_the_tags_of_the_column(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(
        "columns:\n  id: {type: integer}\n  at: {type: time}\n  age: {type: number, tags: [pii]}\n"
    )
    (tmp_path / "headway.yaml").write_text(
        "product: p\n"
        "sources:\n  s: {load: s.csv, event_time: at, known: 1h, contract: c.yaml}\n"
        "feature_groups:\n  g: {version: 1, from: s, key: [id], columns: features}\n"
    )
    reads = Reads({"features": {"age": ("age",), "older": ("age",)}})
    found = carried(load(tmp_path / "headway.yaml"), reads)["feature_group.g"]
    ways = {feature: [item.way for item in found[feature]] for feature in ("age", "older")}
    assert ways == {
        "age": ["source.s: age -> feature_group.g: age"],
        "older": ["source.s: age -> feature_group.g: older"],
    }
