from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from headway.contract import columns as contracts
from headway.data.sources import Loaded, inferred, load
from headway.errors import ContractError, EngineError, HeadwayError, SpecError, UserCodeError
from headway.spec.contract import Column, Contract
from headway.spec.product import Source

FLIGHTS = Contract(
    columns={
        "id": Column(type="integer", unique=True),
        "at": Column(type="time"),
        "origin": Column(type="text", in_=("JFK", "LGA")),
        "distance": Column(type="number", nulls=True, min=0),
    }
)
TIME = datetime(2013, 1, 1, 5, tzinfo=UTC)
FRAME = pl.DataFrame(
    {"id": [1, 2], "at": [TIME, TIME], "origin": ["JFK", "LGA"], "distance": [10.5, None]},
    schema_overrides={"at": pl.Datetime("us", "UTC")},
)
CSV = "id,at,origin,distance\n1,2013-01-01T05:00:00Z,JFK,10.5\n2,2013-01-01T05:00:00Z,LGA,\n"


def nobody(reference: str) -> Callable[..., Any]:
    raise AssertionError(reference)


def take(
    root: Path,
    name: str,
    content: str | bytes | None = None,
    contract: Contract | None = FLIGHTS,
    **options: Any,
) -> Loaded:
    if content is not None:
        (root / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return load(Source(load=name, options=options), "flights", contract, root, nobody)


def returned(value: Any, contract: Contract | None = FLIGHTS, **options: Any) -> Loaded:
    def fetch(**given: Any) -> Any:
        return value(**given) if callable(value) else value

    return load(
        Source(load="delay.load:fetch", options=options), "flights", contract, Path(), lambda _: fetch
    )


def test_parquet_and_csv_of_the_same_rows_are_the_same_table(tmp_path: Path) -> None:
    FRAME.write_parquet(tmp_path / "flights.parquet")
    from_parquet = take(tmp_path, "flights.parquet")
    from_csv = take(tmp_path, "flights.csv", CSV)
    assert from_parquet.frame.equals(FRAME)
    assert from_csv.frame.equals(FRAME)
    contracts.require(from_csv.frame, FLIGHTS, where="source `flights`")


def test_columns_come_in_the_order_of_the_contract(tmp_path: Path) -> None:
    FRAME.select(reversed(FRAME.columns)).write_parquet(tmp_path / "flights.parquet")
    assert take(tmp_path, "flights.parquet").frame.columns == list(FLIGHTS.columns)


def test_columns_that_are_not_declared_are_left_out_where_the_contract_says_so(tmp_path: Path) -> None:
    lenient = Contract(columns=FLIGHTS.columns, extra_columns="ignore")
    FRAME.with_columns(note=pl.lit("x")).write_parquet(tmp_path / "flights.parquet")
    assert take(tmp_path, "flights.parquet", contract=lenient).frame.columns == list(FLIGHTS.columns)
    with_note = (
        CSV.replace("distance\n", "distance,note\n")
        .replace("10.5\n", "10.5,x\n")
        .replace("LGA,\n", "LGA,,y\n")
    )
    assert take(tmp_path, "flights.csv", with_note, contract=lenient).frame.columns == list(FLIGHTS.columns)


def test_a_form_of_date_that_changed_in_some_rows_is_counted_with_examples(tmp_path: Path) -> None:
    rows = [f"{i},{'01/02/2013 05:00' if i % 10 < 3 else '2013-02-01T05:00:00Z'},JFK,1" for i in range(100)]
    with pytest.raises(ContractError) as caught:
        take(tmp_path, "flights.csv", "id,at,origin,distance\n" + "\n".join(rows))
    (line,) = caught.value.evidence
    assert line.startswith("column `at` (time): 30 of 100 cells, such as `01/02/2013 05:00` in row 1, ")


def test_options_say_how_a_csv_is_written(tmp_path: Path) -> None:
    other = CSV.replace(",", ";").replace("LGA;", "'LGA';NA")
    found = take(tmp_path, "flights.csv", other, separator=";", quote="'", null_values=["NA"])
    assert found.frame.equals(FRAME)


@pytest.mark.parametrize(
    "options",
    [{"delimiter": ";"}, {"separator": "||"}, {"separator": 1}, {"null_values": "NA"}, {"quote": ""}],
)
def test_an_option_that_does_not_fit_is_refused(tmp_path: Path, options: dict[str, Any]) -> None:
    with pytest.raises(SpecError, match=next(iter(options))):
        take(tmp_path, "flights.csv", CSV, **options)


def test_parquet_takes_no_options(tmp_path: Path) -> None:
    FRAME.write_parquet(tmp_path / "flights.parquet")
    with pytest.raises(SpecError, match="separator"):
        take(tmp_path, "flights.parquet", separator=";")


def test_a_byte_order_mark_and_windows_line_ends_are_read(tmp_path: Path) -> None:
    assert take(tmp_path, "flights.csv", b"\xef\xbb\xbf" + CSV.replace("\n", "\r\n").encode()).frame.equals(
        FRAME
    )


def whole_parquet() -> bytes:
    buffer = pa.BufferOutputStream()
    FRAME.write_parquet(buffer)
    return buffer.getvalue().to_pybytes()


BROKEN: list[tuple[str, str | bytes, type[HeadwayError], str]] = [
    ("flights.parquet", b"", ContractError, "empty"),
    ("flights.parquet", whole_parquet()[:-40], ContractError, "not a whole Parquet"),
    ("flights.parquet", whole_parquet()[:5], ContractError, "not a whole Parquet"),
    ("flights.parquet", b"<!DOCTYPE html><html>gone</html>", ContractError, "HTML page"),
    ("flights.csv", "", ContractError, "empty"),
    ("flights.csv", "\n\n", ContractError, "empty"),
    ("flights.csv", "\n <html><body>502</body></html>", ContractError, "HTML page"),
    ("flights.csv", CSV + "3,2013-01-01T05:00:00Z\n", ContractError, "1 of 3 rows has fewer cells"),
    ("flights.csv", CSV + "3,2013-01-01T05:00:00Z,JFK,1,2\n", ContractError, "not a whole CSV"),
    ("flights.csv", CSV + '3,2013-01-01T05:00:00Z,"JFK,1\n', ContractError, "not a whole CSV"),
    ("flights.csv", CSV.encode() + b"3,2013-01-01T05:00:00Z,\xff\xfe,1\n", ContractError, "not a whole CSV"),
    ("flights.csv", CSV.replace("origin", "id"), ContractError, "repeats `id`"),
    ("flights.xlsx", "x", SpecError, "nothing says how"),
]


@pytest.mark.parametrize(("name", "content", "family", "what"), BROKEN)
def test_a_wrong_file_is_named_and_nothing_is_taken(
    tmp_path: Path, name: str, content: str | bytes, family: type[HeadwayError], what: str
) -> None:
    with pytest.raises(family, match=what):
        take(tmp_path, name, content)


def test_a_missing_file_names_the_nearest_one(tmp_path: Path) -> None:
    (tmp_path / "flights.parquet").touch()
    with pytest.raises(EngineError) as caught:
        take(tmp_path, "flight.parquet")
    assert caught.value.mend == "did you mean `flights.parquet`?"
    with pytest.raises(EngineError, match="does not exist"):
        take(tmp_path, "no/such/flights.csv")


def test_an_empty_folder_is_no_table(tmp_path: Path) -> None:
    (tmp_path / "flights.parquet").mkdir()
    (tmp_path / "flights.csv").mkdir()
    for name in ("flights.parquet", "flights.csv"):
        with pytest.raises(EngineError, match="has no files"):
            take(tmp_path, name)


def test_a_pipe_is_refused_rather_than_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "flights.csv")
    with pytest.raises(EngineError, match="pipe"):
        take(tmp_path, "flights.csv")


def test_a_path_that_the_system_refuses_is_named(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="cannot be read"):
        take(tmp_path, "x" * 5000 + ".csv")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_named(tmp_path: Path) -> None:
    (tmp_path / "flights.csv").write_text(CSV)
    (tmp_path / "flights.csv").chmod(0)
    with pytest.raises(EngineError, match="Permission denied"):
        take(tmp_path, "flights.csv")


def test_a_csv_without_a_contract_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="no contract"):
        take(tmp_path, "flights.csv", CSV, contract=None)


def test_a_url_of_no_known_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="`carrier-pigeon://` are not known"):
        take(tmp_path, "carrier-pigeon://loft/flights.parquet")


def test_without_a_contract_a_frame_keeps_its_own_types(tmp_path: Path) -> None:
    FRAME.with_columns(pl.col("id").cast(pl.Int16)).write_parquet(tmp_path / "flights.parquet")
    found = take(tmp_path, "flights.parquet", contract=None)
    assert found.frame.equals(FRAME)
    assert found.contract.columns["at"] == Column(type="time", nulls=True)


def test_a_type_that_tables_do_not_hold_is_refused() -> None:
    with pytest.raises(ContractError, match="List"):
        inferred(pl.DataFrame({"stops": [["a"]]}), "flights")


@pytest.mark.parametrize(
    "value",
    [
        FRAME,
        FRAME.lazy(),
        FRAME.to_arrow(),
        FRAME.to_pandas(),
        FRAME.to_dicts(),
    ],
    ids=["polars", "lazy", "arrow", "pandas", "dictionaries"],
)
def test_a_function_may_return_any_frame(value: Any) -> None:
    assert returned(value).frame.equals(FRAME)


def test_a_function_gets_its_options() -> None:
    assert returned(FRAME.head, n=1).frame.height == 1


def test_a_function_that_returns_no_rows_is_judged_by_its_contract() -> None:
    found = returned([])
    assert found.frame.height == 0
    with pytest.raises(ContractError):
        contracts.require(found.frame, FLIGHTS, where="source `flights`")


@pytest.mark.parametrize(
    "value", [None, 3, "text", [1, 2], [{"id": 1}, {"id": "x"}], [{"id": 1}, {"id": {}}]]
)
def test_a_function_that_returns_no_table_is_named(value: Any) -> None:
    with pytest.raises(UserCodeError, match="not a table"):
        returned(value)


def test_a_named_pandas_index_is_not_lost_in_silence() -> None:
    with pytest.raises(UserCodeError, match="index `at`"):
        returned(pd.DataFrame({"at": [1], "id": [2]}).set_index("at"))


def test_a_function_that_raises_names_the_line_and_keeps_the_cause() -> None:
    def fails() -> None:
        raise KeyError("origin")

    with pytest.raises(UserCodeError, match="KeyError") as caught:
        returned(fails)
    assert isinstance(caught.value.__cause__, KeyError)
    assert "test_source_files.py:" in caught.value.where
