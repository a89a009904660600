"""PostgreSQL and SQLite: a query or a table, in chunks, in one read-only snapshot."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl

from headway.data.calls import from_columns
from headway.data.loaders import json_lines
from headway.data.loaders.asked import Asked, Batch, Since
from headway.errors import data as data_errors
from headway.errors import sources as errors
from headway.spec.loading import database_file
from headway.spec.quantities import DURATION, parse_duration

_CHUNK = 50_000
_TIMEOUT = timedelta(seconds=60)
_REFUSED = ("28P01", "28000", "42501")
"""PostgreSQL's states for a wrong password, no such user, and no right."""
_CANCELLED = "57014"


def load_sqlite(asked: Asked) -> Iterator[Batch]:
    """Rows of a SQLite file, which is opened for reading only.

    Raises:
        EngineError: There is no such file, or it cannot be read.
        SpecError: The query fails, or an option does not fit.
        ContractError: A column holds values of several types.
    """
    statement, values = _statement(asked, _sqlite_bound)
    path = asked.root / database_file(asked.load)
    if not path.is_file():
        raise errors.source_is_not_found(asked.name, asked.load, "no such file")
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            cursor = connection.execute(statement, values)
            names = [str(column[0]) for column in cursor.description or ()]
            yield from _batches(cursor, names, asked)
    except sqlite3.OperationalError as error:
        raise _sqlite_error(asked, error) from error
    except sqlite3.Error as error:
        raise errors.source_is_unreachable(asked.name, asked.load, str(error)) from error


def load_postgresql(asked: Asked) -> Iterator[Batch]:
    """Rows of a PostgreSQL database, through a cursor of the server; times without a zone are UTC.

    Raises:
        EngineError: The server cannot be reached, refuses, or is too slow; psycopg is not installed.
        SpecError: The query fails, or an option does not fit.
        ContractError: A column holds values of several types.
    """
    statement, values = _statement(asked, _postgresql_bound)
    seconds = _seconds(asked)
    try:
        import psycopg
    except ImportError as error:
        raise data_errors.library_is_missing("psycopg[binary]", asked.where, str(error)) from error
    with _named(asked, psycopg, seconds):
        settings = f"-c statement_timeout={int(seconds * 1000)} -c timezone=UTC"
        with (
            psycopg.connect(
                asked.load,
                password=asked.options.get("password"),
                connect_timeout=max(2, int(seconds)),
                options=settings,
            ) as connection,
        ):
            connection.read_only = True
            with connection.cursor(name="headway") as cursor:
                cursor.itersize = _chunk(asked)
                cursor.execute(statement.encode(), values or None)
                names = [column.name for column in cursor.description or ()]
                yield from _batches(cursor, names, asked)


# -- what is asked ---------------------------------------------------------------------------------


def _statement(asked: Asked, bound: Any) -> tuple[str, Sequence[Any]]:
    """The statement, bounded by the watermark where there is one."""
    for option in ("query", "table"):
        if not isinstance(asked.options.get(option, ""), str):
            raise errors.option_is_wrong(asked.name, option, asked.loading.options or {})
    query, table = asked.options.get("query"), asked.options.get("table")
    if (query is None) == (table is None):
        raise errors.option_is_wrong(asked.name, "query", asked.loading.options or {})
    table_rows = f"SELECT * FROM {_quoted_path(table or '')}"  # noqa: S608 -- quoted as an identifier
    statement = table_rows if table is not None else str(query).rstrip().rstrip(";")
    if asked.since is None:
        return statement, ()
    condition, value = bound(asked.since)
    if asked.loading.place == "postgresql":
        statement = statement.replace("%", "%%")  # beside a parameter it would be taken for one
    # The query is the product's own text, and the bound is a parameter.
    return f"SELECT * FROM ({statement}\n) AS source_rows WHERE {condition}", (value,)  # noqa: S608


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _quoted_path(table: str) -> str:
    """`weather.hourly` as a schema's table."""
    return ".".join(_quoted(part) for part in table.split("."))


def _postgresql_bound(since: Since) -> tuple[str, Any]:
    column = _quoted(since.column)
    return f"({column} >= %s OR {column} IS NULL)", since.mark


def _sqlite_bound(since: Since) -> tuple[str, Any]:
    """SQLite has no times: text is compared by its day, a day early because of offsets from UTC."""
    column = _quoted(since.column)
    if isinstance(since.mark, int):
        return f"({column} >= ? OR {column} IS NULL)", since.mark
    day = since.mark.date() if isinstance(since.mark, datetime) else since.mark
    return f"({column} >= ? OR {column} IS NULL)", (day - timedelta(days=1)).isoformat()


def _chunk(asked: Asked) -> int:
    chunk = asked.options.get("chunk", _CHUNK)
    if not isinstance(chunk, int) or isinstance(chunk, bool) or chunk < 1:
        raise errors.option_is_wrong(asked.name, "chunk", asked.loading.options or {})
    return chunk


def _seconds(asked: Asked) -> float:
    timeout = asked.options.get("timeout")
    try:
        return (_TIMEOUT if timeout is None else parse_duration(str(timeout))).total_seconds()
    except ValueError as error:
        raise errors.option_is_wrong(asked.name, "timeout", {"timeout": DURATION}) from error


# -- what comes back -------------------------------------------------------------------------------


def _batches(cursor: Any, names: Sequence[str], asked: Asked) -> Iterator[Batch]:
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise errors.csv_names_repeat(asked.name, asked.load, repeated)
    some = False
    while rows := cursor.fetchmany(_chunk(asked)):
        some = True
        yield Batch(_frame(rows, names, asked))
    if not some:
        yield Batch(_frame([], names, asked))


def _frame(rows: Sequence[Sequence[Any]], names: Sequence[str], asked: Asked) -> pl.DataFrame:
    columns = zip(*rows, strict=True) if rows else ([] for _ in names)
    values = {name: [_plain(value) for value in column] for name, column in zip(names, columns, strict=True)}
    try:
        frame = from_columns(values)
    except (pl.exceptions.PolarsError, TypeError, OverflowError) as error:
        raise errors.column_is_mixed(asked.name, str(error).partition("\n")[0]) from error
    return json_lines.times(_truths(frame, asked), asked, asked.load)


def _plain(value: Any) -> Any:
    """Decimals as float64, times without a zone as UTC; identifiers and other things as text."""
    if isinstance(value, Decimal):
        return float(value)
    if value is None or isinstance(value, bool | int | float | str | date | bytes | list | dict):
        return value
    return str(value)


def _truths(frame: pl.DataFrame, asked: Asked) -> pl.DataFrame:
    """SQLite keeps booleans as 0 and 1; other numbers stay, and are a fault for the contract."""
    if asked.loading.place != "sqlite" or asked.contract is None:
        return frame
    names = [
        name
        for name, column in asked.contract.columns.items()
        if column.type == "boolean"
        and frame.schema.get(name) == pl.Int64
        and frame[name].drop_nulls().is_in([0, 1]).all()
    ]
    return frame.with_columns(pl.col(name).cast(pl.Boolean) for name in names)


def _sqlite_error(asked: Asked, error: sqlite3.OperationalError) -> Exception:
    text = str(error)
    if "locked" in text or "busy" in text or "unable to open" in text or "disk I/O" in text:
        return errors.source_is_unreachable(asked.name, asked.load, text)
    return errors.query_fails(asked.name, text)


@contextmanager
def _named(asked: Asked, psycopg: Any, seconds: float) -> Generator[None]:
    try:
        yield
    except psycopg.Error as error:
        state = error.sqlstate
        reason = str(error).partition("\n")[0]
        if state in _REFUSED or "password authentication failed" in str(error):
            raise errors.access_is_refused(asked.name, _bare(asked.load), reason) from error
        if state == _CANCELLED or isinstance(error, psycopg.errors.ConnectionTimeout):
            raise errors.source_is_too_slow(asked.name, _bare(asked.load), seconds) from error
        if state is None or state[:2] in ("08", "53", "57", "40", "55"):
            raise errors.source_is_unreachable(asked.name, _bare(asked.load), reason) from error
        raise errors.query_fails(asked.name, reason) from error


def _bare(load: str) -> str:
    """The address without what stands after the question mark."""
    return load.partition("?")[0]
