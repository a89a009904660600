"""What a Parquet footer proves is not read, and the verdict is that of the whole file in memory."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headway.contract.columns import check
from headway.contract.files import check_file, measure_file
from headway.contract.footer import read_footer
from headway.contract.judging import judge
from headway.errors import ContractError
from headway.spec.contract import Column, Contract, Expectation

NUMBERS = Contract(
    columns={
        "n": Column(type="integer", min=0, max=9),
        "t": Column(type="time", min="2013-01-01"),
        "d": Column(type="date", nulls=True, max="2013-01-31"),
    }
)


def moments(*days: int) -> list[datetime]:
    return [datetime(2013, 1, day, tzinfo=UTC) for day in days]


def table(**changes: list[Any]) -> pl.DataFrame:
    whole = {
        "n": [1, 2, 3, 4],
        "t": moments(1, 2, 3, 4),
        "d": [date(2013, 1, 1), None, date(2013, 1, 3), None],
    }
    return pl.DataFrame(whole | changes)


def written(folder: Path, frame: pl.DataFrame, rows: int = 2) -> Path:
    path = folder / "rows.parquet"
    frame.write_parquet(path, row_group_size=rows)
    return path


def test_a_footer_says_nulls_and_ends_of_every_group(tmp_path: Path) -> None:
    first, second = read_footer(written(tmp_path, table()))
    assert (first.rows, second.rows) == (2, 2)
    assert first.chunks["n"] == (0, 1, 2)
    assert second.chunks["d"].nulls == 1
    assert second.chunks["t"].high == datetime(2013, 1, 4, tzinfo=UTC).timestamp() * 1e6


def test_a_file_that_its_footer_proves_is_not_read(tmp_path: Path) -> None:
    path = written(tmp_path, table())
    found = measure_file(path, NUMBERS, batch=2)
    assert (found.chunks, found.proven) == (6, 6)
    assert judge(NUMBERS, found.state).passed
    assert check_file(path, NUMBERS).results == check(table(), NUMBERS).results


def test_only_groups_in_doubt_are_read(tmp_path: Path) -> None:
    frame = table(n=[1, 2, 3, 40])
    found = measure_file(written(tmp_path, frame), NUMBERS, batch=2)
    assert (found.chunks, found.proven) == (6, 5)
    (failure,) = judge(NUMBERS, found.state).failures
    assert (failure.unexpected_count, failure.rows, failure.examples) == (1, (4,), (40,))


def test_floats_are_read_since_a_footer_does_not_count_nan(tmp_path: Path) -> None:
    contract = Contract(columns={"x": Column(type="number")})
    frame = pl.DataFrame({"x": [1.0, float("nan")]})
    path = written(tmp_path, frame)
    assert measure_file(path, contract).proven == 0
    assert not check_file(path, contract).passed


def test_a_file_without_statistics_is_read(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    table().write_parquet(path, statistics=False)
    assert measure_file(path, NUMBERS).proven == 0
    assert check_file(path, NUMBERS).passed


def test_files_of_other_writers_are_understood(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "rows.parquet"
    parquet.write_table(table().to_arrow(), path, row_group_size=2)
    assert read_footer(path)[0].chunks["n"] == (0, 1, 2)
    assert check_file(path, NUMBERS).passed


def test_a_missing_column_has_its_default_even_where_nothing_is_read(tmp_path: Path) -> None:
    contract = Contract(columns={**NUMBERS.columns, "k": Column(type="integer", default=1, max=0 + 1)})
    path = written(tmp_path, table())
    assert check_file(path, contract).results == check(table(), contract).results


def test_exact_medians_are_taken_of_the_whole_file(tmp_path: Path) -> None:
    median = Expectation(
        type="expect_column_median_to_be_between",
        arguments={"column": "n", "min_value": 2.5, "max_value": 2.5},
    )
    contract = Contract(columns=NUMBERS.columns, expectations=(median,))
    assert check_file(written(tmp_path, table(), 1), contract).passed


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PAR1",
        b"PAR1" + b"\xff" * 64 + b"PAR1",
        b"PAR1" + b"\x19" * 40 + (40).to_bytes(4, "little") + b"PAR1",
    ],
)
def test_what_is_no_parquet_file_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "rows.parquet"
    path.write_bytes(data)
    with pytest.raises(ContractError) as caught:
        read_footer(path)
    assert caught.value.code == "DC009"


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 5_000), value=st.binary(min_size=1, max_size=4), cut=st.integers(0, 200))
def test_a_damaged_footer_never_breaks_the_reader(tmp_path: Path, place: int, value: bytes, cut: int) -> None:
    whole = written(tmp_path, table()).read_bytes()
    at = place % len(whole)
    data = (whole[:at] + value + whole[at + len(value) :])[: len(whole) - cut if place % 2 else None]
    path = tmp_path / "damaged.parquet"
    path.write_bytes(data)
    try:
        read_footer(path)
    except ContractError as error:
        assert error.code == "DC009"


cells = st.fixed_dictionaries(
    {
        "n": st.none() | st.integers(-2, 12),
        "t": st.none() | st.integers(1, 28).map(lambda day: moments(day)[0]),
        "d": st.none()
        | st.integers(1, 28).map(lambda day: date(2013, 2, day) if day > 26 else date(2013, 1, day)),
    }
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(cells, max_size=9), size=st.integers(1, 4), batch=st.integers(1, 5))
def test_a_file_is_judged_as_its_table_is(
    tmp_path: Path, rows: list[dict[str, Any]], size: int, batch: int
) -> None:
    schema = {"n": pl.Int64(), "t": pl.Datetime("us", "UTC"), "d": pl.Date()}
    frame = pl.DataFrame(rows, schema=schema)
    contract = Contract(
        columns={
            "n": Column(type="integer", nulls=True, min=0, max=9),
            "t": Column(type="time", min="2013-01-05"),
            "d": Column(type="date", nulls=True, max="2013-01-31", unique=len(rows) % 2 == 0),
        },
        expectations=(
            Expectation(type="expect_column_max_to_be_between", arguments={"column": "n", "max_value": 9}),
            Expectation(
                type="expect_column_values_to_be_between",
                arguments={"column": "t", "min_value": "2013-01-03", "mostly": 0.5},
            ),
        ),
    )
    path = written(tmp_path, frame, size)
    found = judge(contract, measure_file(path, contract, batch=batch).state)
    full = check(frame, contract)
    assert [
        (item.key, item.outcome, item.unexpected_count, item.missing_count) for item in found.results
    ] == [(item.key, item.outcome, item.unexpected_count, item.missing_count) for item in full.results]


MEASURING = """
import re, sys
from pathlib import Path
from headway.contract.files import measure_file
from headway.spec.contract import Column, Contract

def peak():  # of this program alone: `ru_maxrss` begins with what its parent held
    return int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) // 1024

before = peak()
columns = {f"x{number}": Column(type="number", min=0, max=1) for number in range(10)}
measured = measure_file(Path(sys.argv[1]), Contract(columns=columns), batch=200_000)
print(measured.state.rows, measured.proven, peak() - before)
"""


def test_a_table_is_judged_in_a_fraction_of_the_memory_that_it_would_fill(tmp_path: Path) -> None:
    rows = 4_000_000
    one = (pl.int_range(rows, eager=True) % 1000).cast(pl.Float64) / 1000
    frame = pl.DataFrame({f"x{number}": one for number in range(10)})
    path = written(tmp_path, frame, rows=200_000)
    done = subprocess.run(
        [sys.executable, "-c", MEASURING, str(path)], capture_output=True, text=True, check=True
    )
    read, proven, megabytes = (int(word) for word in done.stdout.split())
    assert (read, proven) == (rows, 0), "floats are read, for footers do not count NaN"
    assert frame.estimated_size("mb") > 300
    assert megabytes < 160
