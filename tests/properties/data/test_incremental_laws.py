"""Reading in steps gives what one full reading gives, and costs only what is new."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from headway.core import digest
from headway.data import kept, tables
from headway.data.kept import FILE, HIDDEN, MOST, Added, Merged, Part
from headway.data.loaders.asked import Since
from headway.data.sources import load
from headway.spec.contract import Column, Contract
from headway.spec.product import Incremental, Source

DAY = datetime(2024, 1, 1, tzinfo=UTC)
SCHEMA = {"id": pl.Int64(), "at": pl.Datetime("us", "UTC"), "value": pl.Float64()}
LATE = 3
"""Hours that a row may come late."""


class Shelf:
    """Keeps what a merge gives as the engine would."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.parts: list[Part] = []
        self.written = 0

    def keep(self, merged: Merged) -> None:
        parts = []
        for part in merged.parts:
            if isinstance(part, Part):
                parts.append(part)
                continue
            self.written += part.height
            path = self.folder / f"{len(list(self.folder.iterdir()))}.parquet"
            tables.write(part, path)
            high: Any = part["at"].max() if "at" in part.columns else None
            parts.append(Part(path, digest.of_file(path), part.height, high))
        self.parts = parts

    @property
    def rows(self) -> pl.DataFrame:
        return pl.concat([part.read().drop(HIDDEN, strict=False) for part in self.parts])


def frame(rows: list[tuple[int, int, float | None]]) -> pl.DataFrame:
    columns = {
        "id": [row[0] for row in rows],
        "at": [DAY + timedelta(hours=row[1]) for row in rows],
        "value": [row[2] for row in rows],
    }
    return pl.DataFrame(columns, schema=SCHEMA)


def is_same(one: pl.DataFrame, other: pl.DataFrame) -> bool:
    return one.sort(one.columns).equals(other.sort(other.columns))


VALUES = st.sampled_from([0.0, 1.5, float("nan"), None])


@st.composite
def arrivals(draw: st.DrawFn) -> list[list[tuple[int, int, float | None]]]:
    """Batches of rows; each row comes at most LATE hours after the newest one before it. Some are equal."""
    batches, newest = [], 0
    for _ in range(draw(st.integers(1, 6))):
        batch = draw(
            st.lists(st.tuples(st.integers(0, 3), st.integers(newest - LATE, newest + 6), VALUES), max_size=6)
        )
        newest = max([newest, *(row[1] for row in batch)])
        batches.append(batch)
    return batches


@settings(deadline=None, max_examples=60)
@given(arrivals())
def test_reading_since_a_watermark_equals_reading_everything(
    batches: list[list[tuple[int, int, float | None]]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        shelf, everything = Shelf(Path(folder)), frame([])
        for batch in batches:
            everything = pl.concat([everything, frame(batch)])
            marks = [part.high for part in shelf.parts if part.high is not None]
            newest: Any = max(marks, default=None)  # type: ignore[type-var]
            since = Since("at", newest - timedelta(hours=LATE)) if newest is not None else None
            given_ = everything.filter(pl.col("at") >= since.mark) if since is not None else everything
            before = sum(part.rows for part in shelf.parts)
            merged = kept.merged(shelf.parts, Added(given_, since), source="rows")
            assert merged.counts.kept == len(batch)
            assert merged.counts.before == before
            shelf.keep(merged)
        assert is_same(shelf.rows, everything)


@settings(deadline=None, max_examples=60)
@given(arrivals())
def test_with_a_key_the_newest_row_of_each_stays(batches: list[list[tuple[int, int, float | None]]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        shelf, table = Shelf(Path(folder)), {}
        newest = -100
        for batch in batches:
            changed = {row[0]: row for row in batch if row[1] > newest}
            table |= changed
            since = Since("at", DAY + timedelta(hours=newest)) if shelf.parts else None
            given_ = frame([row for row in table.values() if row[1] >= newest or since is None])
            shelf.keep(kept.merged(shelf.parts, Added(given_, since, keys=(("id",),)), source="rows"))
            newest = max([newest, *(row[1] for row in table.values())])
        assert is_same(shelf.rows, frame(list(table.values())))


@settings(deadline=None, max_examples=40)
@given(st.lists(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2), VALUES), max_size=5), max_size=5))
def test_whole_readings_keep_the_time_at_which_each_row_reached_us(
    readings: list[list[tuple[int, int, float | None]]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        shelf = Shelf(Path(folder))
        reached: list[tuple[str, datetime]] = []
        for hour, reading in enumerate(readings):
            now = DAY + timedelta(hours=hour)
            left = list(reached)
            reached = []
            for row in map(repr, reading):
                found = next((item for item in left if item[0] == row), None)
                if found is not None:
                    left.remove(found)
                reached.append(found or (row, now))
            shelf.keep(kept.merged(shelf.parts, Added(frame(reading), committed=now), source="rows"))
        stored = pl.concat([part.read() for part in shelf.parts]) if shelf.parts else frame([])
        assert stored.height == len(reached)
        if reached:
            assert sorted(stored[kept.COMMITTED].to_list()) == sorted(time for _, time in reached)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.dictionaries(st.sampled_from("abcd"), st.sampled_from("xyz"), max_size=4), max_size=6))
def test_reading_new_files_equals_reading_the_folder(listings: list[dict[str, str]]) -> None:
    contract = Contract(
        columns={"id": Column(type="integer"), "name": Column(type="text")}, extra_columns="refuse"
    )
    source = Source(load="in", options={"format": "csv"}, incremental=Incremental(by="content"))
    with tempfile.TemporaryDirectory() as root, tempfile.TemporaryDirectory() as folder:
        shelf = Shelf(Path(folder))
        for listing in listings:
            place = Path(root) / "in"
            place.mkdir(exist_ok=True)
            for old in place.iterdir():
                old.unlink()
            for name, content in listing.items():
                (place / f"{name}.csv").write_text("id,name\n" + f"1,{content}\n" * (ord(content) - ord("w")))
            if not listing:
                continue
            known = kept.known_files(shelf.parts)
            new = load(source, "rows", contract, Path(root), _nobody, known=known)
            fresh = [origin for origin in new.origins if origin.rows is not None]
            assert len(fresh) == len(listing) - len(new.origins) + len(fresh)
            shelf.keep(kept.of_files(shelf.parts, new.frame, new.origins, source="rows"))
            assert is_same(shelf.rows, load(source, "rows", contract, Path(root), _nobody).frame)
            assert all(FILE in part.read().columns for part in shelf.parts)


def test_an_append_writes_only_what_is_new_and_parts_stay_few(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    shelf.keep(kept.merged([], Added(frame([(i, 0, 1.0) for i in range(1_000)])), source="rows"))
    for hour in range(1, 200):
        since = Since("at", DAY + timedelta(hours=hour - 1))
        shelf.keep(kept.merged(shelf.parts, Added(frame([(hour, hour, 1.0)]), since), source="rows"))
        assert len(shelf.parts) <= MOST
    assert shelf.rows.height == 1_199
    assert shelf.written < 1_000 + 200 * 5


def _nobody(reference: str) -> Callable[..., Any]:
    raise AssertionError(reference)
