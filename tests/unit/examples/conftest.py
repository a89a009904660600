"""The products under examples/, importable as Headway imports them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[3] / "examples"


@pytest.fixture
def examples() -> Path:
    return EXAMPLES


@pytest.fixture
def flights(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of the flights product, whose code can be imported until the test ends."""
    folder = EXAMPLES / "flights"
    monkeypatch.syspath_prepend(folder)
    yield folder
    for name in [name for name in sys.modules if name.partition(".")[0] == "delay"]:
        del sys.modules[name]
