"""What lies below a folder: the names, whatever else lies there."""

from __future__ import annotations

import os
from pathlib import Path

from headway.core.listing import below, matching


def _tree(root: Path) -> Path:
    for name in (
        "b/2.csv",
        "b/1.csv",
        "a/deep/3.csv",
        ".hidden/4.csv",
        "__pycache__/5.csv",
        "6.csv",
        ".7.csv",
    ):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    return root


def test_names_are_sorted_and_hidden_ones_do_not_count(tmp_path: Path) -> None:
    assert below(_tree(tmp_path)) == ["6.csv", "a/deep/3.csv", "b/1.csv", "b/2.csv"]
    assert below(tmp_path, depth=1) == ["6.csv", "b/1.csv", "b/2.csv"]
    assert matching(tmp_path, "*/*.csv") == [tmp_path / "b/1.csv", tmp_path / "b/2.csv"]


def test_every_folder_that_was_listed_is_told_once(tmp_path: Path) -> None:
    seen: list[str] = []
    below(_tree(tmp_path), seen.append)
    assert seen == [str(tmp_path / name) for name in ("", "a", "a/deep", "b")]


def test_links_are_followed_each_folder_once(tmp_path: Path) -> None:
    root = _tree(tmp_path / "root")
    (root / "c").symlink_to(root / "b")
    (root / "a" / "up").symlink_to(root)
    (root / "8.csv").symlink_to(root / "6.csv")
    assert below(root) == ["6.csv", "8.csv", "a/deep/3.csv", "b/1.csv", "b/2.csv"]


def test_what_is_no_file_does_not_count(tmp_path: Path) -> None:
    root = _tree(tmp_path / "root")
    (root / "gone.csv").symlink_to(root / "nothing")
    (root / "itself.csv").symlink_to(root / "itself.csv")
    os.mkfifo(root / "pipe.csv")
    assert below(root) == ["6.csv", "a/deep/3.csv", "b/1.csv", "b/2.csv"]
    assert below(root / "6.csv") == below(root / "nothing") == []


def test_links_that_lead_nowhere_are_told_and_no_others(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "gone.csv").symlink_to(tmp_path / "nowhere")
    (tmp_path / "loop.csv").symlink_to(tmp_path / "loop.csv")
    (tmp_path / "good.csv").symlink_to(tmp_path / "a.csv")
    (tmp_path / "other.txt").symlink_to(tmp_path / "nowhere")
    lost: list[str] = []
    assert below(tmp_path, lost=lost.append) == ["a.csv", "good.csv"]
    assert sorted(lost) == ["in/gone.csv", "loop.csv", "other.txt"]
    matched: list[str] = []
    matching(tmp_path, "*.csv", lost=matched.append)
    assert matched == [str(tmp_path / "loop.csv")]
