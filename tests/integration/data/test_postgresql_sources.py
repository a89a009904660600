"""Sources in PostgreSQL, from a real server; skipped where none is installed."""

from __future__ import annotations

from collections.abc import Callable, Generator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from headway.data.loaders.asked import Since
from headway.data.sources import Loaded, load
from headway.errors import EngineError, SpecError
from headway.spec.contract import Column, Contract
from headway.spec.product import Incremental, Source

ROWS = Contract(
    columns={
        "id": Column(type="integer"),
        "at": Column(type="time"),
        "late": Column(type="boolean"),
        "price": Column(type="number", nulls=True),
        "day": Column(type="date"),
        "name": Column(type="text"),
    }
)
TABLE = """
CREATE SCHEMA shop;
CREATE TABLE shop.sales (id bigint, at timestamptz, late boolean, price numeric(8, 2), day date, name text);
INSERT INTO shop.sales SELECT i, '2024-01-01T00:00:00+01:00'::timestamptz + i * interval '1 hour', i % 2 = 0,
  CASE WHEN i = 3 THEN NULL ELSE i / 4.0 END, '2024-01-01', 'n' || i FROM generate_series(0, 9) AS i;
CREATE ROLE reader LOGIN PASSWORD 'planted-9c2e4';
GRANT USAGE ON SCHEMA shop TO reader; GRANT SELECT ON shop.sales TO reader;
"""


@pytest.fixture(scope="module")
def server(postgres_server: str) -> Generator[str]:
    """Address of a database with a table, without a user; its reader is asked for a password."""
    place = postgres_server.partition("@")[2]
    with psycopg.connect(f"{postgres_server}/postgres", autocommit=True) as connection:
        connection.execute("CREATE DATABASE shop")
    with psycopg.connect(f"{postgres_server}/shop") as connection:
        connection.execute(TABLE)
    yield f"{place}/shop"
    with psycopg.connect(f"{postgres_server}/postgres", autocommit=True) as connection:
        connection.execute("DROP DATABASE shop WITH (FORCE)")
        connection.execute("DROP ROLE reader")


@pytest.fixture(autouse=True)
def word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP", "planted-9c2e4")


def nobody(reference: str) -> Callable[..., Any]:
    raise AssertionError(reference)


def take(server: str, user: str = "reader", since: Since | None = None, **options: Any) -> Loaded:
    source = Source(
        load=f"postgresql://{user}@{server}",
        options={"password": {"secret": "SHOP"}} | options,
        incremental=Incremental(by="watermark", column="at"),
    )
    return load(source, "rows", ROWS, Path(), nobody, since=since, pause=lambda _: None)


def test_a_table_and_a_query_are_read_in_chunks(server: str) -> None:
    found = take(server, table="shop.sales", chunk=3)
    assert found.report.passed
    assert found.frame["id"].to_list() == list(range(10))
    assert found.frame["at"][0] == datetime(2023, 12, 31, 23, tzinfo=UTC)
    assert found.frame["price"].to_list()[:4] == [0.0, 0.25, 0.5, None]
    query = "SELECT * FROM shop.sales WHERE name LIKE 'n%' AND id > 7 -- the newest"
    assert take(server, query=query).frame["id"].to_list() == [8, 9]


def test_only_what_is_new_is_asked_for(server: str) -> None:
    since = Since("at", datetime(2024, 1, 1, 6, tzinfo=UTC))
    assert take(server, since=since, table="shop.sales").frame["id"].to_list() == [7, 8, 9]
    assert take(server, since=since, query="SELECT * FROM shop.sales WHERE name LIKE 'n%';").frame[
        "id"
    ].to_list() == [7, 8, 9]


@pytest.mark.parametrize(
    ("user", "options", "code"),
    [
        ("reader", {"table": "shop.none"}, "DA216"),
        ("reader", {"query": "SELEC 1"}, "DA216"),
        ("reader", {"query": "DELETE FROM shop.sales"}, "DA216"),
        ("reader", {"query": "SELECT pg_sleep(5)", "timeout": "200ms"}, "DA208"),
        ("reader", {"query": "SELECT * FROM pg_authid"}, "DA207"),
        ("nobody", {"table": "shop.sales"}, "DA207"),
    ],
)
def test_what_the_server_refuses_is_named_and_holds_no_secret(
    server: str, user: str, options: dict[str, Any], code: str
) -> None:
    with pytest.raises((EngineError, SpecError)) as caught:
        take(server, user, **options)
    assert caught.value.code == code, str(caught.value)
    assert "planted" not in str(caught.value)


def test_a_wrong_secret_is_refused(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP", "wrong-secret")
    with pytest.raises(EngineError, match="refuses access"):
        take(server, table="shop.sales")


def test_no_server_is_unreachable() -> None:
    with pytest.raises(EngineError, match="cannot be reached"):
        take("127.0.0.1:9/postgres", table="shop.sales")
