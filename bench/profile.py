"""Proposing a contract: a million rows of twenty-five columns, looked at in two streamed passes.

    python bench/profile.py [--rows 1000000] [--json]

Beside it what Polars itself takes for `describe()` of the same table, which says less (no shapes, no counts of
values, no uniqueness) and computes exact quartiles of every column. Memory is the most that the process held.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl
from memory import peak_mb

from headway.contract.proposing.profiling import look
from headway.contract.proposing.proposal import propose


def table(rows: int) -> pl.DataFrame:
    """Ten measures, six whole numbers, four categories, an id, an address, a note, a time and a flag."""
    draw = np.random.default_rng(7)
    number = pl.Series(np.arange(rows))
    seconds = np.cumsum(draw.integers(1, 30, rows)).astype("timedelta64[s]")
    kinds = np.array(["grocery", "travel", "fuel", "online", "other"])
    return pl.DataFrame(
        {
            **{f"measure_{place}": draw.normal(place, 1 + place, rows) for place in range(10)},
            **{f"count_{place}": draw.integers(0, 10 ** (place + 1), rows) for place in range(6)},
            **{f"kind_{place}": pl.Series(kinds[draw.integers(0, 5, rows)]) for place in range(4)},
            "id": "p" + (number + 10**7).cast(pl.String),
            "email": "user." + pl.Series(draw.integers(0, 5_000_000, rows)).cast(pl.String) + "@example.org",
            "note": pl.Series(
                ["as usual" if known else None for known in draw.random(rows) > 0.15], dtype=pl.String
            ),
            "at": pl.Series(np.datetime64("2024-01-01", "us") + seconds).dt.replace_time_zone("UTC"),
            "is_online": draw.random(rows) < 0.3,
        }
    )


def seconds(work: Callable[[], object], rounds: int) -> float:
    """Median of some rounds."""
    spent = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        spent.append(time.perf_counter() - start)
    return statistics.median(spent)


def measured(rows: int, rounds: int) -> dict[str, float]:
    """The figures."""
    frame = table(rows)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "table.parquet"
        frame.write_parquet(file)
        now = datetime.now(UTC)
        found = {
            "rows": rows,
            "columns": frame.width,
            "from_memory_s": seconds(lambda: propose(look(frame.lazy()), source="it", now=now), rounds),
            "describe_s": seconds(frame.describe, rounds),
        }
        found["from_parquet_s"] = seconds(
            lambda: propose(look(pl.scan_parquet(file)), source="it", now=now), rounds
        )
    return found | {"peak_mib": peak_mb()}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    found = measured(args.rows, args.rounds)
    if args.json:
        print(json.dumps(found))
        return
    for name, value in found.items():
        print(f"{name:<16} {value:>12,.3f}" if isinstance(value, float) else f"{name:<16} {value:>12,}")


if __name__ == "__main__":
    main()
