"""The embedded ledger under wrong files, tampering, newer versions and readers beside writers."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from headway.errors import EngineError, GateError, HeadwayError, UsageError
from headway.store.ledger import SqliteReader, SqliteWriter
from headway.store.sequence import sequence_of
from headway.store.workspace import Workspace
from headway.testing.conformance import samples

if TYPE_CHECKING:
    from pathlib import Path

MOVES = 3


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Three moves (facts 1, 3, 5), each followed by one piece of evidence (2, 4, 6)."""
    workspace = Workspace(tmp_path)
    writer, reader = workspace.open_writer(), workspace.open_reader()
    for number in range(MOVES):
        writer.move(samples.move(reader.environment("prod"), {"a": str(number)}))
        writer.record(samples.evidence(observed=str(number)))
    return workspace


def behind_our_back(workspace: Workspace, statement: str) -> None:
    with closing(sqlite3.connect(workspace.ledger, isolation_level=None)) as connection:
        triggers = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for (name,) in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        assert connection.execute(statement).rowcount == 1, "the test has to change something"


@pytest.mark.parametrize("statement", ["UPDATE fact SET body = '{}'", "DELETE FROM fact"])
def test_the_database_itself_refuses_to_change_a_fact(workspace: Workspace, statement: str) -> None:
    with (
        closing(sqlite3.connect(workspace.ledger)) as connection,
        pytest.raises(sqlite3.IntegrityError, match="append-only"),
    ):
        connection.execute(statement)


def test_a_reader_cannot_write(workspace: Workspace) -> None:
    reader = workspace.open_reader()
    with pytest.raises(EngineError):
        reader.rows("DELETE FROM pointer")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE fact SET body = replace(body, 'ada', 'eve') WHERE seq = 3",
        "UPDATE fact SET id = 'x' WHERE seq = 3",
        "UPDATE journal SET hash = previous WHERE seq = 5",
        "UPDATE journal SET previous = hash WHERE seq = 1",
        "DELETE FROM journal WHERE seq = 5",
        "DELETE FROM journal WHERE seq = 1",
        "UPDATE pointer SET digest = '9'",
        "DELETE FROM pointer",
        "UPDATE environment SET revision = 9",
        "DELETE FROM environment",
        "INSERT INTO fact (id, at, kind, body) SELECT 'new', at, kind, body FROM fact WHERE seq = 5",
    ],
)
def test_what_was_changed_behind_our_back_is_found(workspace: Workspace, statement: str) -> None:
    workspace.open_reader().verify()
    behind_our_back(workspace, statement)
    with pytest.raises(GateError) as caught:
        workspace.open_reader().verify()
    assert caught.value.code in ("ST011", "ST012")


@pytest.mark.parametrize(
    "statement",
    [
        """UPDATE fact SET body = replace(body, '"plan":', '"plbn":') WHERE seq = 3""",
        "UPDATE fact SET body = replace(body, ',', ', ') WHERE seq = 3",
        "UPDATE fact SET at = replace(at, 'Z', '+00:00') WHERE seq = 3",
        "UPDATE fact SET at = 'yesterday' WHERE seq = 3",
        "UPDATE fact SET body = CAST(x'ff' || body AS TEXT) WHERE seq = 3",
        "UPDATE fact SET body = replace(body, 'pass', 'fail') WHERE seq = 2",
        "DELETE FROM fact WHERE seq = 2",
        "UPDATE environment SET holds = 'x'",
        "INSERT INTO pointer VALUES ('ghost', 'a', '1')",
    ],
)
def test_a_change_that_reads_the_same_is_found_too(workspace: Workspace, statement: str) -> None:
    behind_our_back(workspace, statement)
    with pytest.raises(GateError):
        workspace.open_reader().verify()


def test_an_environment_is_read_from_one_state_while_it_moves(workspace: Workspace) -> None:
    reader, other, writer = workspace.open_reader(), workspace.open_reader(), workspace.open_writer()
    assert reader.environment("prod").revision == MOVES
    moved = []

    def move_in_between(statement: str) -> None:
        if "FROM pointer" in statement and not moved:
            moved.append(writer.move(samples.move(other.environment("prod"), {"a": "in between"})))

    assert reader._connection is not None
    reader._connection.set_trace_callback(move_in_between)
    state = reader.environment("prod")
    assert moved
    assert (state.revision, state.pointers) == (MOVES, {"a": "2"})


def test_a_newer_ledger_is_neither_written_nor_read(workspace: Workspace) -> None:
    with closing(sqlite3.connect(workspace.ledger, isolation_level=None)) as connection:
        connection.execute("UPDATE headway_schema SET version = 99")
    writer = workspace.open_writer()
    for call in (writer.record, writer.record, lambda _: workspace.open_reader().facts()):
        with pytest.raises(EngineError) as caught:
            call(samples.evidence())
        assert caught.value.code == "ST006"


@pytest.mark.parametrize("content", [b"garbage" * 2000, b"SQLite format 3\x00" + b"\x00" * 4000])
def test_a_file_that_is_no_database_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "ledger.db"
    path.write_bytes(content)
    for call in (SqliteReader(path).facts, lambda: SqliteWriter(path, tmp_path).record(samples.made())):
        with pytest.raises(EngineError) as caught:
            call()
        assert caught.value.where == str(path)
    assert path.read_bytes() == content, "nothing was mended by guessing"


def test_a_damaged_ledger_has_no_number_that_a_stored_plan_could_have(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    path.write_bytes(b"garbage" * 2000)
    assert sequence_of(path) < 0


def test_the_number_of_the_newest_fact_is_the_readers(workspace: Workspace, tmp_path: Path) -> None:
    assert sequence_of(workspace.ledger) == workspace.open_reader().sequence() == 2 * MOVES
    assert sequence_of(tmp_path / "nothing.db") == 0
    (tmp_path / "empty.db").touch()
    assert sequence_of(tmp_path / "empty.db") == 0


def test_a_fact_that_cannot_be_understood_is_named(workspace: Workspace) -> None:
    behind_our_back(workspace, """UPDATE fact SET body = '{"type":"unheard_of"}' WHERE seq = 2""")
    with pytest.raises(HeadwayError, match="fact 2"):
        workspace.open_reader().facts()


def test_a_fact_is_found_by_index_and_never_by_a_scan(workspace: Workspace) -> None:
    reader = workspace.open_reader()
    plans: list[str] = []
    reader.sequence()
    assert reader._connection is not None
    real = reader.rows

    def explained(statement: str, *values: object) -> list[tuple[object, ...]]:
        plans.extend(row[3] for row in real(f"EXPLAIN QUERY PLAN {statement}", *values))
        return real(statement, *values)

    reader.rows = explained  # ty: ignore[invalid-assignment]
    digest = samples.digest_of("m1")
    for call in (reader.execution, reader.executions, reader.artifact, reader.evidence):
        call(digest)
    for call in (reader.made_by, reader.used_by, reader.moves_to, reader.environment):
        call(digest)
    assert plans
    assert [plan for plan in plans if plan.startswith("SCAN")] == []


def test_several_artifacts_under_one_prefix_are_a_usage_error(workspace: Workspace) -> None:
    one, two = "abcdef" + "1" * 58, "abcdef" + "2" * 58
    workspace.open_writer().record(samples.made(digest=one), samples.made(digest=two))
    with pytest.raises(UsageError) as caught:
        workspace.open_reader().artifact("abcdef")
    assert caught.value.code == "ST007"
    assert workspace.open_reader().artifact("abcde") is None
