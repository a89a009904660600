"""What a table store must do. Subclass it, and give the fixture `make_tables`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import polars as pl
import pytest

from headway.errors import EngineError

if TYPE_CHECKING:
    from headway.facts.commits import Snapshot
    from headway.store.ports import TableStore

MakeTables = Callable[[], "TableStore"]
"""Opens a store; each call within one test opens the same one, as another process would."""

KEY = ("k", "event_time")
TABLE = "parcels.weights/v1"


def rows(**values: float | None) -> pl.DataFrame:
    """Rows named `a1`: entity a, day 1."""
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    return pl.DataFrame(
        {
            "k": [name[0] for name in values],
            "event_time": [noon + timedelta(days=int(name[1:])) for name in values],
            "x": list(values.values()),
        },
        schema={"k": pl.String, "event_time": pl.Datetime("us", "UTC"), "x": pl.Float64},
    )


def content(tables: TableStore, snapshot: Snapshot) -> dict[str, float | None]:
    """Rows of a snapshot as `rows` takes them."""
    found = tables.read(snapshot).collect()
    assert found.height == snapshot.rows
    return {f"{k}{event.day - 1}": x for k, event, x in found.iter_rows()}


class TableConformance:
    """The suite; a subclass needs a fixture `make_tables` that returns a `MakeTables`."""

    def test_what_was_written_is_read_sorted_by_key(self, make_tables: MakeTables) -> None:
        """By another process too."""
        written = make_tables().replace(TABLE, rows(b1=2.0, a2=None, a1=1.0), KEY, {"commit": "one"})
        assert list(content(make_tables(), written).items()) == [("a1", 1.0), ("a2", None), ("b1", 2.0)]
        assert make_tables().versions(TABLE)[-1].note["commit"] == "one"

    def test_one_change_adds_replaces_and_deletes(self, make_tables: MakeTables) -> None:
        """And says which rows it did that to; rows that are there already are none of them."""
        tables = make_tables()
        before = tables.replace(TABLE, rows(a1=1.0, a2=2.0, b1=3.0), KEY, {})
        after, changes = tables.change(
            before, rows(a1=1.0, a2=2.5, c1=None), rows(b1=0.0, z9=0.0).select(KEY), {}
        )
        assert content(make_tables(), after) == {"a1": 1.0, "a2": 2.5, "c1": None}
        assert changes.counts == {"added": 1, "updated": 1, "deleted": 1}
        assert changes.previous["x"].to_list() == [2.0]
        assert changes.deleted["x"].to_list() == [3.0]

    def test_an_older_version_is_read_as_it_was(self, make_tables: MakeTables) -> None:
        """However many versions came after it, compaction among them."""
        tables = make_tables()
        past = [tables.replace(TABLE, rows(a1=1.0), KEY, {})]
        for day in range(2, 27):
            past.append(
                tables.change(past[-1], rows(**{f"a{day}": float(day), "a1": 1.0 / day}), None, {})[0]
            )
        for number, snapshot in enumerate(past, start=1):
            found = content(make_tables(), snapshot)
            assert len(found) == number
            assert found["a1"] == 1.0 / number

    def test_what_changes_nothing_makes_no_version(self, make_tables: MakeTables) -> None:
        """Equal rows, keys of no row, and nothing at all."""
        tables = make_tables()
        before = tables.replace(TABLE, rows(a1=1.0, a2=None), KEY, {})
        for given, gone in [(rows(a2=None), None), (rows(), None), (rows(), rows(z1=1.0).select(KEY))]:
            after, changes = tables.change(before, given, gone, {})
            assert after == before
            assert not changes
        assert tables.versions(TABLE)[-1].version == before.version

    def test_every_row_can_be_deleted(self, make_tables: MakeTables) -> None:
        """An empty table is a table; rows come again."""
        tables = make_tables()
        before = tables.replace(TABLE, rows(a1=1.0), KEY, {})
        empty, _ = tables.change(before, rows(), rows(a1=1.0).select(KEY), {})
        assert content(tables, empty) == {}
        again, _ = tables.change(empty, rows(b1=2.0), None, {})
        assert content(tables, again) == {"b1": 2.0}

    def test_the_change_set_of_two_versions_is_what_was_done_between(self, make_tables: MakeTables) -> None:
        """In either direction."""
        tables = make_tables()
        one = tables.replace(TABLE, rows(a1=1.0, a2=2.0), KEY, {})
        two, _ = tables.change(one, rows(a1=9.0, b1=3.0), None, {})
        three, _ = tables.change(two, rows(), rows(a2=0.0).select(KEY), {})
        assert tables.differences(one, three).counts == {"added": 1, "updated": 1, "deleted": 1}
        assert tables.differences(three, one).counts == {"added": 1, "updated": 1, "deleted": 1}
        assert not tables.differences(two, two)

    def test_what_no_fact_names_is_taken_back_by_the_next_commit(self, make_tables: MakeTables) -> None:
        """A writer that was killed after its version: the next one starts from what the facts name."""
        tables = make_tables()
        named = tables.replace(TABLE, rows(a1=1.0), KEY, {})
        tables.change(named, rows(b1=666.0), None, {"commit": "lost"})
        after, _ = make_tables().change(named, rows(c1=2.0), None, {"commit": "kept"})
        assert content(tables, after) == {"a1": 1.0, "c1": 2.0}

    def test_a_version_that_is_made_twice_is_made_once(self, make_tables: MakeTables) -> None:
        """A writer that was killed after its version, and does the same again, adopts it."""
        tables = make_tables()
        named = tables.replace(TABLE, rows(a1=1.0), KEY, {})
        once, _ = tables.change(named, rows(b1=2.0), None, {})
        twice, _ = make_tables().change(named, rows(b1=2.0), None, {})
        assert once == twice

    def test_a_damaged_file_is_never_read_and_replacing_heals_it(self, make_tables: MakeTables) -> None:
        """A byte that was changed, and a file that is gone."""
        tables = make_tables()
        snapshot = tables.replace(TABLE, rows(a1=1.0), KEY, {})
        for code in ("ST102", "ST101"):
            self.damage(snapshot, remove=code == "ST101")
            with pytest.raises(EngineError) as caught:
                tables.read(snapshot)
            assert caught.value.code == code
            assert tables.replace(TABLE, rows(a1=1.0), KEY, {}).files == snapshot.files
            assert content(tables, snapshot) == {"a1": 1.0}

    def damage(self, snapshot: Snapshot, *, remove: bool) -> None:
        """Change a byte of the snapshot's first file, or remove it.

        Raises:
            NotImplementedError: The subclass does not say how.
        """
        raise NotImplementedError

    def test_sweeping_removes_what_is_not_named_and_not_the_newest(self, make_tables: MakeTables) -> None:
        """A dry run only counts."""
        tables = make_tables()
        one = tables.replace(TABLE, rows(a1=1.0), KEY, {})
        two, _ = tables.change(one, rows(a1=2.0), None, {})
        three, _ = tables.change(two, rows(a1=3.0), None, {})
        kept = {file.name for file in one.files}
        assert tables.sweep(TABLE, kept, dry_run=True).files == 1
        assert content(tables, two) == {"a1": 2.0}
        assert tables.sweep(TABLE, kept).files == 1
        assert content(tables, one) == {"a1": 1.0}
        assert content(tables, three) == {"a1": 3.0}
        with pytest.raises(EngineError):
            tables.read(two)

    def test_rows_of_another_shape_are_refused(self, make_tables: MakeTables) -> None:
        """Nothing is cast in silence."""
        before = make_tables().replace(TABLE, rows(a1=1.0), KEY, {})
        with pytest.raises(EngineError) as caught:
            make_tables().change(before, rows(a2=1.0).with_columns(pl.col("x").cast(pl.String)), None, {})
        assert caught.value.code == "ST105"
