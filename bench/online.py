"""Looking features up online: one entity and a hundred, against one indexed SQLite row in the same run.

    python bench/online.py [--entities 100000] [--json]

100,000 entities of 16 numbers. The floor is the least that SQLite can do: a packed row by integer id. Ours
finds the newest row of an entity that was known at a moment, by any key, and names its features. The same with
ten rows per entity, so that there is a past to step over.
"""

from __future__ import annotations

import argparse
import json
import random
import sqlite3
import statistics
import struct
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from headway.online.pack import PackedGroup
from headway.online.sqlite import SqliteOnline
from headway.online.table import OnlineTable, RowPacking, Stamp

FEATURES = tuple(f"feature_{number:02d}" for number in range(16))
TABLE = OnlineTable(name="bench/v1", keys=("id",), features=tuple((name, "number") for name in FEATURES))
NOW = 10**15


def ours(folder: Path, entities: int, past: int) -> tuple[Callable[[Sequence[int]], object], float]:
    """A look-up of ids in a store of ours, and the seconds that writing it took."""
    count = entities * past
    numbers = np.random.default_rng(1).normal(size=(16, count))
    group = PackedGroup(
        keys={"id": np.repeat(np.arange(entities), past).tolist()},
        event_time=np.tile(np.arange(past, dtype=np.int64), entities),
        known_time=np.tile(np.arange(past, dtype=np.int64), entities),
        features=dict(zip(FEATURES, numbers, strict=True)),
    )
    store = SqliteOnline(folder / f"ours-{past}.sqlite")
    stamp = Stamp(commit="", rows=count, event_us=None, known_us=None, written_us=0)
    began = time.perf_counter()
    store.write(TABLE, RowPacking(TABLE).rows(group), [], stamp, since=None)
    seconds = time.perf_counter() - began
    return lambda ids: store.at(
        TABLE.name, [(one,) for one in ids], [NOW] * len(ids), FEATURES, None
    ), seconds


def floor(folder: Path, entities: int) -> Callable[[Sequence[int]], object]:
    """A look-up of ids among packed rows by integer id, and nothing else."""
    packing = struct.Struct("<16d")
    connection = sqlite3.connect(folder / "floor.sqlite", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("BEGIN")
    connection.execute("CREATE TABLE kept (id INTEGER PRIMARY KEY, packed BLOB)")
    rows = ((one, packing.pack(*[float(one)] * 16)) for one in range(entities))
    connection.executemany("INSERT INTO kept VALUES (?, ?)", rows)
    connection.execute("COMMIT")
    query = "SELECT packed FROM kept WHERE id = ?"
    return lambda ids: [packing.unpack(connection.execute(query, (one,)).fetchone()[0]) for one in ids]


def microseconds(look: Callable[[Sequence[int]], object], asked: list[list[int]]) -> float:
    """Median time of one call."""
    for ids in asked[:50]:
        look(ids)
    spent = []
    for ids in asked:
        began = time.perf_counter()
        look(ids)
        spent.append(time.perf_counter() - began)
    return statistics.median(spent) * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--entities", type=int, default=100_000)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    draw = random.Random(1)
    one = [[draw.randrange(arguments.entities)] for _ in range(5_000)]
    hundred = [[draw.randrange(arguments.entities) for _ in range(100)] for _ in range(300)]
    found: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        looks = {"floor": (floor(folder, arguments.entities), 0.0)}
        looks["headway"] = ours(folder, arguments.entities, 1)
        looks["headway, 10 rows an entity"] = ours(folder, arguments.entities, 10)
        for title, (look, seconds) in looks.items():
            found[title] = {"one_us": microseconds(look, one), "hundred_us": microseconds(look, hundred)}
            if seconds:
                found[title]["write_s"] = seconds
    if arguments.json:
        print(json.dumps(found))
        return
    for title, figures in found.items():
        print(title, {what: round(value, 2) for what, value in figures.items()})


if __name__ == "__main__":
    main()
