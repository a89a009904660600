"""The Delta tables keep every promise of the port, and are what any Delta reader takes them for."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from headway.facts.commits import Snapshot
from headway.store import delta
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

    def test_rows_of_a_key_that_is_no_number_are_found(self, make_tables: MakeTables) -> None:
        def keyed(*values: float) -> pl.DataFrame:
            return pl.DataFrame(
                {"key": values, "x": range(len(values))}, schema={"key": pl.Float64, "x": pl.Int64}
            )

        tables, nan = make_tables(), float("nan")
        before = tables.replace(TABLE, keyed(1.0, nan), ["key"], {})
        after, changes = tables.change(before, keyed(nan, 1.0), None, {})
        assert changes.counts == {"added": 0, "updated": 2, "deleted": 0}
        without, changes = tables.change(after, keyed(), keyed(1.0, nan).select("key"), {})
        assert (without.rows, changes.counts["deleted"]) == (0, 2)

    def test_a_file_of_any_size_is_split_when_it_is_touched(
        self, make_tables: MakeTables, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        tables = make_tables()
        before = tables.replace(TABLE, rows(**{f"{name}1": 1.0 for name in "abcdefgh"}), KEY, {})
        assert len(before.files) == 1
        monkeypatch.setattr(delta, "FILE_BYTES", 50)
        after, _ = tables.change(before, rows(c1=2.0), None, {})
        assert len(after.files) > 1
        assert content(tables, after) == content(tables, before) | {"c1": 2.0}

    def test_equal_files_of_two_tables_lie_each_in_the_order_of_its_own_key(
        self, make_tables: MakeTables, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(delta, "FILE_BYTES", 1_000)
        tables = make_tables()
        frame = pl.DataFrame({"number": range(600), "text": [f"{number:04}" for number in range(600)]})
        snapshots = [tables.replace(f"by_{key}", frame, [key], {}) for key in frame.columns]
        assert snapshots[0].files == snapshots[1].files
        assert len(snapshots[0].files) > 1
        for other, snapshot in zip("ab", snapshots, strict=True):
            more = frame.select(number=pl.col("number") + 1_000, text=other + pl.col("text"))
            after, _ = tables.change(snapshot, more, None, {})
            assert_frame_equal(tables.read(after).collect(), pl.concat([frame, more]))

    def test_columns_in_another_order_are_put_in_that_of_the_table(self, make_tables: MakeTables) -> None:
        tables = make_tables()
        before = tables.replace(TABLE, rows(a1=1.0), KEY, {})
        given = rows(b1=2.0)
        after, changes = tables.change(before, given.select(reversed(given.columns)), None, {})
        last, _ = tables.change(after, rows(c1=3.0), None, {})
        assert changes.added.columns == given.columns
        assert tables.differences(before, last).added.height == 2
