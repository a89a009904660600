"""One product is applied once a session; every scenario works on a copy of it."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from pathlib import Path

import pytest

spec = importlib.util.spec_from_file_location("lending", Path(__file__).with_name("lending.py"))
assert spec is not None
assert spec.loader is not None
module = importlib.util.module_from_spec(spec)
sys.modules["lending"] = module
spec.loader.exec_module(module)


@pytest.fixture(scope="session")
def applied_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    product = module.Lending(tmp_path_factory.mktemp("lending") / "shop")
    assert product.apply().moved is not None
    return product.root


@pytest.fixture
def product(applied_once: Path, tmp_path: Path) -> module.Lending:
    """Applied to dev, with one commit, one model and one release."""
    shutil.copytree(applied_once, tmp_path / "shop")
    return module.Lending(tmp_path / "shop")
