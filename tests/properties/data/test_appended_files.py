"""A source of files is judged file by file, and the verdict is that on all of them, whatever was known before."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headway.contract import kept_states
from headway.contract.admission import admit
from headway.contract.report import Report
from headway.data.sources import Loaded, load
from headway.spec.contract import Column, Contract, Expectation, Freshness, MapTo, Policy, RowCount
from headway.spec.product import Incremental, Source
from headway.store.memory import Memory

NOW = datetime(2013, 1, 9, tzinfo=UTC)
ASIDE, WARN = Policy(batch="quarantine"), Policy(batch="warn")


def expect(name: str, policy: Policy = WARN, **arguments: Any) -> Expectation:
    return Expectation(type=name, arguments=arguments, policy=policy)


TABLE = (
    expect("expect_column_mean_to_be_between", column="x", min_value=0, max_value=1),
    expect("expect_column_stdev_to_be_between", column="x", max_value=1),
    expect("expect_column_sum_to_be_between", column="n", max_value=6),
    expect("expect_column_median_to_be_between", column="n", max_value=1),
    expect("expect_column_unique_value_count_to_be_between", column="s", max_value=2),
    expect("expect_column_most_common_value_to_be_in_set", column="s", value_set=["a"], ties_okay=True),
    expect("expect_column_distinct_values_to_be_in_set", column="s", value_set=["a", "b"]),
    expect("expect_column_values_to_be_increasing", column="t"),
    expect("expect_compound_columns_to_be_unique", column_list=["n", "s"]),
    expect("expect_column_values_to_be_unique", column="s", mostly=0.5),
    expect("expect_column_values_to_be_between", ASIDE, column="x", max_value=1.5, mostly=0.5),
    expect(
        "expect_column_pair_values_a_to_be_greater_than_b", ASIDE, column_A="n", column_B="m", or_equal=True
    ),
    expect("expect_table_row_count_to_be_between", max_value=5),
    expect("expect_table_column_count_to_equal", value=6),
)


def contract(policy: Policy, expectations: tuple[Expectation, ...] = TABLE) -> Contract:
    return Contract(
        columns={
            "id": Column(type="integer", nulls=True, unique=True, policy=policy),
            "n": Column(type="integer", nulls=True),
            "m": Column(type="integer", min=0, policy=ASIDE),
            "x": Column(type="number", nulls=True),
            "s": Column(
                type="text",
                nulls=True,
                in_=("a", "b", "z"),
                unknown_category=MapTo(map_to="z"),
                tags=("pii",),
            ),
            "t": Column(type="time", nulls=True),
        },
        rows=RowCount(min=0),
        expectations=expectations,
        freshness=Freshness(column="t", max_age=timedelta(days=6)),
    )


SETTLED = tuple(item for item in TABLE if "median" not in item.type)
CONTRACTS = {
    "unique rows are set aside": contract(ASIDE),
    "unique or refused": contract(Policy()),
    "no more than states tell": contract(Policy(), SETTLED),
    "order sets aside": contract(
        Policy(), (*SETTLED, expect("expect_column_values_to_be_increasing", ASIDE, column="n"))
    ),
}
SCHEMA = {
    "id": pl.Int64(),
    "n": pl.Int64(),
    "m": pl.Int64(),
    "x": pl.Float64(),
    "s": pl.String(),
    "t": pl.Datetime("us", "UTC"),
}
ROW = st.tuples(
    st.none() | st.integers(0, 40),
    st.none() | st.integers(0, 3),
    st.integers(-1, 3),
    st.none() | st.sampled_from([0.1, 0.2, 0.7, 1e16, -0.0, 2.0]),
    st.sampled_from([None, "a", "b", "c"]),
    st.none() | st.integers(1, 4).map(lambda day: datetime(2013, 1, day, tzinfo=UTC)),
)
FILES = st.lists(st.lists(ROW, max_size=4), min_size=1, max_size=5)


def written(files: list[list[tuple[Any, ...]]], folder: Path, form: str) -> list[Path]:
    folder.mkdir(exist_ok=True)
    found = []
    for number, rows in enumerate(files):
        path = folder / f"{number}.{form}"
        frame = pl.DataFrame(rows, schema=SCHEMA, orient="row")
        if form == "parquet":
            frame.write_parquet(path)
        else:
            frame.with_columns(pl.col("t").dt.to_string("iso:strict")).write_csv(path)
        found.append(path)
    return found


def read(root: Path, declared: Contract, states: Path, *, known: Any = None, form: str = "csv") -> Loaded:
    source = Source(
        load="in",
        options={"format": form},
        incremental=None if known is None else Incremental(by="content"),
    )
    with Memory(states, "source.rows", lambda: bytes(32)) as memory:
        return load(source, "rows", declared, root, _nobody, known=known, now=NOW, shelf=memory)


def told(loaded: Loaded) -> tuple[Any, ...]:
    return (
        loaded.report,
        loaded.report.to_great_expectations("rows"),
        loaded.frame.rows(),
        loaded.quarantined.rows(),
        dict(loaded.rejected),
        [(origin.name, origin.digest, origin.rows) for origin in loaded.origins],
    )


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    files=FILES,
    order=st.randoms(use_true_random=False),
    named=st.sampled_from(sorted(CONTRACTS)),
    form=st.sampled_from(["csv", "parquet"]),
    apart=st.booleans(),
)
def test_in_whatever_order_files_arrive_the_verdict_is_that_of_the_full_pass(
    files: list[list[tuple[Any, ...]]], order: Any, named: str, form: str, apart: bool
) -> None:
    declared = CONTRACTS[named]
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        if apart:  # as the keys of large files are kept
            patch.setattr(kept_states, "_SMALL", -1)
        root = Path(folder)
        arriving = written(files, root / "away", form)
        order.shuffle(arriving)
        (root / "in").mkdir()
        accepted: Counter[str] = Counter()
        for place, path in enumerate(arriving):
            path.rename(root / "in" / path.name)
            anew = read(root, declared, root / f"none-{place}.db", form=form)
            assert told(read(root, declared, root / "states.db", form=form)) == told(anew)
            content = read(root, declared, root / "content.db", known=dict(accepted), form=form)
            assert content.report == anew.report
            if content.is_anew:
                assert told(content) == told(anew)
            if anew.report.passed:
                accepted = Counter(origin.digest for origin in anew.origins)
        agrees_with_one_pass(anew, root, declared, form)


def agrees_with_one_pass(found: Loaded, root: Path, declared: Contract, form: str) -> None:
    """All files as one table, judged at once: the same but for the last digits of sums of floats."""
    paths = sorted((root / "in").iterdir())
    if form == "parquet":
        frame = pl.concat([pl.read_parquet(path) for path in paths])
    else:
        frame = pl.concat([pl.read_csv(path, schema_overrides=SCHEMA) for path in paths])
    full = admit(frame, declared, now=NOW)
    assert seen(found.report) == seen(full.report)
    if full.report.passed:
        assert found.frame.rows() == full.frame.rows()
        assert found.quarantined.rows() == full.quarantined.rows()
        assert found.rejected == full.rejected


def seen(report: Report) -> list[tuple[Any, ...]]:
    return [
        (
            item.key,
            item.expectation,
            item.outcome,
            item.unexpected_count,
            item.element_count,
            item.missing_count,
            pytest.approx(item.observed_value, rel=1e-9, abs=1e-6)
            if isinstance(item.observed_value, float)
            else item.observed_value,
        )
        for item in sorted(report.results, key=lambda item: (item.expectation, item.columns, item.key))
    ]


def _nobody(reference: str) -> Callable[..., Any]:
    raise AssertionError(reference)
