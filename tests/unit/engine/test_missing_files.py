"""Sources whose files are not there are told, and no folder is listed a second time to find out."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import pytest

from headway.engine.opened import open_product, plan

SOURCES = {
    "some": "data/*.csv",
    "none": "data/*.jsonl",
    "one": "data/one.csv",
    "typo": "data/onne.csv",
    "all": "data",
    "deep": "data/**/*.csv",
}
LISTED: Counter[str] = Counter()


def _heard(event: str, arguments: tuple[object, ...]) -> None:
    if event == "os.scandir":
        LISTED[str(arguments[0])] += 1


@pytest.fixture
def root(tmp_path: Path) -> Path:
    declared = "".join(
        f"  {name}: {{load: '{path}', contract: c.yaml{', options: {format: csv}' if path == 'data' else ''}}}\n"
        for name, path in SOURCES.items()
    )
    (tmp_path / "headway.yaml").write_text(f"product: shop\nsources:\n{declared}")
    (tmp_path / "c.yaml").write_text("columns:\n  id: {type: integer}\n")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "one.csv").write_text("id\n1\n")
    return tmp_path


def test_what_is_not_there_is_told_with_what_was_meant(root: Path) -> None:
    notices = plan(open_product(root / "headway.yaml"), "dev").notices
    said = [notice for notice in notices if "not there" in notice or "matches" in notice]
    assert said == [
        "source.none: no file matches `data/*.jsonl`",
        "source.typo: `data/onne.csv` is not there; did you mean `data/one.csv`?",
    ]


def test_a_plan_lists_the_folder_of_a_pattern_once(root: Path) -> None:
    """Of a hundred thousand files each listing takes most of a second."""
    (root / "headway.yaml").write_text(
        "product: shop\nsources: {some: {load: 'data/*.csv', contract: c.yaml}}\n"
    )
    sys.addaudithook(_heard)  # nobody can take a hook away; this one only counts
    LISTED.clear()
    plan(open_product(root / "headway.yaml"), "dev")
    assert LISTED[str(root / "data")] == 1
