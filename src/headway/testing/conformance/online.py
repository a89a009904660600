"""What an online store must do. Subclass it, and give the fixture `make_store`."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pytest

from headway.errors import ConflictError, EngineError
from headway.online.lookup import OnlineRows
from headway.online.pack import Key, PackedGroup, pack
from headway.online.table import OnlineTable, RowPacking, Stamp

if TYPE_CHECKING:
    from headway.online.store import OnlineStore
    from headway.online.table import OnlineRow

MakeStore = Callable[[], "OnlineStore"]
"""Opens a store; each call within one test opens the same one, as another process would."""

TABLE = OnlineTable(
    name="parcels.weights/v1", keys=("depot", "lane"), features=(("load", "number"), ("note", "text"))
)


def stamp(commit: str, rows: int = 0) -> Stamp:
    """A stamp of a commit."""
    return Stamp(commit=commit, rows=rows, event_us=None, known_us=None, written_us=0)


def group(*rows: tuple[str | None, int, int, int, float, str | None]) -> PackedGroup:
    """Rows of depot, lane, event time, known time, load, note."""
    depots, lanes, event, known, loads, notes = map(list, zip(*rows, strict=True)) if rows else [[]] * 6
    keys: dict[str, list[Key | None]] = {"depot": depots, "lane": lanes}
    return PackedGroup(
        keys=keys,
        event_time=np.array(event, np.int64),
        known_time=np.array(known, np.int64),
        features={"load": np.array(loads, np.float64), "note": notes},
    )


def packed(*rows: tuple[str | None, int, int, int, float, str | None]) -> list[OnlineRow]:
    """The same, as stores take them."""
    return list(RowPacking(TABLE).rows(group(*rows)))


class SharingConformance:
    """What those who use a store at the same time rely on; a part of `OnlineConformance`."""

    def ask(
        self, store: OnlineStore, depot: object, moment: int, ttl: int | None = None
    ) -> tuple[object, ...]:
        """Load and note of a depot's lane 1; a missing number as None."""
        (found,) = store.at(TABLE.name, [(depot, 1)], [moment], ["load", "note"], ttl).rows
        return tuple(None if isinstance(value, float) and math.isnan(value) else value for value in found)

    def test_a_change_of_another_commit_than_stands_there_is_refused(self, make_store: MakeStore) -> None:
        """Of two writers with changes of one commit the second is told; so is one where nothing stands."""
        store, other = make_store(), make_store()
        with pytest.raises(ConflictError) as caught:
            store.write(TABLE, [], [], stamp("two"), since="one")
        assert caught.value.code == "ON007"
        assert dict(other.stamps()) == {}
        store.write(TABLE, packed(("a", 1, 1, 1, 1.0, "x")), [], stamp("one"), since=None)
        store.write(TABLE, packed(("b", 1, 1, 1, 2.0, "y")), [], stamp("two"), since="one")
        with pytest.raises(ConflictError):
            other.write(TABLE, packed(("a", 1, 1, 1, 9.0, "z")), [], stamp("three"), since="one")
        assert self.ask(make_store(), "a", 9) == (1.0, "x")
        assert make_store().stamps()[TABLE.name].commit == "two"

    def test_the_child_of_a_fork_asks_for_itself(self, make_store: MakeStore) -> None:
        """And its parent goes on."""
        store = make_store()
        store.write(TABLE, packed(("a", 1, 1, 1, 1.0, "x")), [], stamp("one"), since=None)
        assert self.ask(store, "a", 9) == (1.0, "x")
        child = os.fork()
        if not child:
            code = 1
            try:
                code = 0 if self.ask(store, "a", 9) == (1.0, "x") else 2
                store.close()
            finally:
                os._exit(code)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert self.ask(store, "a", 9) == (1.0, "x")


class OnlineConformance(SharingConformance):
    """The suite; a subclass needs a fixture `make_store` that returns a `MakeStore`."""

    def test_the_newest_row_that_was_known_is_found(self, make_store: MakeStore) -> None:
        """By another process too; nothing later leaks, and a correction counts from when it was known."""
        rows = packed(
            ("a", 1, 10, 11, 1.0, "first"), ("a", 1, 20, 25, 2.0, None), ("a", 1, 20, 40, 2.5, "corrected")
        )
        make_store().write(TABLE, rows, [], stamp("one"), since=None)
        store = make_store()
        moments = {10: (None, None), 11: (1.0, "first"), 24: (1.0, "first"), 25: (2.0, None)}
        moments |= {39: (2.0, None), 40: (2.5, "corrected"), 10**15: (2.5, "corrected")}
        assert {moment: self.ask(store, "a", moment) for moment in moments} == moments

    def test_a_row_older_than_its_time_to_live_is_missing(self, make_store: MakeStore) -> None:
        """Counted from the event, up to the moment, inclusive."""
        store = make_store()
        store.write(TABLE, packed(("a", 1, 10, 10, 1.0, "x")), [], stamp("one"), since=None)
        assert self.ask(store, "a", 15, ttl=5) == (1.0, "x")
        assert self.ask(store, "a", 16, ttl=5) == (None, None)
        for keys in ([("a", 1)], [("b", 1), ("a", 1)]):
            looked = store.at(TABLE.name, keys, [16] * len(keys), ["note"], 5)
            assert (looked.missed, looked.expired) == (tuple(range(len(keys))), ((len(keys) - 1, 6),))

    def test_unknown_and_missing_keys_match_nothing(self, make_store: MakeStore) -> None:
        """Nor a key of another type, or a row without a key; a whole float is the integer that it was."""
        store = make_store()
        rows = packed(("a", 1, 10, 10, 1.0, "x"), (None, 1, 10, 10, 9.0, "y"))
        store.write(TABLE, rows, [], stamp("one"), since=None)
        for key in ("b", None, 1, True, 1.5, float("nan"), float("inf"), "a\x00"):
            assert self.ask(store, key, 100) == (None, None)
        assert store.at(TABLE.name, [("a", 1.0)], [100], ["load"], None).rows == [(1.0,)]

    def test_a_reader_never_takes_another_table_for_one_that_was_dropped(self, make_store: MakeStore) -> None:
        """Although the other came in its place."""
        other = OnlineTable(name="parcels.weights/v2", keys=TABLE.keys, features=TABLE.features)
        store, reader = make_store(), make_store()
        store.write(TABLE, packed(("a", 1, 1, 1, 1.0, "x")), [], stamp("one"), since=None)
        assert self.ask(reader, "a", 9) == (1.0, "x")
        store.drop(TABLE.name)
        store.write(other, packed(("a", 1, 1, 1, 99.0, "wrong")), [], stamp("two"), since=None)
        with pytest.raises(EngineError):
            self.ask(reader, "a", 9)

    def test_many_entities_are_answered_in_their_order(self, make_store: MakeStore) -> None:
        """With one moment each, features in the order asked, their commit, and whom it did not find."""
        store = make_store()
        rows = packed(
            *[(f"d{number}", 1, number, number, number * 1.0, f"n{number}") for number in range(50)]
        )
        store.write(TABLE, rows, [], stamp("one"), since=None)
        keys = [(f"d{number}", 1) for number in (7, 99, 3, 7)]
        looked = store.at(TABLE.name, keys, [100, 100, 100, 6], ["note", "load"], None)
        assert [(note, math.isnan(load)) for note, load in looked.rows] == [  # ty: ignore[invalid-argument-type]
            ("n7", False),
            (None, True),
            ("n3", False),
            (None, True),
        ]
        assert (looked.commit, looked.missed) == ("one", (1, 3))
        make_store().write(TABLE, packed(("a", 1, 1, 1, 2.0, "y")), [], stamp("two"), since="one")
        assert store.at(TABLE.name, [("a", 1)], [100], ["load"], None) == ([(2.0,)], "two", (), ())
        assert store.at(TABLE.name, [("b", 1)], [100], ["note"], None) == ([(None,)], "two", (0,), ())

    def test_a_change_puts_in_takes_out_and_stamps_at_once(self, make_store: MakeStore) -> None:
        """Rows with the same entity and times are replaced."""
        store = make_store()
        store.write(
            TABLE, packed(("a", 1, 1, 1, 1.0, "x"), ("b", 1, 1, 1, 2.0, "y")), [], stamp("one"), since=None
        )
        changed, gone = (
            packed(("a", 1, 1, 1, 1.5, "z"), ("c", 1, 1, 1, 3.0, None)),
            packed(("b", 1, 1, 1, 0.0, "")),
        )
        store.write(TABLE, changed, gone, stamp("two", 2), since="one")
        other = make_store()
        assert [self.ask(other, depot, 9) for depot in "abc"] == [(1.5, "z"), (None, None), (3.0, None)]
        assert dict(other.stamps()) == {TABLE.name: stamp("two", 2)}

    def test_a_write_that_fails_changes_nothing(self, make_store: MakeStore) -> None:
        """Neither rows nor the stamp."""
        store = make_store()
        store.write(TABLE, packed(("a", 1, 1, 1, 1.0, "x")), [], stamp("one"), since=None)

        def broken() -> object:
            yield from packed(("a", 1, 1, 1, 7.0, "x"))
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            store.write(TABLE, broken(), [], stamp("two"), since=None)  # ty: ignore[invalid-argument-type]
        assert self.ask(make_store(), "a", 9) == (1.0, "x")
        assert make_store().stamps()[TABLE.name].commit == "one"

    def test_versions_stand_side_by_side(self, make_store: MakeStore) -> None:
        """And leave one by one; a reader finds one that was made anew under the old name."""
        other = OnlineTable(name="parcels.weights/v2", keys=("depot", "lane"), features=(("load", "number"),))
        store, reader = make_store(), make_store()
        store.write(TABLE, packed(("a", 1, 1, 1, 1.0, "x")), [], stamp("one"), since=None)
        only_load = PackedGroup(
            {"depot": ["a"], "lane": [1]}, np.array([1]), np.array([1]), {"load": np.array([8.0])}
        )
        store.write(other, RowPacking(other).rows(only_load), [], stamp("other"), since=None)
        assert reader.at(other.name, [("a", 1)], [9], ["load"], None).rows == [(8.0,)]
        assert self.ask(reader, "a", 9) == (1.0, "x")
        store.drop(TABLE.name)
        store.drop(TABLE.name)
        with pytest.raises(EngineError):
            self.ask(reader, "a", 9)
        store.write(TABLE, packed(("a", 1, 1, 1, 4.0, "again")), [], stamp("three"), since=None)
        assert self.ask(reader, "a", 9) == (4.0, "again")
        assert set(store.stamps()) == {TABLE.name, other.name}

    def test_another_table_of_the_same_name_is_refused(self, make_store: MakeStore) -> None:
        """And the one that is there stays."""
        store = make_store()
        store.write(TABLE, packed(("a", 1, 1, 1, 1.0, "x")), [], stamp("one"), since=None)
        other = OnlineTable(name=TABLE.name, keys=("depot",), features=(("load", "number"),))
        with pytest.raises(ConflictError) as caught:
            make_store().write(other, [], [], stamp("two"), since=None)
        assert caught.value.code == "ON003"
        assert self.ask(store, "a", 9) == (1.0, "x")

    def test_what_is_not_there_is_named(self, make_store: MakeStore) -> None:
        """A table, and a feature of a table."""
        store = make_store()
        with pytest.raises(EngineError) as caught:
            self.ask(store, "a", 9)
        assert caught.value.code == "ON002"
        store.write(TABLE, [], [], stamp("one"), since=None)
        with pytest.raises(EngineError) as caught:
            store.at(TABLE.name, [("a", 1)], [9], ["wind"], None)
        assert caught.value.code == "ON004"

    def test_its_answers_are_those_of_rows_in_memory(self, make_store: MakeStore) -> None:
        """On random rows, with ties, late rows and gaps."""
        random = np.random.default_rng(7)
        rows = {
            (f"d{depot}", lane, event, event + late): (float(load), f"note {load:.0f}")
            for depot, lane, event, late, load in zip(
                random.integers(0, 4, 300),
                random.integers(0, 2, 300),
                random.integers(0, 60, 300),
                random.integers(0, 9, 300),
                random.normal(size=300),
                strict=True,
            )
        }
        made = [(*key, *values) for key, values in rows.items()]
        plain = [(str(d), int(lane), int(e), int(k), load, note) for d, lane, e, k, load, note in made]
        store = make_store()
        store.write(TABLE, packed(*plain), [], stamp("one"), since=None)
        memory = OnlineRows(pack({TABLE.name: group(*plain)}))
        for moment in range(0, 75, 3):
            for ttl in (None, 10):
                keys = [(f"d{depot}", lane) for depot in range(5) for lane in range(2)]
                found = store.at(TABLE.name, keys, [moment] * len(keys), ["load", "note"], ttl).rows
                expected = [memory.at(TABLE.name, key, moment, ("load", "note"), ttl) for key in keys]
                np.testing.assert_equal(found, expected)
