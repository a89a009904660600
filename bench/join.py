"""The point-in-time join from files to memory, beside DuckDB's ASOF join where it is installed.

    python bench/join.py [--rows 1000000] [--labels 1000000] [--rounds 3] [--json]

Labels (as many as `--rows`, unless said otherwise) and three groups of 1, 2 and 5 times `--rows` rows (3, 5
and 8 features, a tenth of `--rows` entities) lie in Parquet files. Each contestant runs in its own process,
in turn. `headway` joins on event time and known time, known ten minutes after the event; `headway, late
rows` the same with rows that are up to two days late; `duckdb` joins on one time, which is the later of the
two for the same answer, from the same sorted files; `as it came` is either from files in the order of time,
which Headway's own tables never have. The sums of all features must agree. Read CPU seconds on a busy machine.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import polars as pl
from memory import peak_mb

from headway.data.join import Lookup, as_of

GROUPS = {"a": (1, 3), "b": (2, 5), "c": (5, 8)}
"""Group -> rows as a multiple of the labels, features."""
DAY = 86_400_000_000
LAG = 600_000_000
KEY = {"entity": "entity"}


def names(group: str) -> list[str]:
    return [f"{group}{number}" for number in range(GROUPS[group][1])]


def generate(folder: Path, rows: int, asked: int) -> None:
    """Write the labels, and each group as it came, sorted, and with late rows."""
    random = np.random.default_rng(3)
    entities, start = max(rows // 10, 1), np.datetime64("2024-01-01", "us")

    def times(count: int, first: int) -> pl.Series:
        moments = start + random.integers(first * DAY, 90 * DAY, count).astype("timedelta64[us]")
        return pl.Series(moments).dt.replace_time_zone("UTC")

    labels = {"entity": random.integers(0, entities, asked), "at": times(asked, 20)}
    pl.DataFrame(labels).write_parquet(folder / "labels.parquet")
    for group, (multiple, _) in GROUPS.items():
        count = rows * multiple
        columns = {name: random.standard_normal(count) for name in names(group)}
        frame = pl.DataFrame(
            {"entity": random.integers(0, entities, count), "event_time": times(count, 0), **columns}
        )
        frame = frame.unique(["entity", "event_time"]).sort("event_time")
        frame = frame.with_columns(known_time=pl.col("event_time") + pl.duration(microseconds=LAG))
        frame.write_parquet(folder / f"{group}.parquet")
        frame.sort("entity", "event_time").write_parquet(folder / f"sorted_{group}.parquet")
        late = pl.Series(random.integers(0, 2 * DAY, frame.height)).cast(pl.Duration("us"))
        frame = frame.with_columns(known_time=pl.col("event_time") + late).sort("entity", "event_time")
        frame.write_parquet(folder / f"late_{group}.parquet")


def headway(folder: Path, kind: str = "sorted_") -> pl.DataFrame:
    labels = pl.read_parquet(folder / "labels.parquet")
    tables = {group: pl.scan_parquet(folder / f"{kind}{group}.parquet") for group in GROUPS}
    lookups = [Lookup(table, KEY, {name: name for name in names(group)}) for group, table in tables.items()]
    found = as_of(labels, "at", lookups)
    return pl.concat([labels, *found], how="horizontal")


def duckdb(folder: Path, kind: str = "sorted_") -> pl.DataFrame:
    from duckdb import connect

    joins = " ".join(
        f"asof left join '{folder}/{kind}{group}.parquet' {group} "
        f"on l.entity = {group}.entity and l.at >= {group}.known_time"
        for group in GROUPS
    )
    columns = ", ".join(name for group in GROUPS for name in names(group))
    connection = connect()
    connection.execute("set TimeZone = 'UTC'")
    return connection.sql(f"select l.*, {columns} from '{folder}/labels.parquet' l {joins}").pl()


CONTESTANTS: dict[str, Callable[[Path], pl.DataFrame]] = {
    "headway": headway,
    "headway, late rows": lambda folder: headway(folder, "late_"),
    "headway, as it came": lambda folder: headway(folder, ""),
    "duckdb": duckdb,
    "duckdb, as it came": lambda folder: duckdb(folder, ""),
}


def run_one(name: str, folder: Path) -> None:
    """One contestant in this process; prints its figures."""
    if name.startswith("duckdb"):
        import_module("duckdb")  # not part of the join
    began, worked = time.perf_counter(), time.process_time()
    made = CONTESTANTS[name](folder)
    seconds, worked = time.perf_counter() - began, time.process_time() - worked
    features = made.drop("entity", "at")
    figures = {
        "seconds": seconds,
        "cpu_seconds": worked,
        "peak_mb": peak_mb(),
        "rows": made.height,
        "nulls": sum(series.null_count() for series in features),
        "sum": round(sum(float(series.sum()) for series in features), 3),
    }
    print(json.dumps(figures))


def measured(rows: int, asked: int, rounds: int) -> dict[str, dict[str, float]]:
    """Contestant -> median figures; those whose library is missing are left out.

    Raises:
        SystemExit: Contestants gave different answers, or one failed.
    """
    found: dict[str, list[dict[str, float]]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        # In a process of its own, whose memory would else count as the peak of every later one.
        sizes = ["--rows", str(rows), "--labels", str(asked)]
        command = [sys.executable, __file__, *sizes, "--generate", "--folder", scratch]
        subprocess.run(command, check=True)
        for _ in range(rounds):
            for name in CONTESTANTS:
                if name.startswith("duckdb") and not _has_duckdb():
                    continue
                command = [sys.executable, __file__, "--one", name, "--folder", scratch]
                done = subprocess.run(command, capture_output=True, text=True, check=False)
                if done.returncode:
                    raise SystemExit(f"{name} failed: {done.stderr[-500:]}")
                found.setdefault(name, []).append(json.loads(done.stdout.splitlines()[-1]))
    answers = {
        (run["rows"], run["nulls"], run["sum"])
        for name, runs in found.items()
        if "late" not in name
        for run in runs
    }
    if len(answers) != 1:
        raise SystemExit(f"the contestants disagree: {sorted(answers)}")
    return {
        name: {what: statistics.median(run[what] for run in runs) for what in runs[0]}
        for name, runs in found.items()
    }


def _has_duckdb() -> bool:
    return find_spec("duckdb") is not None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--labels", type=int, help="as many as --rows where it is not given")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--one", choices=CONTESTANTS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--generate", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    labels = args.rows if args.labels is None else args.labels
    if args.generate:
        generate(args.folder, args.rows, labels)
        return
    if args.one:
        run_one(args.one, args.folder)
        return
    found = measured(args.rows, labels, args.rounds)
    if args.json:
        print(json.dumps(found))
        return
    ours = found["headway"]
    print(f"{'contestant':<21}{'seconds':>9}{'x headway':>11}{'CPU s':>8}{'x headway':>11}{'peak MB':>9}")
    for name, run in found.items():
        wall, cpu = (run[what] / ours[what] for what in ("seconds", "cpu_seconds"))
        figures = f"{run['seconds']:>9.2f}{wall:>11.2f}{run['cpu_seconds']:>8.2f}{cpu:>11.2f}"
        print(f"{name:<21}{figures}{run['peak_mb']:>9.0f}")


if __name__ == "__main__":
    main()
