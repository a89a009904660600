"""Tables of feature groups: small commits, upserts, old versions, beside plain deltalake in the same run.

    python bench/tables.py [--rows 1000000] [--commits 100] [--json]

A table of 50,000 entities with 3 numbers, written once; then commits of 1,000 new rows each, a scan, a read of the
version in the middle, an upsert of a hundredth of the rows that the table began with, and one of all rows of a
hundred entities that follow each other. Each contestant runs in its own process, in turn. `headway` is
`store/delta.py`: every commit looks up which rows are there already, every read verifies the files, and rows come
back sorted by key. `deltalake` appends the commits unseen and merges the upserts by key; its rows come back in any
order. In the end both must hold the same rows.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
from memory import peak_mb

KEY = ["entity", "event_time", "known_time"]
ENTITIES = 50_000
SMALL = 1_000
HOUR = 3_600_000_000


def frame(numbers: pl.Series, factor: float) -> pl.DataFrame:
    """Rows by number: entities in turn, an hour from one of its rows to the next."""
    frame = pl.DataFrame({"number": numbers}).select(
        entity=pl.col("number") * 7919 % ENTITIES,
        event_time=(pl.col("number") // ENTITIES * HOUR).cast(pl.Datetime("us", "UTC")),
        known_time=(pl.col("number") // ENTITIES * HOUR + HOUR).cast(pl.Datetime("us", "UTC")),
        a=pl.col("number") * 7919 % 1_000_003 / 1_000_003 * factor,
        b=pl.col("number") * 104729 % 1_000_003 / 1_000_003 * factor,
        c=pl.col("number") * 15485863 % 1_000_003 / 1_000_003 * factor,
    )
    return frame.sort(KEY)


def batch(rows: int, number: int) -> pl.DataFrame:
    """One small commit: rows that go on where the table ends."""
    first = rows + number * SMALL
    return frame(pl.int_range(first, first + SMALL, eager=True), 2.0 + number)


def corrections(rows: int) -> pl.DataFrame:
    """A hundredth of the rows that the table began with, of all entities, with other values."""
    return frame(pl.int_range(0, rows, 100, eager=True), 99.0)


def local(rows: int) -> pl.DataFrame:
    """Every row of a hundred entities that the table began with, with other values."""
    numbers = pl.int_range(rows, eager=True)
    return frame(numbers.filter((numbers * 7919 % ENTITIES).is_between(20_000, 20_099)), 98.0)


class Headway:
    """The store of this project."""

    def __init__(self, folder: Path) -> None:
        from headway.store.delta import DeltaTables

        self.tables = DeltaTables(folder)
        self.snapshots: list[Any] = []

    def begin(self, rows: pl.DataFrame) -> None:
        self.snapshots.append(self.tables.replace("bench/v1", rows, KEY, {}))

    def commit(self, rows: pl.DataFrame) -> None:
        self.snapshots.append(self.tables.change(self.snapshots[-1], rows, None, {})[0])

    upsert = commit

    def read(self, number: int = -1) -> pl.DataFrame:
        return self.tables.read(self.snapshots[number]).collect()


class Plain:
    """Plain deltalake."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "plain"

    def begin(self, rows: pl.DataFrame) -> None:
        rows.write_delta(self.path)

    def commit(self, rows: pl.DataFrame) -> None:
        rows.write_delta(self.path, mode="append")

    def upsert(self, rows: pl.DataFrame) -> None:
        same = " and ".join(f"old.{name} = new.{name}" for name in KEY)
        merging = rows.write_delta(
            self.path,
            mode="merge",
            delta_merge_options={"predicate": same, "source_alias": "new", "target_alias": "old"},
        )
        merging.when_matched_update_all().when_not_matched_insert_all().execute()

    def read(self, number: int | None = None) -> pl.DataFrame:
        return pl.read_delta(str(self.path), version=number)


CONTESTANTS: dict[str, Callable[[Path], Any]] = {"headway": Headway, "deltalake": Plain}


def measured(name: str, rows: int, commits: int) -> dict[str, float]:
    """One contestant: seconds of each step, and the memory that it took at most."""
    with tempfile.TemporaryDirectory() as folder:
        table = CONTESTANTS[name](Path(folder))
        begin, found = frame(pl.int_range(rows, eager=True), 1.0), dict[str, float]()
        found["first_ms"] = _milliseconds(lambda: table.begin(begin))
        batches = [batch(rows, number) for number in range(commits)]
        small = [_milliseconds(lambda given=given: table.commit(given)) for given in batches]
        found["commit_ms"], found["commits_s"] = statistics.median(small), sum(small) / 1000
        found["scan_ms"] = statistics.median(_milliseconds(table.read) for _ in range(5))
        found["old_ms"] = statistics.median(_milliseconds(lambda: table.read(commits // 2)) for _ in range(5))
        given = corrections(rows)
        found["upsert_ms"] = _milliseconds(lambda: table.upsert(given))
        few = local(rows)
        found["local_ms"] = _milliseconds(lambda: table.upsert(few))
        found["rows"], found["sum"] = float(table.read().height), float(table.read()["a"].sum())
        found["peak_mb"] = peak_mb()
    return found


def _milliseconds(step: Callable[[], object]) -> float:
    began = time.perf_counter()
    step()
    return (time.perf_counter() - began) * 1000


def contestants(rows: int, commits: int) -> dict[str, dict[str, float]]:
    """Each in a process of its own."""
    found: dict[str, dict[str, float]] = {}
    for name in CONTESTANTS:
        command = [sys.executable, __file__, "--rows", str(rows), "--commits", str(commits), "--only", name]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found[name] = json.loads(done.stdout)
    ours, theirs = found["headway"], found["deltalake"]
    if ours["rows"] != theirs["rows"] or not math.isclose(ours["sum"], theirs["sum"], rel_tol=1e-9):
        sys.exit(f"the rows differ: {ours} {theirs}")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--commits", type=int, default=100)
    parser.add_argument("--only", choices=list(CONTESTANTS), help="one contestant, in this process")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    if arguments.only:
        print(json.dumps(measured(arguments.only, arguments.rows, arguments.commits)))
        return
    found = contestants(arguments.rows, arguments.commits)
    if arguments.json:
        print(json.dumps(found))
        return
    for title, figures in found.items():
        print(title, {what: round(value, 1) for what, value in figures.items()})


if __name__ == "__main__":
    main()
