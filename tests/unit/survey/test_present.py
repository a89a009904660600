"""The working tree as one value, and everything that it depends on watched."""

from __future__ import annotations

import sqlite3
import sys
from pathlib import Path

import pytest

from headway.errors import EngineError
from headway.facts.executions import Fingerprint
from headway.plan.causes import difference
from headway.spec.graph import Graph, Node
from headway.survey.files import StatCache, signature_of
from headway.survey.libraries import Installed, Lock, libraries, read_lock
from headway.survey.memo import recall, remember
from headway.survey.present import Present, survey

GRAPH = Graph(
    nodes=(
        Node(name="source.a", kind="source", files=("data", "gone.csv")),
        Node(name="model.m", kind="model", code=("m:fit",)),
    )
)


def product(root: Path) -> Path:
    (root / "data" / "deep").mkdir(parents=True)
    (root / "data" / "deep" / "a.csv").write_text("1\n")
    (root / "headway.yaml").write_text("product: x\n")
    (root / "m.py").write_text("import numpy\n\n\ndef fit():\n    return 1\n")
    return root


def read(root: Path, *, also: tuple[str, ...] = ()) -> Present:
    return survey(
        GRAPH, root, root / "headway.yaml", None, StatCache(root / ".headway" / "cache.db"), also=also
    )


@pytest.mark.parametrize(
    "path",
    [
        "headway.yaml",
        "m.py",
        "data",
        "data/deep",
        "data/deep/a.csv",
        "gone.csv",
        "numpy.py",
        "uv.lock",
        "c.yaml",
    ],
)
def test_everything_that_the_survey_read_or_missed_is_watched(tmp_path: Path, path: str) -> None:
    assert str(tmp_path / path) in read(product(tmp_path), also=("c.yaml",)).watched


def test_folders_with_installed_libraries_are_watched(tmp_path: Path) -> None:
    assert any(path.endswith("site-packages") for path in read(product(tmp_path)).watched)


def test_watched_paths_do_not_depend_on_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(product(tmp_path))
    assert all(Path(path).is_absolute() for path in read(Path()).watched)


def test_a_file_that_was_young_when_it_was_read_never_matches_again(tmp_path: Path) -> None:
    """However late the plan is stored: the file may have changed under the same time stamp since."""
    watched = read(product(tmp_path)).watched
    data = str(tmp_path / "data" / "deep" / "a.csv")
    assert watched[data] != signature_of(data)
    assert not remember(
        tmp_path / "c.db", "dev", tmp_path / "headway.yaml", 1, None, {data: (1, 1, 1, -1)}, "{}"
    )


def test_a_missing_data_file_is_none_and_a_present_one_is_its_digest(tmp_path: Path) -> None:
    found = read(product(tmp_path))
    assert found.data["gone.csv"] is None
    assert len(found.data["data"] or "") == len(found.product_digest) == 64


def test_a_data_file_that_cannot_be_read_is_a_named_error(tmp_path: Path) -> None:
    (product(tmp_path) / "gone.csv").symlink_to(tmp_path / "gone.csv")
    with pytest.raises(EngineError) as caught:
        read(tmp_path)
    assert (caught.value.code, caught.value.where) == ("SV006", "gone.csv")


def test_an_edit_behind_a_linked_folder_is_seen_and_a_circle_of_links_ends(tmp_path: Path) -> None:
    root = product(tmp_path / "product")
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "b.csv").write_text("1")
    (root / "data" / "link").symlink_to(tmp_path / "real")
    (tmp_path / "real" / "back").symlink_to(root / "data")
    before = read(root).data["data"]
    (tmp_path / "real" / "b.csv").write_text("22")
    assert read(root).data["data"] != before


@pytest.mark.parametrize("damage", ["no database", "SQLite format 3\0" + "x" * 8000])
def test_a_damaged_cache_is_begun_again(tmp_path: Path, damage: str) -> None:
    (tmp_path / "cache.db").write_text(damage)
    StatCache(tmp_path / "cache.db").remember("name", "signature", "value")
    assert StatCache(tmp_path / "cache.db").note("name", "signature") == "value"


@pytest.mark.parametrize("watched", ["[[[", "[]", "3", '{"a": 1}'])
def test_a_damaged_stored_plan_is_made_again(tmp_path: Path, watched: str) -> None:
    remember(tmp_path / "c.db", "dev", tmp_path / "headway.yaml", 1, None, {}, "{}")
    connection = sqlite3.connect(tmp_path / "c.db", isolation_level=None)
    connection.execute("UPDATE plan SET watched = ?", (watched,))
    connection.close()
    assert recall(tmp_path / "c.db", "dev", tmp_path / "headway.yaml", 1, "2026") is None


def test_a_lock_with_versions_for_several_platforms_takes_the_installed_one(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text(
        "--index-url https://packages.example\n"
        "numpy==1.26.4 ; python_version < '3.12' --hash=sha256:a\n"
        "numpy==2.1.0 ; python_version >= '3.12' --hash=sha256:b\n"
    )
    lock = read_lock(tmp_path, None)
    here = Installed(distributions={"numpy": ["numpy"]}, versions={"numpy": "1.26.4"})
    other = Installed(distributions={"numpy": ["numpy"]}, versions={"numpy": "1.20.0"})
    assert libraries(["numpy"], lock, here).differing == {}
    assert libraries(["numpy"], lock, other).differing == {"numpy": ("1.26.4, 2.1.0", "1.20.0")}


def test_requirements_without_hashes_are_a_lock_only_when_named(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("numpy==1.26.4\n")
    assert read_lock(tmp_path, None) is None
    assert read_lock(tmp_path, "requirements.txt") is not None


def test_what_a_lock_says_that_a_library_needs_counts_where_nothing_is_installed(tmp_path: Path) -> None:
    (tmp_path / "uv.lock").write_text(
        '[[package]]\nname = "pandas"\nversion = "2.2"\ndependencies = [{name = "numpy"}]\n'
        '[[package]]\nname = "numpy"\nversion = "1.26"\n'
    )
    assert libraries(["pandas"], read_lock(tmp_path, None), Installed()).versions == {
        "numpy": "1.26",
        "pandas": "2.2",
    }
    assert isinstance(read_lock(tmp_path, None), Lock)


def test_another_minor_version_of_python_is_another_environment_of_code_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = read(product(tmp_path))
    assert here.environment["model.m"]["python"] == f"{sys.version_info.major}.{sys.version_info.minor}"
    assert "source.a" not in here.environment, "a node without code needs no Python of the product's"
    assert "python" not in here.unlocked, "a lock file pins libraries"
    monkeypatch.setattr("headway.survey.present.python_version", lambda: "3.99")
    there = read(tmp_path)
    before, after = (Fingerprint(environment=found.environment["model.m"]) for found in (here, there))
    (cause,) = difference(before, after)
    assert (cause.kind, cause.about, cause.after) == ("environment", "python", "3.99")
