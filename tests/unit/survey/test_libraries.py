"""Third-party code as versions: from the lock where there is one, else from what is installed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from headway.errors import SpecError
from headway.survey.libraries import Installed, Lock, libraries, read_lock

if TYPE_CHECKING:
    from pathlib import Path

HASHED = """numpy==1.26.4 \\
    --hash=sha256:aa
Scikit_Learn[all]==1.5.0 ; python_version >= '3.11' --hash=sha256:bb
"""
UV = """
[[package]]
name = "numpy"
version = "1.26.4"
[[package]]
name = "app"
source = {virtual = "."}
"""
PYLOCK = 'lock-version = "1.0"\n[[packages]]\nname = "numpy"\nversion = "1.26.4"\n'
HERE = Installed(
    distributions={"numpy": ["numpy"], "sklearn": ["scikit-learn"]},
    versions={"numpy": "1.26.4", "scikit-learn": "1.5.0", "scipy": "1.14.0"},
    requires={"scikit-learn": ["numpy", "scipy", "colorama"]},
)


def test_a_hashed_requirements_file_is_a_lock(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text(HASHED)
    lock = read_lock(tmp_path, None)
    assert lock is not None
    assert set(lock.versions) == {"numpy", "scikit-learn"}


@pytest.mark.parametrize(("name", "text"), [("uv.lock", UV), ("pylock.toml", PYLOCK), ("poetry.lock", UV)])
def test_lock_files_of_other_tools_are_read(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    lock = read_lock(tmp_path, None)
    assert lock is not None
    assert (lock.path, set(lock.versions)) == (name, {"numpy"})


def test_the_first_lock_in_the_documented_order_counts(tmp_path: Path) -> None:
    for name, text in {"uv.lock": UV, "pylock.toml": PYLOCK, "requirements.txt": HASHED}.items():
        (tmp_path / name).write_text(text)
    assert getattr(read_lock(tmp_path, None), "path", None) == "requirements.txt"
    assert getattr(read_lock(tmp_path, "pylock.toml"), "path", None) == "pylock.toml"


@pytest.mark.parametrize(
    "text", ["numpy>=1.26\n", "", "# nothing\n", "numpy==1.26.4 --hash=sha256:a\n-r more.txt\n"]
)
def test_requirements_that_pin_only_some_are_no_lock(tmp_path: Path, text: str) -> None:
    (tmp_path / "requirements.txt").write_text(text)
    assert read_lock(tmp_path, None) is None


def test_a_named_lock_that_is_missing_or_broken_is_a_named_error(tmp_path: Path) -> None:
    with pytest.raises(SpecError) as missing:
        read_lock(tmp_path, "locks/prod.txt")
    (tmp_path / "uv.lock").write_text("[[package")
    with pytest.raises(SpecError) as broken:
        read_lock(tmp_path, None)
    assert [missing.value.code, broken.value.code] == ["SV005", "SV004"]


def test_without_a_lock_everything_is_unlocked_with_all_that_it_needs() -> None:
    found = libraries(["sklearn"], None, HERE)
    assert found.versions == {"scikit-learn": "1.5.0", "numpy": "1.26.4", "scipy": "1.14.0"}
    assert found.unlocked == ("numpy", "scikit-learn", "scipy")


def test_a_module_that_nobody_brings_adds_nothing() -> None:
    assert libraries(["cupy"], None, HERE).versions == {}


def test_no_lock_at_all_is_none(tmp_path: Path) -> None:
    assert read_lock(tmp_path, None) is None
    assert Lock(path="x", versions={}).path == "x"
