from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from headway.core import digest
from headway.data import tables
from headway.errors import EngineError

MAKE = """
import sys
from pathlib import Path
import numpy as np, polars as pl
from headway.data import tables
n = 300_000
rng = np.random.default_rng(7)
frame = pl.DataFrame({
    "i": rng.integers(0, 50, n), "f": rng.normal(size=n), "b": rng.integers(0, 2, n) == 1,
    "s": [f"w{v}" for v in rng.integers(0, 2000, n)], "u": [f"unique {v}" for v in range(n)],
}).with_columns(
    pl.when(pl.col("i") > 3).then("f").alias("g"),
    (pl.col("i") * 1_000_000).cast(pl.Datetime("us", "UTC")).alias("t"),
)
chunks = int(sys.argv[2])
frame = pl.concat([frame.slice(k * n // chunks, n // chunks) for k in range(chunks)], rechunk=False)
tables.write(frame, Path(sys.argv[1]))
"""


def made(folder: Path, threads: int, seed: str, chunks: int) -> str:
    path = folder / f"{threads}-{seed}-{chunks}.parquet"
    env = {**os.environ, "POLARS_MAX_THREADS": str(threads), "PYTHONHASHSEED": seed}
    subprocess.run([sys.executable, "-c", MAKE, str(path), str(chunks)], env=env, check=True)
    return digest.of_file(path)


def test_equal_frames_give_equal_bytes_in_other_processes_with_other_seeds_and_threads(
    tmp_path: Path,
) -> None:
    ways = [(1, "1", 1), (2, "2", 1), (2, "3", 5)]
    assert len({made(tmp_path, *way) for way in ways}) == 1


def test_a_changed_cell_changes_the_digest(tmp_path: Path) -> None:
    for value in (1.0, 2.0):
        tables.write(pl.DataFrame({"x": [0.0, value]}), tmp_path / f"{value}.parquet")
    assert digest.of_file(tmp_path / "1.0.parquet") != digest.of_file(tmp_path / "2.0.parquet")


def test_a_table_comes_back_as_it_was(tmp_path: Path) -> None:
    frame = pl.DataFrame({"é": ["a", None], "t": pl.Series([1, None], dtype=pl.Datetime("us", "UTC"))})
    tables.write(frame, tmp_path / "x.parquet")
    assert tables.read(tmp_path / "x.parquet").equals(frame)
    assert tables.read(tmp_path / "x.parquet").schema == frame.schema


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_named() -> None:
    with pytest.raises(EngineError, match="No space left"):
        tables.write(pl.DataFrame({"x": range(1000)}), Path("/dev/full"))


def test_a_folder_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="cannot be written"):
        tables.write(pl.DataFrame({"x": [1]}), tmp_path / "gone" / "x.parquet")


@pytest.mark.parametrize("content", [None, b"", b"PAR1 cut off"])
def test_a_damaged_table_is_named(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "x.parquet").write_bytes(content)
    with pytest.raises(EngineError, match="cannot be read"):
        tables.read(tmp_path / "x.parquet")
