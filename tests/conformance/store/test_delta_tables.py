"""The Delta tables keep every promise of the port, and are what any Delta reader takes them for."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from headway.facts.commits import Snapshot
from headway.store.delta import COMPACT_AT, DeltaTables
from headway.testing.conformance.tables import KEY, TABLE, MakeTables, TableConformance, content, rows


class TestDeltaTables(TableConformance):
    root: Path

    @pytest.fixture
    def make_tables(self, tmp_path: Path) -> MakeTables:
        self.root = tmp_path / "tables"
        return lambda: DeltaTables(self.root)

    def damage(self, snapshot: Snapshot, *, remove: bool) -> None:
        path = self.root / snapshot.table / snapshot.files[0].name
        if remove:
            path.unlink()
        else:
            data = bytearray(path.read_bytes())
            data[len(data) // 2] ^= 1
            path.write_bytes(data)

    def test_any_delta_reader_sees_the_same_rows_at_every_version(self, make_tables: MakeTables) -> None:
        tables = make_tables()
        past = [tables.replace(TABLE, rows(a1=1.0), KEY, {})]
        for day in range(2, 6):
            past.append(tables.change(past[-1], rows(**{f"b{day}": None, "a1": float(day)}), None, {})[0])
        for snapshot in past:
            theirs = pl.scan_delta(str(self.root / TABLE), version=snapshot.version).collect()
            assert_frame_equal(theirs, tables.read(snapshot).collect(), check_row_order=False)

    def test_files_stay_few_however_many_commits(self, make_tables: MakeTables) -> None:
        tables = make_tables()
        snapshot = tables.replace(TABLE, rows(), KEY, {})
        for entity in range(COMPACT_AT + 5):
            snapshot, _ = tables.change(snapshot, rows(**{f"{chr(65 + entity)}1": 1.0}), None, {})
            assert len(snapshot.files) <= COMPACT_AT
        assert len(content(tables, snapshot)) == COMPACT_AT + 5
        assert list((self.root / TABLE / "_delta_log").glob("*.checkpoint.parquet"))
        assert tables.versions(TABLE)[-1].version == snapshot.version

    def test_a_lost_log_is_made_again_from_the_files(self, make_tables: MakeTables) -> None:
        import shutil

        tables = make_tables()
        one = tables.replace(TABLE, rows(a1=1.0), KEY, {})
        shutil.rmtree(self.root / TABLE / "_delta_log")
        two, _ = tables.change(one, rows(a2=2.0), None, {})
        theirs = pl.scan_delta(str(self.root / TABLE), version=two.version).collect()
        assert theirs.height == 2
