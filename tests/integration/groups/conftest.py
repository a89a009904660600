"""A shop in a folder for every test of groups."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

spec = importlib.util.spec_from_file_location("spending", Path(__file__).with_name("spending.py"))
assert spec is not None
assert spec.loader is not None
module = importlib.util.module_from_spec(spec)
sys.modules["spending"] = module
spec.loader.exec_module(module)


@pytest.fixture
def shop(tmp_path: Path) -> module.Shop:
    return module.Shop(tmp_path / "shop")
