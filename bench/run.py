"""Every bench in one run, written to bench/RESULTS.md with the machine: ratios, not absolute figures.

    python bench/run.py [--quick]

The machine is shared and noisy: read ratios of one run, never compare milliseconds of two.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import engine
import plan

import headway
from headway.core import digest

HERE = Path(__file__).parent
GIGABYTE = 1 << 30


def hashing() -> Iterator[tuple[str, float, str]]:
    """Hashing a file against reading it, both from the page cache."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "data"
        with path.open("wb") as file:
            block = os.urandom(1 << 20)
            for _ in range(GIGABYTE >> 20):
                file.write(block)
        begun = time.perf_counter()
        with path.open("rb", buffering=0) as file:
            while file.read(1 << 22):
                pass
        read = time.perf_counter() - begun
        digest.of_file(path)
        begun = time.perf_counter()
        digest.of_file(path)
        yield "hash of 1 GB, x reading it from the page cache", (time.perf_counter() - begun) / read, "1"


def joining(*, quick: bool) -> Iterator[tuple[str, float, str]]:
    """The point-in-time join of 1M labels (quick: 100k) to three groups, beside DuckDB where it is installed."""
    command = [sys.executable, str(HERE / "join.py"), "--json", "--rows", "100000" if quick else "1000000"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=HERE)
    found = json.loads(done.stdout.splitlines()[-1])
    ours = found["headway"]
    yield "point-in-time join of three groups from files, seconds", ours["seconds"], ""
    yield "the same, peak MB", ours["peak_mb"], ""
    late = found["headway, late rows"]["seconds"] / ours["seconds"]
    yield "the same with rows up to two days late, x its time", late, ""
    for name in (name for name in found if name.startswith("duckdb")):
        yield f"{name}: ASOF join, x its time", found[name]["seconds"] / ours["seconds"], "2"
        yield f"{name}: peak memory, x its peak", found[name]["peak_mb"] / ours["peak_mb"], ""


def validating(*, quick: bool) -> Iterator[tuple[str, float, str]]:
    """Fifteen checks on a table, on what an append brings, and on one record."""
    command = [
        sys.executable,
        str(HERE / "validate.py"),
        "--json",
        "--rows",
        "100000" if quick else "1000000",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=HERE)
    found = json.loads(done.stdout.splitlines()[-1])
    yield "validation, 15 checks: x the same by hand in Polars", found["headway_s"] / found["by_hand_s"], "1"
    yield "the same after an append of 1 %, x the whole", found["append_s"] / found["headway_s"], "0.02"
    yield "the same, peak MB", found["peak_mb"], ""
    yield "one record of 10 fields from JSON, us", found["record_us"], "10"


def profiling(*, quick: bool) -> Iterator[tuple[str, float, str]]:
    """A contract proposed from 25 columns, beside what Polars takes to describe them."""
    command = [sys.executable, str(HERE / "profile.py"), "--json", "--rows", "100000" if quick else "1000000"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=HERE)
    found = json.loads(done.stdout.splitlines()[-1])
    name = f"a contract proposed from {found['rows']:,} rows of {found['columns']} columns"
    yield f"{name}: x Polars' describe", found["from_parquet_s"] / found["describe_s"], ""
    yield "the same, seconds from Parquet", found["from_parquet_s"], ""
    yield "the same, peak MB", found["peak_mib"], ""


def looking_up() -> Iterator[tuple[str, float, str]]:
    """Online look-ups against one indexed row of SQLite."""
    command = [sys.executable, str(HERE / "online.py"), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=HERE)
    found = json.loads(done.stdout.splitlines()[-1])
    for name in (name for name in found if name != "floor"):
        for what, title in (("one_us", "one entity"), ("hundred_us", "100 entities")):
            yield (
                f"{name}: look-up of {title}, x an indexed row",
                found[name][what] / found["floor"][what],
                "",
            )


def tables_of_groups(*, quick: bool) -> Iterator[tuple[str, float, str]]:
    """Commits and reads of a group's table, beside plain deltalake."""
    rows, commits = ("100000", "20") if quick else ("1000000", "100")
    command = [sys.executable, str(HERE / "tables.py"), "--json", "--rows", rows, "--commits", commits]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=HERE)
    found = json.loads(done.stdout.splitlines()[-1])
    ours, theirs = found["headway"], found["deltalake"]
    for what, title in (
        ("commits_s", f"{commits} commits of 1,000 rows to a group"),
        ("scan_ms", "reading the group after them, sorted and verified"),
        ("old_ms", "reading the version in the middle, likewise"),
        ("upsert_ms", "an upsert of one row in a hundred"),
        ("peak_mb", "peak memory of all that"),
    ):
        yield f"{title}, x plain deltalake", ours[what] / theirs[what], ""


def small_files(*, quick: bool) -> Iterator[tuple[str, float, str]]:
    """A source of many files of one line each, beside reading and parsing them in a loop."""
    files = "2000" if quick else "20000"
    command = [sys.executable, str(HERE / "files.py"), "--json", "--files", files]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=HERE)
    found = json.loads(done.stdout.splitlines()[-1])
    for what, title in (
        ("apply_s", f"first apply of {int(files):,} files of one line"),
        ("plan_again_s", "plan with nothing to do, start-up and all"),
        ("one_more_s", "apply after one file more"),
    ):
        yield f"{title}, x reading them all in a loop", found[what] / found["by_hand_s"], ""


def serving(*, quick: bool) -> dict[str, dict[str, float]]:
    seconds = "1" if quick else "3"
    command = [sys.executable, str(HERE / "serve.py"), "--seconds", seconds, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=HERE)
    return json.loads(done.stdout.splitlines()[-1])


def machine() -> str:
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    return (
        f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()} {platform.machine()}, "
        f"load average {load} at the start"
    )


def table(rows: list[tuple[str, float, str]]) -> str:
    lines = ["| what | measured | aim |", "|---|---:|---:|"]
    return "\n".join(lines + [f"| {what} | {written(value)} | {aim} |" for what, value, aim in rows])


def written(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    quick = parser.parse_args().quick
    began = machine()
    starts = list(plan.rows(7 if quick else 21))
    nodes = list(engine.rows(2 if quick else 5))
    hashes = [
        *hashing(),
        *validating(quick=quick),
        *profiling(quick=quick),
        *joining(quick=quick),
        *tables_of_groups(quick=quick),
        *looking_up(),
        *small_files(quick=quick),
    ]
    served = serving(quick=quick)
    echo = served["echo"]
    answers = [
        (f"{name}: {what}", value, aim)
        for name, found in served.items()
        if name != "echo"
        for what, value, aim in (
            ("requests per second, share of the echo's", found["per_second"] / echo["per_second"], ""),
            ("server CPU per request, x the echo's", found["cpu_us"] / echo["cpu_us"], ""),
            ("failed requests", found["failed"], "0"),
        )
    ]
    text = f"""# Results

Written by `make bench` on {datetime.now(UTC):%Y-%m-%d} with Headway {headway.__version__}.
Machine: {began}.

## Start-up (x an empty interpreter)

{table(starts)}

## The engine's own overhead

{table(nodes)}

## Data

{table(hashes)}

## One-row serving (validation and prediction log on, one process, loopback)

The echo is a raw uvicorn application that returns a fixed body; it made {echo["per_second"]:,.0f} requests
per second at {echo["cpu_us"]:.0f} us of CPU each in this run.

{table(answers)}
"""
    (HERE / "RESULTS.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
