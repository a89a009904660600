"""The demo's product: the flights example, with its data cut at a day."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from headway.errors import demo as errors


def example() -> Path:
    """The flights example: in the installed package, else in the source tree.

    Raises:
        UsageError: It came with neither.
    """
    package = Path(__file__).parents[1]
    for place in (package / "examples" / "flights", package.parents[1] / "examples" / "flights"):
        if (place / "headway.yaml").is_file():
            return place
    raise errors.no_example(str(package))


def write_product(folder: Path, until: str) -> None:
    """The example's files below `folder`, with data up to a day.

    Raises:
        UsageError: The folder holds something already.
    """
    if folder.exists() and any(folder.iterdir()):
        raise errors.folder_is_used(str(folder))
    shutil.copytree(
        example(),
        folder,
        dirs_exist_ok=True,
        ignore=shutil.ignore_patterns("data", ".headway", "__pycache__", "make_data.py"),
    )
    write_data(folder, until)


def write_data(folder: Path, until: str) -> None:
    """Flights and weather as they lay on the disk at the instant `until` (midnight in New York)."""
    (folder / "data").mkdir(exist_ok=True)
    for name, column in (("flights", "scheduled_at"), ("weather", "recorded_at")):
        frame = pl.read_parquet(example() / "data" / f"{name}.parquet")
        frame.filter(pl.col(column) < _day(until)).write_parquet(folder / "data" / f"{name}.parquet")


def flights_after(day: str, number: int) -> list[dict[str, Any]]:
    """Flights scheduled in the two days from `day`, evenly picked: what a caller sends, and `late`."""
    frame = pl.read_parquet(example() / "data" / "flights.parquet").filter(
        pl.col("scheduled_at") >= _day(day)
    )
    soon = frame.sort("scheduled_at").head(number * 4).gather_every(4)
    rows = soon.select("scheduled_at", "carrier", "origin", "distance", "late").to_dicts()
    return [row | {"scheduled_at": row["scheduled_at"].isoformat()} for row in rows]


def auc(scored: Sequence[tuple[float, bool]]) -> float:
    """Share of (late, not late) pairs that are ranked rightly; ties count half.

    Source: Hanley and McNeil, Radiology 143 (1982), equation 1.
    """
    late = [score for score, truth in scored if truth]
    other = [score for score, truth in scored if not truth]
    pairs = len(late) * len(other)
    wins = sum((a > b) + (a == b) / 2 for a in late for b in other)
    return wins / pairs if pairs else float("nan")


def _day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
