"""Laws of tables: any run of changes equals the same run on a plain mapping, and nothing of the past moves."""

from __future__ import annotations

import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headway.store import delta
from headway.store.delta import DeltaTables
from headway.store.rows import differences, digest_of, patched
from headway.store.runs import bounds_of, chained, merged
from headway.testing.conformance.tables import KEY, TABLE, content, rows

NAMES = st.sampled_from([f"{entity}{day}" for entity in "abc" for day in range(1, 5)])
VALUES = st.one_of(st.none(), st.sampled_from([0.0, 1.0, -2.5]))
ROWS = st.dictionaries(NAMES, VALUES, max_size=6)


@contextmanager
def _limits(file_bytes: int, compact_at: int) -> Generator[None]:
    """Files so small, and so few, that every table of a few rows has several."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delta, "FILE_BYTES", file_bytes)
        patch.setattr(delta, "COMPACT_AT", compact_at)
        yield


LIMITS = st.sampled_from([(delta.FILE_BYTES, delta.COMPACT_AT), (2_000, 2), (2_000, 32), (40, 3), (40, 1)])
"""Bytes of a large file, and files that are merged; one of the least size has about 900."""


@settings(max_examples=30, deadline=None)
@given(LIMITS, st.lists(st.tuples(ROWS, st.sets(NAMES, max_size=3)), min_size=1, max_size=6))
def test_a_history_of_changes_is_that_of_a_mapping(
    limits: tuple[int, int], steps: list[tuple[dict[str, float | None], set[str]]]
) -> None:
    with tempfile.TemporaryDirectory() as folder, _limits(*limits):
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
            assert list(content(DeltaTables(Path(folder)), then).items()) == sorted(wanted.items())


KEYS = st.tuples(
    st.sampled_from([None, "", "a", "b", "é", "\U0001f600"]), st.one_of(st.none(), st.integers(-3, 3))
)


@settings(max_examples=60, deadline=None)
@given(st.sets(KEYS, max_size=20), st.integers(1, 5), st.booleans())
def test_sorted_pieces_in_runs_and_merged_are_the_whole_sorted(
    keys: set[tuple[str | None, int | None]], pieces: int, mixed: bool
) -> None:
    """Nulls, the empty text and what is beyond ASCII are where the sorting has them."""
    whole = pl.DataFrame(list(keys), {"k": pl.String, "n": pl.Int64}, orient="row").sort("k", "n")
    numbered = whole.with_row_index("at")
    part = pl.col("at") % pieces if mixed else pl.col("at") * pieces // max(whole.height, 1)
    parts = [numbered.filter(part == piece).drop("at").lazy() for piece in range(pieces)]
    runs = chained({index: bounds_of(rows, ["k", "n"]) for index, rows in enumerate(parts)})
    assert sorted(index for run in runs for index in run) == list(range(pieces))
    if not mixed:
        assert len([run for run in runs if any(parts[index].collect().height for index in run)]) <= 1
    frames = [(len(run), pl.concat([parts[index] for index in run])) for run in runs]
    assert merged(frames, ["k", "n"]).collect().equals(whole)


@settings(max_examples=40, deadline=None)
@given(ROWS, ROWS)
def test_rows_that_are_patched_in_their_places_are_those_that_are_written_anew(
    old: dict[str, float | None], new: dict[str, float | None]
) -> None:
    before, after = rows(**old).sort(KEY), rows(**new).sort(KEY)
    changes = differences(before, after, KEY)
    assert pl.concat([patched(before, changes, KEY), changes.added]).sort(KEY).equals(after)
    assert patched(before, changes, KEY)["k"].is_sorted()


def test_a_change_writes_only_the_files_with_rows_of_its_keys(tmp_path: Path) -> None:
    with _limits(2_000, 32):
        tables = DeltaTables(tmp_path)
        names = [f"{chr(97 + number // 9)}{number % 9 + 1}" for number in range(200)]
        before = tables.replace(TABLE, rows(**dict.fromkeys(names, 1.0)), KEY, {})
        after, _ = tables.change(before, rows(a1=2.0, a2=3.0), rows(a3=0.0).select(KEY), {})
        again = DeltaTables(tmp_path / "twin").replace(TABLE, rows(**dict.fromkeys(names, 1.0)), KEY, {})
    assert len(before.files) > 1
    assert again.files == before.files
    assert len(after.files) == len(before.files)
    assert set(after.files[1:]) == set(before.files[1:])


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
