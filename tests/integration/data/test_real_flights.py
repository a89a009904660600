"""A year of real flights: two processes, two hash seeds, two thread counts, one digest."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

DATA = Path(__file__).parents[3] / "examples" / "flights" / "data"
MAKE = Path(__file__).with_name("make_flights.py")


def made(folder: Path, threads: int, seed: str) -> dict[str, Any]:
    env = {**os.environ, "POLARS_MAX_THREADS": str(threads), "PYTHONHASHSEED": seed}
    command = [sys.executable, str(MAKE), str(DATA), str(folder / f"{threads}.parquet")]
    done = subprocess.run(command, env=env, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


@pytest.mark.skipif(not (DATA / "flights.parquet").exists(), reason="examples/flights has no data")
def test_a_year_of_flights_is_accounted_for_and_always_the_same_bytes(tmp_path: Path) -> None:
    one, other = made(tmp_path, 1, "1"), made(tmp_path, 2, "2")
    assert one == other
    assert one["excluded"] == {"no label": 8_255, "label not yet known": 0}
    assert one["counts"]["rows"] == 336_776
    assert min(one["counts"][part] for part in ("train", "validate", "test")) > 5_000
    assert one["group_rows"] == 26_115 + 261
    assert one["without_weather"] < 200
