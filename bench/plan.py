"""The no-op plan, help and import against an empty interpreter: interleaved rounds, medians, one run."""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

HEADWAY = str(Path(sys.executable).parent / "headway")
SETTLE = 2.2
"""Seconds after which file time stamps are trusted."""


def seconds(command: list[str], folder: Path) -> float:
    begun = time.perf_counter()
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return time.perf_counter() - begun


def rows(rounds: int = 21) -> Iterator[tuple[str, float, str]]:
    """(what, ratio to an empty interpreter, aim)."""
    folder = Path(tempfile.mkdtemp(prefix="bench-plan-"))
    try:
        subprocess.run([HEADWAY, "init", "--name", "bench"], cwd=folder, check=True, capture_output=True)
        subprocess.run([HEADWAY, "apply"], cwd=folder, check=True, capture_output=True)
        time.sleep(SETTLE)
        subprocess.run([HEADWAY, "plan"], cwd=folder, check=True, capture_output=True)
        contestants = {
            "empty interpreter": [sys.executable, "-c", "pass"],
            "`import headway`": [sys.executable, "-c", "import headway"],
            "`headway --help`": [HEADWAY, "--help"],
            "`headway plan`, nothing changed, 6 nodes": [HEADWAY, "plan"],
        }
        times: dict[str, list[float]] = {name: [] for name in contestants}
        for _ in range(rounds):
            for name, command in contestants.items():
                times[name].append(seconds(command, folder))
        empty = statistics.median(times["empty interpreter"])
        aims = {
            "`import headway`": "15x",
            "`headway --help`": "25x",
            "`headway plan`, nothing changed, 6 nodes": "4x",
        }
        for name, aim in aims.items():
            yield name, statistics.median(times[name]) / empty, aim
        yield "the empty interpreter itself, in ms", empty * 1000, ""
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    for what, ratio, aim in rows():
        print(f"{what}: {ratio:.1f}x (aim {aim})")
