"""Every fact is sealed when it is written: a change, a gap, a cut end or an older copy shows."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from headway.errors import GateError
from headway.store.head import ends
from headway.store.journal import Sealed
from headway.store.workspace import Workspace
from headway.testing.conformance import samples


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """One move (fact 1), then facts 2 to 5 in three commits: 2, 3 and 4 together, 5."""
    workspace = Workspace(tmp_path / "product")
    workspace.root.mkdir()
    writer, reader = workspace.open_writer(), workspace.open_reader()
    writer.move(samples.move(reader.environment("prod"), {"a": "1"}))
    writer.record(samples.evidence(observed="2"))
    writer.record(samples.evidence(observed="3"), samples.evidence(observed="4"))
    writer.record(samples.evidence(observed="5"))
    return workspace


def behind_our_back(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            assert connection.execute(statement).rowcount == 1, "the test has to change something"


def refused(workspace: Workspace) -> str:
    with pytest.raises(GateError) as caught:
        workspace.open_reader().verify()
    return caught.value.code


def test_every_fact_is_sealed_to_the_newest(workspace: Workspace) -> None:
    assert workspace.open_reader().verify() == Sealed(newest=5, open=0)
    assert ends(workspace.ledger)[0].seq == 5


@pytest.mark.parametrize("seq", [2, 3, 4, 5])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE fact SET body = replace(body, 'pass', 'fail') WHERE seq = {}",
        "UPDATE fact SET id = 'x' WHERE seq = {}",
        "UPDATE fact SET kind = 'x' WHERE seq = {}",
        "DELETE FROM fact WHERE seq = {}",
    ],
)
def test_any_fact_changed_or_removed_after_the_last_move_is_found(
    workspace: Workspace, statement: str, seq: int
) -> None:
    behind_our_back(workspace.ledger, statement.format(seq))
    assert refused(workspace) == "ST011"


def test_a_fact_added_behind_the_newest_is_found(workspace: Workspace) -> None:
    row = "INSERT INTO fact (id, at, kind, body) SELECT 'new', at, kind, body FROM fact WHERE seq = 5"
    behind_our_back(workspace.ledger, row)
    assert refused(workspace) == "ST011"


CUT = (
    "DELETE FROM evidence WHERE seq = 5",
    "DELETE FROM link WHERE seq = 5",
    "DELETE FROM fact WHERE seq = 5",
)


def test_an_end_that_is_cut_off_cleanly_is_found_by_the_head_beside(workspace: Workspace) -> None:
    behind_our_back(workspace.ledger, *CUT)
    assert refused(workspace) == "ST016"


def test_an_end_that_is_cut_off_stays_found_after_new_commits(workspace: Workspace) -> None:
    behind_our_back(workspace.ledger, *CUT)
    workspace.open_writer().record(samples.evidence(observed="another"))
    workspace.open_writer().record(samples.evidence(observed="and another"))
    assert refused(workspace) == "ST016"


def test_an_older_copy_of_the_ledger_is_found(workspace: Workspace, tmp_path: Path) -> None:
    with closing(sqlite3.connect(workspace.ledger)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(workspace.ledger, tmp_path / "older.db")
    workspace.open_writer().record(samples.evidence(observed="6"))
    for path in workspace.state.glob("ledger.db*"):
        path.unlink()
    shutil.copy(tmp_path / "older.db", workspace.ledger)
    assert refused(workspace) == "ST016"


def test_a_ledger_that_was_taken_away_and_brought_back_verifies(workspace: Workspace, tmp_path: Path) -> None:
    aside = tmp_path / "aside"
    aside.mkdir()
    for path in workspace.state.glob("ledger.db*"):
        path.rename(aside / path.name)
    assert refused(workspace) == "ST016"
    workspace.open_writer().record(samples.evidence(observed="elsewhere"))
    assert refused(workspace) == "ST016"
    for path in workspace.state.glob("ledger.db*"):
        path.unlink()
    for path in aside.iterdir():
        path.rename(workspace.state / path.name)
    (workspace.state / "ledger.head").write_text(
        "".join(f"{end.seq:20d} {end.hash}\n" for end in ends(workspace.ledger)[1:])
    )
    assert workspace.open_reader().verify() == Sealed(newest=5, open=0)


def test_a_head_one_commit_behind_is_what_a_kill_leaves_and_no_fault(workspace: Workspace) -> None:
    head = workspace.state / "ledger.head"
    before = head.read_bytes()
    workspace.open_writer().record(samples.evidence(observed="6"))
    head.write_bytes(before)
    assert workspace.open_reader().verify() == Sealed(newest=6, open=0)
    workspace.open_writer().record(samples.evidence(observed="7"))
    assert workspace.open_reader().verify() == Sealed(newest=7, open=0)
    assert [end.seq for end in ends(workspace.ledger)] == [7]


@pytest.mark.parametrize("content", [b"", b"\x00" * 86, b"garbage\n", b"\xff\xfe"])
def test_a_torn_head_says_nothing(workspace: Workspace, content: bytes) -> None:
    (workspace.state / "ledger.head").write_bytes(content)
    assert workspace.open_reader().verify() == Sealed(newest=5, open=0)


def test_an_older_headway_s_ledger_is_sealed_with_the_next_commit(workspace: Workspace) -> None:
    """Schema 1 sealed moves only; its facts after the last move are open until somebody writes."""
    (workspace.state / "ledger.head").unlink()
    behind_our_back(workspace.ledger, "UPDATE headway_schema SET version = 1")
    with closing(sqlite3.connect(workspace.ledger, isolation_level=None)) as connection:
        connection.execute("DROP TABLE link")
    assert workspace.open_reader().verify() == Sealed(newest=1, open=4)
    workspace.open_writer().record(samples.evidence(observed="6"))
    assert workspace.open_reader().verify() == Sealed(newest=6, open=0)
    behind_our_back(workspace.ledger, "UPDATE fact SET body = replace(body, 'pass', 'fail') WHERE seq = 3")
    assert refused(workspace) == "ST011"
