"""Tables that are searched in several blocks and fetched in several parts, beside a plain definition."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from headway.data import join
from headway.data.join import Lookup, as_of

ROWS = 3 * join._BLOCK
NAMES = [f"f{number}" for number in range(2 * join._CELLS // ROWS)]
DAY = 86_400_000_000


def instants(microseconds: np.ndarray) -> pl.Series:
    return pl.Series(microseconds, dtype=pl.Int64).cast(pl.Datetime("us", "UTC"))


def table_of(entities: np.ndarray, late: bool) -> pl.DataFrame:
    random = np.random.default_rng(1)
    event = random.integers(0, 90 * DAY, ROWS)
    lag = random.integers(0, 5 * DAY, ROWS) if late else 600_000_000
    frame = pl.DataFrame(
        {"entity": entities, "event_time": instants(event), "known_time": instants(event + lag)}
    )
    frame = frame.with_row_index("number").with_columns(
        *(pl.col("number").add(place).cast(pl.Float64).alias(name) for place, name in enumerate(NAMES))
    )
    return frame.sort("entity", "event_time", "known_time")


def labels_of(entities: int, count: int) -> pl.DataFrame:
    random = np.random.default_rng(2)
    moments = instants(random.integers(0, 100 * DAY, count))
    return pl.DataFrame({"entity": random.integers(0, entities, count), "at": moments})


def plainly(labels: pl.DataFrame, table: pl.DataFrame) -> list[float | None]:
    """The first feature: every pair of a label and a row of its entity, and the newest of those known."""
    pairs = labels.with_row_index("label").join(table, on="entity")
    known = pairs.filter(pl.max_horizontal("event_time", "known_time") <= pl.col("at"))
    newest = known.sort("event_time", "known_time").group_by("label").last()
    every = pl.DataFrame({"label": pl.Series(range(labels.height), dtype=newest.schema["label"])})
    return every.join(newest, on="label", how="left", maintain_order="left")[NAMES[0]].to_list()


@pytest.mark.parametrize("late", [False, True], ids=["in turn", "late rows"])
def test_files_frames_and_shuffled_rows_give_the_same_answer(tmp_path: Path, late: bool) -> None:
    entities = np.random.default_rng(0).integers(0, 4000, ROWS)
    table, labels = table_of(entities, late), labels_of(4500, 5000)
    table.write_parquet(tmp_path / "table.parquet", row_group_size=50_000)
    forms = [
        table,
        table.sample(fraction=1, shuffle=True, seed=0),
        pl.scan_parquet(tmp_path / "table.parquet"),
    ]
    columns = {name: f"t_{name}" for name in NAMES}
    found = as_of(labels, "at", [Lookup(form, {"entity": "entity"}, columns) for form in forms])
    expected = plainly(labels, table)
    for frame in found:
        assert frame.columns == list(columns.values())
        assert frame["t_f0"].to_list() == expected
        assert frame.select(
            (pl.col("t_f1") - pl.col("t_f0")).unique().drop_nulls()
        ).to_series().to_list() == [1]


def test_an_entity_with_more_rows_than_a_block_is_searched_whole() -> None:
    entities = np.sort(np.concatenate([np.full(2 * join._BLOCK, 7), np.arange(ROWS - 2 * join._BLOCK)]))
    table = table_of(entities, late=True)
    labels = labels_of(10, 60).with_columns(
        pl.when(pl.int_range(pl.len()) < 3).then(7).otherwise("entity").alias("entity")
    )
    found = as_of(labels, "at", [Lookup(table, {"entity": "entity"}, {"f0": "f0"})])[0]
    assert found["f0"].to_list() == plainly(labels, table)


def test_rows_between_those_that_are_asked_for_are_passed_over() -> None:
    table = table_of(np.random.default_rng(0).integers(0, 4000, ROWS), late=True)
    labels = labels_of(4000, 300).filter(pl.col("entity") % 3 == 0)
    found = as_of(labels, "at", [Lookup(table.lazy(), {"entity": "entity"}, {"f0": "f0"})])[0]
    assert found["f0"].to_list() == plainly(labels, table)
