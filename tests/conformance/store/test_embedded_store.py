"""The embedded store does what the ports say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from headway.store.blobs import LocalBlobs
from headway.store.ledger import SqliteReader, SqliteWriter
from headway.testing.conformance.blobs import BlobConformance, MakeBlobs
from headway.testing.conformance.ledger import (
    FactConformance,
    LeaseConformance,
    Ledger,
    MakeLedger,
    MoveConformance,
)

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def make_ledger(tmp_path: Path) -> MakeLedger:
    path = tmp_path / "ledger.db"
    return lambda: Ledger(SqliteReader(path), SqliteWriter(path, tmp_path / "leases"))


class TestSqliteFacts(FactConformance):
    pass


class TestSqliteMoves(MoveConformance):
    pass


class TestLeases(LeaseConformance):
    pass


class TestLocalBlobs(BlobConformance):
    @pytest.fixture
    def make_blobs(self, tmp_path: Path) -> MakeBlobs:
        return lambda: LocalBlobs(tmp_path / "blobs")
