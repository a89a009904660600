"""Every online store keeps every promise of the port."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest

from headway.errors import EngineError
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
        assert caught.value.code == "ON001"
        with pytest.raises(EngineError):
            SqliteOnline(path).write(TABLE, [], [], stamp("one"), anew=True)

    def test_a_reader_is_not_held_up_by_a_writer(self, make_store: MakeStore) -> None:
        store, reader = make_store(), make_store()
        store.write(TABLE, packed(("a", 1, 1, 1, 1.0, "x")), [], stamp("one"), anew=True)

        def rows() -> object:
            assert self.ask(reader, "a", 9) == (1.0, "x")  # in the middle of the write
            yield from packed(("a", 1, 1, 1, 2.0, "y"))
            assert self.ask(reader, "a", 9) == (1.0, "x")

        store.write(TABLE, rows(), [], stamp("two"), anew=True)
        assert self.ask(reader, "a", 9) == (2.0, "y")


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
        store.write(TABLE, packed(("a", 1, 1, 1, 1.0, "x")), [], stamp("one"), anew=True)
        assert self.ask(store, "a", 9) == (1.0, "x")
        with psycopg.connect(postgres, autocommit=True) as other:
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        with pytest.raises(EngineError):
            self.ask(store, "a", 9)
        assert self.ask(store, "a", 9) == (1.0, "x")
