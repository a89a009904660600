"""A source of many small files: the first apply, the plans after it, and one file more; beside reading every file once.

    python bench/files.py [--files 20000] [--json]

Each file is one line of JSON. `by hand` opens, reads and parses each of them in a loop, which is what any tool that
looks at file after file must do at least. Headway's rows are compared with them in the end: all are there, in one
Parquet file. With `--files 1000000` it takes some minutes, and a block of the disk for each file.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import polars as pl

HEADWAY = str(Path(sys.executable).parent / "headway")
PRODUCT = """\
product: many
environments: {dev: {}}
sources:
  readings: {load: data/*.jsonl, event_time: at, known: 1h, contract: contract.yaml, incremental: {by: content}}
"""
CONTRACT = """\
columns:
  id: {type: integer, unique: true}
  at: {type: time}
  celsius: {type: number, min: -60, max: 60}
"""
SETTLE = 2.2
"""Seconds after which file time stamps are trusted."""


def line(number: int) -> str:
    """One reading."""
    return f'{{"id": {number}, "at": "2026-01-{number % 28 + 1:02}T12:00:00Z", "celsius": {number % 50}.5}}\n'


def timed(command: list[str], folder: Path) -> tuple[float, float]:
    """(seconds, seconds of CPU) of a command that must succeed."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - begun, cpu


def by_hand(folder: Path) -> float:
    """Seconds to read and parse every file."""
    begun = time.perf_counter()
    ids = [json.loads(path.read_bytes())["id"] for path in folder.iterdir()]
    assert len(set(ids)) == len(ids)
    return time.perf_counter() - begun


def kept(folder: Path) -> list[Path]:
    """Parquet files of the workspace that hold rows."""
    return [path for path in (folder / ".headway").rglob("*") if path.is_file() and begins(path) == b"PAR1"]


def begins(path: Path) -> bytes:
    """The first four bytes."""
    with path.open("rb") as file:
        return file.read(4)


def measure(files: int, folder: Path) -> dict[str, float]:
    """Everything, in one folder."""
    (folder / "headway.yaml").write_text(PRODUCT)
    (folder / "contract.yaml").write_text(CONTRACT)
    data = folder / "data"
    data.mkdir()
    for number in range(files):
        (data / f"{number:07}.jsonl").write_text(line(number))
    time.sleep(SETTLE)
    hand = by_hand(data)
    first, first_cpu = timed([HEADWAY, "apply"], folder)
    (rows,) = kept(folder)
    assert pl.read_parquet(rows)["id"].sort().to_list() == list(range(files))
    plan, _ = timed([HEADWAY, "plan"], folder)
    again, _ = timed([HEADWAY, "plan"], folder)
    (data / f"{files:07}.jsonl").write_text(line(files))
    more, _ = timed([HEADWAY, "apply"], folder)
    return {
        "files": files,
        "by_hand_s": hand,
        "apply_s": first,
        "apply_cpu_s": first_cpu,
        "plan_after_s": plan,
        "plan_again_s": again,
        "one_more_s": more,
        "mb_read": sum(len(line(number)) for number in range(files)) / 1e6,
        "mb_kept": rows.stat().st_size / 1e6,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-files-") as folder:
        found = measure(args.files, Path(folder))
    if args.json:
        print(json.dumps(found))
        return
    for name, value in found.items():
        print(f"{name}: {value:,.2f}")


if __name__ == "__main__":
    main()
