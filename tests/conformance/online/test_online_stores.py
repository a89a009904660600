"""Every online store keeps every promise of the port."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg import sql

from headway.errors import EngineError
from headway.online import bounded, sqlite
from headway.online.open import reader
from headway.online.postgres import PostgresOnline
from headway.online.sqlite import SqliteOnline
from headway.testing.conformance.online import TABLE, MakeStore, OnlineConformance, packed, stamp

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class TestSqliteOnline(OnlineConformance):
    @pytest.fixture
    def make_store(self, tmp_path: Path) -> MakeStore:
        return lambda: SqliteOnline(tmp_path / "deep" / "online.sqlite")

    def test_a_file_that_is_no_store_is_named(self, tmp_path: Path) -> None:
        path = tmp_path / "online.sqlite"
        path.write_bytes(b"not a database" * 100)
        with pytest.raises(EngineError) as caught:
            SqliteOnline(path).stamps()
        assert caught.value.code == "ON008"
        with pytest.raises(EngineError) as caught:
            SqliteOnline(path).write(TABLE, [], [], stamp("one"), since=None)
        assert caught.value.code == "ON008"

    def test_a_file_that_was_removed_or_replaced_is_noticed(
        self, make_store: MakeStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sqlite, "NOTICE_SECONDS", 0.0)
        make_store().write(TABLE, packed(("a", 1, 1, 1, 1.0, "x")), [], stamp("one"), since=None)
        reader = make_store()
        assert self.ask(reader, "a", 9) == (1.0, "x")
        for file in (tmp_path / "deep").iterdir():
            file.unlink()
        with pytest.raises(EngineError):
            self.ask(reader, "a", 9)
        make_store().write(TABLE, packed(("a", 1, 1, 1, 2.0, "y")), [], stamp("two"), since=None)
        assert self.ask(reader, "a", 9) == (2.0, "y")
        reader.close()

    def test_a_log_does_not_stay_as_long_as_a_table_that_was_written_anew(
        self, make_store: MakeStore, tmp_path: Path
    ) -> None:
        store, reader = make_store(), make_store()
        store.write(TABLE, [], [], stamp("one"), since=None)
        self.ask(reader, "a", 9)  # while a reader has it open, the last writer does not remove the log
        rows = packed(*[(f"d{number}", 1, 1, 1, 1.0, "x" * 200) for number in range(5_000)])
        store.write(TABLE, rows, [], stamp("two"), since=None)
        assert (tmp_path / "deep" / "online.sqlite-wal").stat().st_size == 0
        reader.close()

    def test_a_file_that_takes_nothing_more_is_told_and_stays_as_it_was(
        self, make_store: MakeStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        store = make_store()
        store.write(TABLE, packed(("a", 1, 1, 1, 1.0, "x")), [], stamp("one"), since=None)
        rows = packed(*[(f"d{number}", 1, 1, 1, 1.0, "x" * 200) for number in range(1_000)])
        monkeypatch.setattr(SqliteOnline, "_writer", lambda self: _of_few_pages(self._path))
        with pytest.raises(EngineError) as caught:
            store.write(TABLE, rows, [], stamp("two"), since=None)
        assert caught.value.code == "ON009"
        assert self.ask(make_store(), "a", 9) == (1.0, "x")

    def test_a_reader_is_not_held_up_by_a_writer(self, make_store: MakeStore) -> None:
        store, reader = make_store(), make_store()
        store.write(TABLE, packed(("a", 1, 1, 1, 1.0, "x")), [], stamp("one"), since=None)

        def rows() -> object:
            assert self.ask(reader, "a", 9) == (1.0, "x")  # in the middle of the write
            yield from packed(("a", 1, 1, 1, 2.0, "y"))
            assert self.ask(reader, "a", 9) == (1.0, "x")

        store.write(TABLE, rows(), [], stamp("two"), since=None)
        assert self.ask(reader, "a", 9) == (2.0, "y")


def _of_few_pages(path: Path) -> sqlite3.Connection:
    """A writer's connection that finds the disk full soon."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA max_page_count = 8")
    return connection


class TestPostgresOnline(OnlineConformance):
    @pytest.fixture
    def make_store(self, postgres: str) -> Iterator[MakeStore]:
        opened: list[PostgresOnline] = []

        def made() -> PostgresOnline:
            opened.append(PostgresOnline(postgres))
            return opened[-1]

        yield made
        for store in opened:
            store.close()

    def test_a_server_that_is_not_there_is_named_without_its_password(self) -> None:
        store = PostgresOnline("postgresql://postgres:s3cret@127.0.0.1:1/none", "$ONLINE")
        with pytest.raises(EngineError) as caught:
            store.stamps()
        assert caught.value.code == "ON001"
        assert "s3cret" not in str(caught.value)
        assert "$ONLINE" in caught.value.what

    def test_a_lost_connection_is_made_again(self, make_store: MakeStore, postgres: str) -> None:
        store = make_store()
        store.write(TABLE, packed(("a", 1, 1, 1, 1.0, "x")), [], stamp("one"), since=None)
        assert self.ask(store, "a", 9) == (1.0, "x")
        with psycopg.connect(postgres, autocommit=True) as other:
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        assert self.ask(store, "a", 9) == (1.0, "x")

    def test_a_database_that_may_only_be_read_is_told(self, make_store: MakeStore, postgres: str) -> None:
        with psycopg.connect(postgres, autocommit=True) as other:
            other.execute(
                "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', "
                "current_database()); END $$"
            )
        with pytest.raises(EngineError) as caught:
            make_store().write(TABLE, [], [], stamp("one"), since=None)
        assert caught.value.code == "ON009"

    def test_a_database_that_goes_away_and_comes_back_is_read_again_without_a_restart(
        self,
        make_store: MakeStore,
        postgres: str,
        postgres_server: str,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(bounded, "REST_SECONDS", 0.0)
        make_store().write(TABLE, packed(("a", 1, 1, 1, 1.0, "x")), [], stamp("one"), since=None)
        looking = reader(postgres, tmp_path / "unused", "", 10.0)
        name = postgres.rpartition("/")[2]

        def look() -> object:
            return looking.at(TABLE.name, [("a", 1)], [9], ["load", "note"], None).rows

        assert look() == [(1.0, "x")]
        with psycopg.connect(f"{postgres_server}/postgres", autocommit=True) as other:
            other.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(sql.Identifier(name)))
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,)
            )
            with pytest.raises(EngineError) as caught:
                look()
            assert caught.value.code == "ON001"
            with pytest.raises(EngineError) as caught:
                make_store().write(TABLE, [], [], stamp("two"), since="one")
            assert caught.value.code == "ON001"
            other.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(sql.Identifier(name)))
        assert look() == [(1.0, "x")]
        looking.close()
