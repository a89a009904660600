"""One product is applied once a session; every test works on a copy of it."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

spec = importlib.util.spec_from_file_location("product", Path(__file__).with_name("product.py"))
assert spec is not None
assert spec.loader is not None
product = importlib.util.module_from_spec(spec)
sys.modules["product"] = product
spec.loader.exec_module(product)


@pytest.fixture(scope="session")
def applied_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A locked product, applied to dev and prod."""
    root = tmp_path_factory.mktemp("parcels") / "parcels"
    root.mkdir()
    folder = product.begin(root)
    product.lock(folder)
    for env in ("dev", "prod"):
        done = folder.run("apply", "--env", env)
        assert done.code == 0, done.err
    return root


@pytest.fixture
def applied(applied_once: Path, tmp_path: Path) -> product.Folder:
    return product.copy_of(applied_once, tmp_path / "parcels")


@pytest.fixture
def fresh(tmp_path: Path) -> product.Folder:
    root = tmp_path / "parcels"
    root.mkdir()
    return product.begin(root)
