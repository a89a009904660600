"""Each place and format gives the same table as the others, and says by name what is wrong with it."""

from __future__ import annotations

import gzip
import json
import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import fsspec
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from headway.data.loaders.asked import Since
from headway.data.sources import Loaded, load
from headway.errors import ContractError, EngineError, HeadwayError, SpecError, UsageError, UserCodeError
from headway.spec.contract import Column, Contract
from headway.spec.product import Incremental, Source

TIME = datetime(2013, 1, 1, 5, tzinfo=UTC)
ROWS = Contract(
    columns={
        "id": Column(type="integer", unique=True),
        "at": Column(type="time"),
        "late": Column(type="boolean"),
        "distance": Column(type="number", nulls=True),
    }
)
FRAME = pl.DataFrame(
    {"id": [1, 2, 3], "at": [TIME] * 3, "late": [True, False, True], "distance": [10.5, None, 3.0]},
    schema_overrides={"at": pl.Datetime("us", "UTC")},
)
RECORDS = [row | {"at": "2013-01-01T05:00:00Z"} for row in FRAME.to_dicts()]
LINES = "".join(json.dumps(row) + "\n" for row in RECORDS).encode()


def nobody(reference: str) -> Callable[..., Any]:
    raise AssertionError(reference)


def take(root: Path, load_: str, contract: Contract | None = ROWS, **options: Any) -> Loaded:
    return load(Source(load=load_, options=options), "rows", contract, root, nobody)


def csv(frame: pl.DataFrame) -> bytes:
    return frame.with_columns(pl.col("at").dt.strftime("%Y-%m-%dT%H:%M:%SZ")).write_csv().encode()


def parquet(frame: pl.DataFrame, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.write_parquet(path)


# -- formats -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("rows.jsonl", LINES),
        ("rows.ndjson", LINES),
        ("rows.jsonl.gz", gzip.compress(LINES, mtime=0)),
        ("rows.json", json.dumps(RECORDS).encode()),
        ("rows.csv", csv(FRAME)),
        ("rows.csv.gz", gzip.compress(csv(FRAME), mtime=0)),
    ],
)
def test_every_format_gives_the_same_table(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    assert take(tmp_path, name).frame.equals(FRAME)


BROKEN = [
    ("rows.jsonl", b'{"id": 1}\n{"id"\n', ContractError, "row 2"),
    ("rows.jsonl", b'{"id": 1}\n[1]\n', ContractError, "where an object is expected"),
    ("rows.jsonl", b'{"id": 1}\n{"id": "x"}\n', ContractError, "does not hold rows"),
    ("rows.jsonl", b"", ContractError, "is empty"),
    ("rows.jsonl", b"<!DOCTYPE html><p>sorry", ContractError, "HTML page"),
    ("rows.json", b'{"error": "quota"}', ContractError, "an object, not an array"),
    ("rows.json", b"[1, 2", ContractError, "does not hold rows"),
    ("rows.jsonl.gz", gzip.compress(LINES, mtime=0)[:-9], ContractError, "not a whole gzip file"),
    ("rows.csv.gz", csv(FRAME), ContractError, "not a whole gzip file"),
]


@pytest.mark.parametrize(("name", "content", "family", "what"), BROKEN)
def test_what_is_broken_is_named(
    tmp_path: Path, name: str, content: bytes, family: type[HeadwayError], what: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(family, match=what):
        take(tmp_path, name)


def test_a_number_in_quotes_is_no_number_in_json_either(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_bytes(
        LINES.replace(b'"id": 1', b'"id": "1"', 1).splitlines(keepends=True)[0]
    )
    assert not take(tmp_path, "rows.jsonl").report.passed


# -- folders -----------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["csv", "parquet", "jsonl"])
def test_a_folder_is_its_files_in_the_order_of_their_names(tmp_path: Path, form: str) -> None:
    for index in (2, 0, 1):
        path = tmp_path / "in" / f"2013-01-0{index + 1}.{form}"
        part = FRAME[index : index + 1]
        parquet(part, path)
        if form == "csv":
            path.write_bytes(csv(part))
        elif form == "jsonl":
            path.write_bytes(LINES.splitlines(keepends=True)[index])
    (tmp_path / "in" / ".hidden.csv").write_text("x")
    named = {"csv": "csv", "parquet": "parquet", "jsonl": "json_lines"}[form]
    whole = take(tmp_path, "in", format=named)
    assert whole.frame.equals(FRAME)
    assert take(tmp_path, f"in/*.{form}").frame.equals(FRAME)
    assert take(tmp_path, f"**/2013-01-0[23].{form}").frame.equals(FRAME[1:])
    assert [origin.rows for origin in whole.origins] == [1, 1, 1]
    assert [Path(origin.name).name[:10] for origin in whole.origins] == [
        "2013-01-01",
        "2013-01-02",
        "2013-01-03",
    ]


def test_a_file_that_is_not_like_the_others_is_named(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name in ("a", "b", "c"):
        (tmp_path / "in" / f"{name}.csv").write_bytes(csv(FRAME))
    (tmp_path / "in" / "b.csv").write_bytes(csv(FRAME).replace(b"10.5", b"ten"))
    with pytest.raises(ContractError, match=r"in/b\.csv"):
        take(tmp_path, "in", format="csv")
    (tmp_path / "in" / "b.csv").write_bytes(csv(FRAME.drop("late")))
    with pytest.raises(ContractError, match="lacks `late`") as caught:
        take(tmp_path, "in", format="csv")
    assert "in/b.csv" in caught.value.what


@pytest.mark.parametrize(
    "odd",
    [
        'id,at,late,distance\n9,"2013-01-01\n",true,1\n',
        "id,at,late,distance\n\n9,2013-01-01T05:00:00Z,true,1\n",
    ],
)
def test_files_that_could_read_differently_together_are_read_alone(tmp_path: Path, odd: str) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.csv").write_bytes(csv(FRAME))
    (tmp_path / "in" / "b.csv").write_text(odd)
    alone: Any = None
    try:
        alone = take(tmp_path, "in/b.csv").frame.height
    except HeadwayError as error:
        alone = error.code
    try:
        together = take(tmp_path, "in/*.csv").frame.height - FRAME.height
    except HeadwayError as error:
        together = error.code
    assert together == alone


def test_known_files_are_not_read_again(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for index in range(3):
        (tmp_path / "in" / f"{index}.csv").write_bytes(csv(FRAME[index : index + 1]))
    first = take(tmp_path, "in", format="csv")
    known = {origin.digest: 1 for origin in first.origins[:2]}
    source = Source(load="in", options={"format": "csv"})
    again = load(source, "rows", ROWS, tmp_path, nobody, known=known)
    assert again.frame.equals(FRAME[2:])
    assert sorted((origin.rows is None, origin.digest) for origin in again.origins) == sorted(
        (origin.digest in known, origin.digest) for origin in first.origins
    )


# -- functions ---------------------------------------------------------------------------------


def call(value: Any, **options: Any) -> Loaded:
    def fetch(**given: Any) -> Any:
        return value(**given) if callable(value) else value

    return load(Source(load="a.b:fetch", options=options), "rows", ROWS, Path(), lambda _: fetch)


class Streaming:
    """Anything that streams Arrow, such as a frame of another library."""

    def __init__(self, table: pa.Table) -> None:
        self.table = table

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self.table.__arrow_c_stream__(requested_schema)


@pytest.mark.parametrize(
    "kind",
    [
        lambda part: part,
        lambda part: part.lazy(),
        lambda part: part.to_pandas(),
        lambda part: part.to_arrow(),
        lambda part: Streaming(part.to_arrow()),
        lambda part: part.to_dicts(),
    ],
)
def test_a_function_may_yield_frames_of_any_kind(kind: Callable[[pl.DataFrame], Any]) -> None:
    def parts() -> Iterator[Any]:
        for index in range(3):
            yield kind(FRAME[index : index + 1])

    assert call(parts).frame.equals(FRAME)
    assert call(lambda: kind(FRAME)).frame.equals(FRAME)


def test_a_function_that_yields_nothing_gives_a_table_without_rows() -> None:
    assert call(lambda: iter(())).frame.schema == FRAME.schema


def test_what_a_generator_raises_is_named_with_its_line() -> None:
    def parts() -> Iterator[Any]:
        yield FRAME
        raise KeyError("origin")

    with pytest.raises(UserCodeError, match="raised KeyError") as caught:
        call(parts)
    assert "test_loaders.py" in caught.value.where


def test_a_function_gets_what_to_read_since() -> None:
    seen = []

    def fetch(since: datetime | None) -> pl.DataFrame:
        seen.append(since)
        return FRAME

    source = Source(load="a.b:fetch", incremental=Incremental(by="watermark", column="at"), event_time="at")
    for since in (None, Since("at", TIME)):
        load(source, "rows", ROWS, Path(), lambda _: fetch, since=since)
    assert seen == [None, TIME]


# -- object stores, tables, databases ----------------------------------------------------------


def test_any_fsspec_url_is_read(tmp_path: Path) -> None:
    memory = fsspec.filesystem("memory")
    try:
        for index in range(3):
            memory.pipe(f"/rows/2013/{index}.csv", csv(FRAME[index : index + 1]))
        assert take(tmp_path, "memory://rows/2013/*.csv").frame.equals(FRAME)
        assert take(tmp_path, "memory://rows", format="csv").frame.equals(FRAME)
        assert take(tmp_path, "memory://rows/2013/1.csv").frame.equals(FRAME[1:2])
        with pytest.raises(EngineError, match="is not there"):
            take(tmp_path, "memory://rows/none.csv")
        with pytest.raises(EngineError, match="has no files"):
            take(tmp_path, "memory://rows/*.jsonl")
    finally:
        memory.rm("/rows", recursive=True)
    parquet(FRAME, tmp_path / "rows.parquet")
    assert take(tmp_path, f"file://{tmp_path}/rows.parquet").frame.equals(FRAME)


def test_a_delta_table_is_read_as_of_a_version(tmp_path: Path) -> None:
    FRAME[:2].write_delta(str(tmp_path / "rows.delta"))
    FRAME[2:].write_delta(str(tmp_path / "rows.delta"), mode="append")
    assert take(tmp_path, "rows.delta").frame.sort("id").equals(FRAME)
    assert take(tmp_path, "rows.delta", version=0).frame.equals(FRAME[:2])
    with pytest.raises(EngineError, match="no Delta table"):
        take(tmp_path, "none.delta")
    with pytest.raises(SpecError, match="`version`"):
        take(tmp_path, "rows.delta", version="newest")


def database(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE rows (id INTEGER, at TEXT, late INTEGER, distance REAL)")
    connection.executemany("INSERT INTO rows VALUES (:id, :at, :late, :distance)", RECORDS)
    connection.commit()
    return connection


def test_a_sqlite_table_and_a_query_are_read_in_chunks(tmp_path: Path) -> None:
    database(tmp_path / "rows.db").close()
    assert take(tmp_path, "sqlite:///rows.db", table="rows", chunk=2).frame.equals(FRAME)
    query = "SELECT * FROM rows WHERE id > 1;"
    assert take(tmp_path, "sqlite:///rows.db", query=query).frame.equals(FRAME[1:])
    assert take(tmp_path, f"sqlite:///{tmp_path}/rows.db", query=query).frame.equals(FRAME[1:])


def test_sqlite_is_asked_only_for_what_is_new(tmp_path: Path) -> None:
    connection = database(tmp_path / "rows.db")
    connection.execute("UPDATE rows SET at = '2013-01-03 05:00' WHERE id = 3")
    connection.commit()
    connection.close()
    source = Source(
        load="sqlite:///rows.db",
        options={"table": "rows"},
        incremental=Incremental(by="watermark", column="at"),
    )
    for mark, ids in ((datetime(2013, 1, 2, tzinfo=UTC), [3]), (TIME, [1, 2, 3])):
        assert (
            load(source, "rows", ROWS, tmp_path, nobody, since=Since("at", mark)).frame["id"].to_list() == ids
        )
    days = Contract(columns={"id": Column(type="integer"), "at": Column(type="time")}, extra_columns="ignore")
    found = load(source, "rows", days, tmp_path, nobody, since=Since("id", 2)).frame
    assert found["id"].to_list() == [2, 3]


@pytest.mark.parametrize(
    ("options", "family", "what"),
    [
        ({"table": "none"}, SpecError, "no such table"),
        ({"query": "DELETE FROM rows"}, SpecError, "readonly"),
        ({"query": "SELEC 1"}, SpecError, "syntax"),
        ({"query": "SELECT 1 AS id, 2 AS id"}, ContractError, "repeats"),
        ({}, SpecError, "`query`"),
        ({"table": "rows", "chunk": 0}, SpecError, "`chunk`"),
        ({"table": 'rows"; DROP TABLE rows; --'}, SpecError, "no such table"),
    ],
)
def test_what_a_database_refuses_is_named(
    tmp_path: Path, options: dict[str, Any], family: type[HeadwayError], what: str
) -> None:
    database(tmp_path / "rows.db").close()
    with pytest.raises(family, match=what):
        take(tmp_path, "sqlite:///rows.db", **options)


def test_a_missing_database_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="no such file"):
        take(tmp_path, "sqlite:///rows.db", table="rows")
    assert not list(tmp_path.iterdir())


def test_values_of_several_types_in_one_column_are_refused(tmp_path: Path) -> None:
    connection = database(tmp_path / "rows.db")
    connection.execute("INSERT INTO rows VALUES ('x', '2013-01-01', 1, 1)")
    connection.commit()
    connection.close()
    with pytest.raises(ContractError, match="several types"):
        take(tmp_path, "sqlite:///rows.db", table="rows")


# -- secrets -----------------------------------------------------------------------------------


def test_a_secret_reaches_the_function_and_no_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAREHOUSE", "planted-7f3a9")

    def fetch(login: dict[str, str]) -> pl.DataFrame:
        raise RuntimeError(f"cannot log in with {login['word']}")

    with pytest.raises(UserCodeError, match="cannot log in with") as caught:
        call(fetch, login={"word": {"secret": "WAREHOUSE"}})
    assert "planted" not in str(caught.value)
    assert "[WAREHOUSE]" in str(caught.value)


def test_a_secret_that_is_not_set_is_named() -> None:
    with pytest.raises(UsageError, match="`NO_SUCH_SECRET` is not set"):
        call(FRAME, word={"secret": "NO_SUCH_SECRET"})


def test_pandas_dates_and_categories_arrive_as_what_they_are() -> None:
    frame = pd.DataFrame({"day": [date(2013, 1, 1)], "carrier": pd.Categorical(["AA"])})
    contract = Contract(columns={"day": Column(type="date"), "carrier": Column(type="text")})
    found = load(Source(load="a.b:fetch"), "rows", contract, Path(), lambda _: lambda: frame)
    assert found.report.passed
