"""Labels that are known when the row that carries them reaches us, against the definition, reading after reading."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from headway.core import digest
from headway.data import kept, tables
from headway.data.datasets import BuiltDataset, build
from headway.data.groups import SourceTable
from headway.data.kept import COMMITTED, Added, Part
from headway.data.labels import resolve
from headway.data.loaders.asked import Origin
from headway.errors import ContractError
from headway.spec.contract import Column, Contract
from headway.spec.product import Absent, Dataset, Known, Label, Moment, Source, Split

INSTANT = pl.Datetime("us", "UTC")
ORIGIN = datetime(2024, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
DELAY = 10
"""Hours after which an absence is believed."""

COMMIT, AT_ONCE = Known(commit=True), Known(lag=timedelta(0))
CONTRACT = Contract(
    columns={
        "id": Column(type="integer"),
        "at": Column(type="time"),
        "value": Column(type="integer", nulls=True),
    }
)
COLUMN = Label(column="value", known=COMMIT)
VALUE = Label(from_="late", by_key={"id": "id"}, column="value")
PRESENCE = Label(from_="late", by_key={"id": "id"}, present=1, absent=Absent(is_=0, after=DELAY * HOUR))

Row = tuple[int, int, int | None]
"""Id, hour of its event, value."""
values = st.sampled_from([1, 2, None])
readings = st.lists(st.dictionaries(st.integers(0, 9), values, min_size=1), min_size=1, max_size=5)
"""What the table holds at each reading, id -> value; the event of an id is at that hour."""
appended = st.lists(st.lists(st.tuples(st.integers(0, 6), values), max_size=6), min_size=1, max_size=5)
"""What a log has got since the reading before, (id, value)."""


class Version(NamedTuple):
    """One reading as it was kept, and the hour of it."""

    hour: int
    table: SourceTable


def hour_of(reading: int) -> int:
    """Readings are five hours apart, the first after all events."""
    return 12 + 5 * reading


def instants(hours: list[int]) -> pl.Series:
    return pl.Series([ORIGIN + hour * HOUR for hour in hours], dtype=INSTANT)


def frame(rows: list[Row]) -> pl.DataFrame:
    return pl.DataFrame(
        {"id": [row[0] for row in rows], "at": instants([row[1] for row in rows]), "value": [row[2] for row in rows]},
        schema_overrides={"id": pl.Int64, "value": pl.Int64},
    )  # fmt: skip


def versions(known: Known, read: list[list[Row]]) -> list[Version]:
    """Every reading merged with what was kept, as the engine does it."""
    found, parts = [], list[Part]()
    with tempfile.TemporaryDirectory() as folder:
        for number, rows in enumerate(read):
            hour = hour_of(number)
            added = Added(frame(rows), committed=ORIGIN + hour * HOUR)
            stored = []
            for place, part in enumerate(kept.merged(parts, added, source="rows").parts):
                if isinstance(part, Part):
                    stored.append(part)
                    continue
                path = Path(folder) / f"{number}-{place}.parquet"
                tables.write(part, path)
                stored.append(Part(path, digest.of_file(path), part.height))
            parts = stored
            whole = pl.concat([part.read() for part in parts]) if parts else frame([])
            source = Source(load="rows.parquet", event_time="at", known=known)
            found.append(
                Version(hour, SourceTable(whole.drop(COMMITTED), source, CONTRACT, whole[COMMITTED]))
            )
    return found


def declared(label: Label) -> Dataset:
    split = Split(by="quota", train=0.5, validate=0.0, test=0.5)
    return Dataset(rows="rows", label=label, split=split, predict_at=Moment(column="at"), request=("id",))


def built(label: Label, rows: SourceTable, hour: int) -> BuiltDataset | str:
    """The dataset of one version at one hour, or the code of why there is none."""
    try:
        return build(
            declared(label),
            "d",
            rows=rows.frame,
            source=rows.source,
            contract=CONTRACT,
            now=ORIGIN + hour * HOUR,
            committed=rows.committed,
        )
    except ContractError as error:
        return error.code


@settings(max_examples=150, deadline=None)
@given(readings, st.sampled_from([AT_ONCE, COMMIT]), st.booleans())
def test_the_label_of_a_row_is_known_since_it_is_there_with_that_label(
    tables_: list[dict[int, int | None]], rows_known: Known, of_rows: bool
) -> None:
    label = Label(column="value") if of_rows and rows_known.commit else COLUMN
    made = versions(rows_known, [[(key, key, value) for key, value in table.items()] for table in tables_])
    since: dict[int, tuple[int | None, int]] = {}
    for (hour, table), there in zip(made, tables_, strict=True):
        since = {
            key: since[key] if key in since and since[key][0] == value else (value, hour)
            for key, value in there.items()
        }
        now = ORIGIN + hour * HOUR
        found = resolve(declared(label), table.frame, table.source, None, now, "d", table.committed)
        pairs = zip(found.label, found.known, strict=True)
        expected = {key: (value, ORIGIN + at * HOUR) for key, (value, at) in since.items()}
        assert dict(zip(table.frame["id"], pairs, strict=True)) == expected


@settings(max_examples=80, deadline=None)
@given(readings)
def test_nothing_is_learnt_from_that_came_after_the_test_began(tables_: list[dict[int, int | None]]) -> None:
    """Events are five hours apart, so that some labels come while others still happen."""
    shifted = [[(key, 5 * key, value) for key, value in table.items()] for table in tables_]
    for hour, table in versions(AT_ONCE, shifted):
        made = built(COLUMN, table, max(hour, 50))
        if isinstance(made, str):
            continue
        arrived = dict(zip(table.frame["id"], table.committed, strict=True))  # ty: ignore[invalid-argument-type]
        began = made.frame.filter(pl.col("part") == "test")["predict_at"].min()
        for key in made.frame.filter(pl.col("part") == "train")["row.id"]:
            assert arrived[key] <= began
        labelled = table.frame["value"].is_not_null().sum()
        assert made.frame.height == labelled, "a row without a label comes again with it, or never"
        assert made.excluded == {"no label": table.frame.height - labelled, "label not yet known": 0}


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([VALUE, PRESENCE]), appended)
def test_of_a_log_of_labels_the_newest_that_came_by_then_counts(
    label: Label, log: list[list[tuple[int, int | None]]]
) -> None:
    """A log that is read since its newest line; the number of a line is its watermark and its event's hour."""
    lines = [
        (number, key, value) for number, (key, value) in enumerate(line for more in log for line in more)
    ]
    ends = [sum(len(more) for more in log[: n + 1]) for n in range(len(log))]
    source = Source(load="late.parquet", event_time="at", known=COMMIT)
    rows = frame([(key, key, None) for key in range(7)])
    owner = Source(load="rows.parquet", event_time="at", known=AT_ONCE)
    for number, end in enumerate(ends):
        # What had come by a reading, with the hour at which each line did, in any order.
        came = [(line, hour_of(next(n for n, e in enumerate(ends) if line[0] < e))) for line in lines[:end]]
        late = SourceTable(
            frame([(key, at, value) for (at, key, value), _ in came]),
            source,
            CONTRACT,
            instants([hour for _, hour in came]),
        )
        now = hour_of(number)
        found = resolve(declared(label), rows, owner, late, ORIGIN + now * HOUR, "d")
        for key, value, known in zip(rows["id"], found.label, found.known, strict=True):
            said = [(hour, at, value) for (at, who, value), hour in came if who == key]
            if label is VALUE:
                assert value == (max(said)[2] if said else None)
            elif said:
                assert (value, known) == (1, ORIGIN + min(said)[0] * HOUR)
            else:
                assert (value, known) == (0, ORIGIN + (key + DELAY) * HOUR)


@settings(max_examples=60, deadline=None)
@given(readings, st.permutations(range(10)))
def test_the_same_arrivals_give_the_same_dataset_in_any_order_and_at_any_later_hour(
    tables_: list[dict[int, int | None]], order: list[int]
) -> None:
    rows = [[(key, key, value) for key, value in table.items()] for table in tables_]
    shuffled = versions(AT_ONCE, [sorted(table, key=lambda row: order[row[0]]) for table in rows])
    for (hour, table), (_, other) in zip(versions(AT_ONCE, rows), shuffled, strict=True):
        made = built(COLUMN, table, hour)
        for again in (built(COLUMN, other, hour), built(COLUMN, table, hour + 1000)):
            if isinstance(made, str) or isinstance(again, str):
                assert made == again
                continue
            assert made.waits_until is None
            assert (made.excluded, made.windows) == (again.excluded, again.windows)
            assert made.frame.equals(again.frame)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from("ab"), st.lists(st.tuples(st.integers(0, 3), values), max_size=4), min_size=1), min_size=1, max_size=5))  # fmt: skip
def test_a_row_of_a_file_that_changed_keeps_when_it_came(folders: list[dict[str, list[tuple[int, int | None]]]]) -> None:  # fmt: skip
    """Files whose digest is their content; a row that is in the folder still came when it first did."""
    parts: list[Part] = []
    before: list[tuple[tuple[int, int | None], datetime]] = []
    with tempfile.TemporaryDirectory() as place:
        for number, files in enumerate(folders):
            now = ORIGIN + number * HOUR
            known = kept.known_files(parts)
            origins, new, left = [], list[tuple[int, int | None]](), list(before)
            told_apart = {
                name: [(key + 10 * (name == "b"), value) for key, value in rows]
                for name, rows in files.items()
            }
            for name, rows in sorted(told_apart.items()):
                mark = digest.of_value([list(row) for row in rows])
                is_known = known.get(mark, 0) > 0
                known[mark] = known.get(mark, 0) - is_known
                origins.append(Origin(name, mark, None if is_known else len(rows)))
                new += [] if is_known else rows
            merged = kept.of_files(
                parts, frame([(key, key, value) for key, value in new]), origins, source="rows", committed=now
            )
            parts = []
            for index, part in enumerate(merged.parts):
                if isinstance(part, pl.DataFrame):
                    path = Path(place) / f"{number}-{index}.parquet"
                    tables.write(part, path)
                    part = Part(path, digest.of_file(path), part.height)  # noqa: PLW2901 -- as the engine keeps it
                parts.append(part)
            before = []
            for row in (row for rows in told_apart.values() for row in rows):
                item = min(
                    (item for item in left if item[0] == row), key=lambda item: item[1], default=(row, now)
                )
                if item in left:
                    left.remove(item)
                before.append(item)
            whole = pl.concat([part.read() for part in parts])
            told = [
                ((key, value), at) for key, value, at in whole.select("id", "value", COMMITTED).iter_rows()
            ]
            assert sorted(told, key=repr) == sorted(before, key=repr)
