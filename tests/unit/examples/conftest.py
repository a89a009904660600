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
    yield from _importable("flights", "delay", monkeypatch)


@pytest.fixture
def fraud(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of the fraud product, likewise."""
    yield from _importable("fraud", "fraud", monkeypatch)


@pytest.fixture
def rents(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of the rents product, likewise."""
    yield from _importable("rents", "rents", monkeypatch)


def _importable(name: str, package: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = EXAMPLES / name
    monkeypatch.syspath_prepend(folder)
    yield folder
    for module in [name for name in sys.modules if name.partition(".")[0] in (package, "make_data")]:
        del sys.modules[module]
