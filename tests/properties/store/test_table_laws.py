"""Laws of tables: any run of changes equals the same run on a plain mapping, and nothing of the past moves."""

from __future__ import annotations

import tempfile
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headway.store.delta import DeltaTables
from headway.store.rows import differences, digest_of
from headway.testing.conformance.tables import KEY, TABLE, content, rows

NAMES = st.sampled_from([f"{entity}{day}" for entity in "abc" for day in range(1, 5)])
VALUES = st.one_of(st.none(), st.sampled_from([0.0, 1.0, -2.5]))
ROWS = st.dictionaries(NAMES, VALUES, max_size=6)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(ROWS, st.sets(NAMES, max_size=3)), min_size=1, max_size=6))
def test_a_history_of_changes_is_that_of_a_mapping(
    steps: list[tuple[dict[str, float | None], set[str]]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        tables = DeltaTables(Path(folder))
        model: dict[str, float | None] = {}
        snapshot = tables.replace(TABLE, rows(), KEY, {})
        past = [(snapshot, dict(model))]
        for upserts, gone in steps:
            out = gone - upserts.keys()
            before = dict(model)
            model = {name: value for name, value in model.items() if name not in out} | upserts
            keys = rows(**dict.fromkeys(out, None)).select(KEY)
            snapshot, changes = tables.change(snapshot, rows(**upserts), keys, {})
            past.append((snapshot, dict(model)))
            assert changes.counts == {
                "added": len(model.keys() - before.keys()),
                "updated": sum(before[name] != model[name] for name in before.keys() & model.keys()),
                "deleted": len(before.keys() - model.keys()),
            }
            assert tables.differences(past[-2][0], snapshot).counts == changes.counts
        for then, wanted in past:
            assert content(DeltaTables(Path(folder)), then) == wanted


FRAME = pl.DataFrame(
    {
        "k": ["a", "b", None, ""],
        "n": [1, None, 3, 4],
        "x": [0.5, None, float("nan"), 1e300],
        "flag": [True, False, None, True],
    }
)


def test_the_digest_of_rows_is_of_values_not_of_memory() -> None:
    """Chunks and the sign of a zero are packaging."""
    chunked = pl.concat([FRAME.head(1), FRAME.tail(3)], rechunk=False)
    assert digest_of(FRAME) == digest_of(chunked)
    minus = pl.DataFrame({"x": [-0.0]})
    assert digest_of(minus) == digest_of(pl.DataFrame({"x": [0.0]}))


@pytest.mark.parametrize(
    "other",
    [
        FRAME.reverse(),
        FRAME.rename({"n": "m"}),
        FRAME.head(3),
        FRAME.with_columns(pl.col("n").fill_null(0)),
        FRAME.with_columns(k=pl.Series(["ab", "", None, ""])),
        FRAME.with_columns(pl.col("x").fill_nan(None)),
        FRAME.with_columns(pl.col("flag").fill_null(value=False)),
        FRAME.with_columns(pl.col("n").cast(pl.Float64)),
    ],
)
def test_every_difference_of_values_makes_another_digest(other: pl.DataFrame) -> None:
    assert digest_of(FRAME) != digest_of(other)


def test_the_digest_of_rows_is_pinned() -> None:
    """Commits are named by it: it may never change with a library."""
    assert digest_of(FRAME)[:16] == "220777ec9073c348"


def test_a_column_that_only_one_side_has_counts_as_null_on_the_other() -> None:
    old = pl.DataFrame({"k": ["a", "b"], "x": [1.0, 2.0]})
    new = old.with_columns(y=pl.Series([None, 7.0]))
    assert differences(old, new, ["k"]).updated["k"].to_list() == ["b"]
    assert differences(new, old, ["k"]).updated["k"].to_list() == ["b"]
    assert differences(old, old.with_columns(pl.col("x").cast(pl.String)), ["k"]).counts["updated"] == 2
