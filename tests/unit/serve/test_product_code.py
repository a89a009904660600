"""Each release runs its own code, though modules have the same names."""

from __future__ import annotations

import gc
import inspect
import pickle
import sys
from typing import TYPE_CHECKING
from zipfile import ZipFile

import pytest

from headway.errors import EngineError
from headway.serve.product_code import ProductCode

if TYPE_CHECKING:
    from pathlib import Path

FEATURES = """
from __future__ import annotations

import json
from dataclasses import dataclass

import delay.constants
import delay.constants as same
from delay.constants import FACTOR
from delay import constants
from .constants import FACTOR as RELATIVE
import folder.deep


@dataclass
class Point:
    x: int


def factors():
    from late import LATE
    import late
    return {delay.constants.FACTOR, same.FACTOR, FACTOR, constants.FACTOR, RELATIVE, folder.deep.FACTOR,
            LATE, late.LATE}


def nested():
    return json.dumps([FACTOR])
"""


def archive(path: Path, factor: int) -> Path:
    with ZipFile(path, "w") as content:
        content.writestr("delay/__init__.py", "")
        content.writestr("delay/constants.py", f"FACTOR = {factor}\n")
        content.writestr("delay/features.py", FEATURES)
        content.writestr("delay/broken.py", "1 / 0\n")
        content.writestr("folder/deep.py", "from delay.constants import FACTOR\n")
        content.writestr("src/late.py", "from delay.constants import FACTOR as LATE\n")
        content.writestr("json_is_not_here.txt", "")
    return path


def test_two_releases_with_the_same_module_names_run_their_own_code(tmp_path: Path) -> None:
    first = ProductCode(archive(tmp_path / "1.zip", 1), "a" * 64)
    second = ProductCode(archive(tmp_path / "2.zip", 2), "b" * 64)
    assert first.module("delay.features").factors() == {1}
    assert second.module("delay.features").factors() == {2}
    assert first.module("delay.features").factors() == {1}
    assert "delay" not in sys.modules


def test_the_same_archive_can_be_loaded_twice(tmp_path: Path) -> None:
    path = archive(tmp_path / "1.zip", 1)
    first, second = ProductCode(path, "a" * 64), ProductCode(path, "a" * 64)
    assert first.module("delay.features") is not second.module("delay.features")


def test_sources_and_pickles_of_the_code_work(tmp_path: Path) -> None:
    code = ProductCode(archive(tmp_path / "1.zip", 1), "a" * 64)
    module = code.module("delay.features")
    assert "json.dumps" in inspect.getsource(module.nested)
    assert pickle.loads(pickle.dumps(module.Point(3))) == module.Point(3)


def test_forgotten_code_leaves_nothing_behind(tmp_path: Path) -> None:
    finders = len(sys.meta_path)
    code = ProductCode(archive(tmp_path / "1.zip", 1), "a" * 64)
    code.module("delay.features").factors()
    package = code.package
    assert any(name.startswith(package) for name in sys.modules)
    del code
    gc.collect()
    assert not any(name.startswith(package) for name in sys.modules)
    assert len(sys.meta_path) <= finders  # other tests' code may be forgotten here too


@pytest.mark.parametrize("name", ["delay.nothing", "nothing", "delay.broken"])
def test_code_that_cannot_be_imported_is_a_named_error(tmp_path: Path, name: str) -> None:
    code = ProductCode(archive(tmp_path / "1.zip", 1), "a" * 64)
    with pytest.raises(EngineError) as caught:
        code.module(name)
    assert caught.value.code == "SE101"


@pytest.mark.parametrize("data", [b"", b"PK garbage"])
def test_an_archive_that_is_none_is_a_named_error(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "code.zip").write_bytes(data)
    with pytest.raises(EngineError) as caught:
        ProductCode(tmp_path / "code.zip", "a" * 64)
    assert caught.value.code == "SE101"
