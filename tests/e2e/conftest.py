"""One product is applied once a session; every test works on a copy of it."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest


def _sibling(name: str) -> ModuleType:
    """A module beside this one, by a name of its own: a folder of tests is no package."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


product = _sibling("product")
_sibling("customers")  # never `shop`: products of other tests have a package of that name


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
