"""Laws of the journal: it adds up to the pointers, has one winner, and survives any kill."""

from __future__ import annotations

import os
import random
import sqlite3
import tempfile
import time
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headway.errors import ConflictError, HeadwayError
from headway.facts.moves import Move
from headway.store.workspace import Workspace
from headway.testing.conformance import samples

names = st.sampled_from(["dev", "prod", "pr-42"])
pointers = st.dictionaries(st.sampled_from(["a", "b", "c"]), st.sampled_from(["1", "2", "3"]))


def replayed(workspace: Workspace, name: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for fact, _ in workspace.open_reader().journal(name):
        assert isinstance(fact.body, Move)
        found = {node: target for node, target in found.items() if node not in fact.body.before}
        found |= fact.body.after
    return found


@settings(max_examples=25, deadline=None)
@given(steps=st.lists(st.tuples(names, pointers), max_size=12))
def test_replaying_the_journal_gives_the_pointers(steps: list[tuple[str, dict[str, str]]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(Path(folder))
        writer, reader = workspace.open_writer(), workspace.open_reader()
        wanted: dict[str, dict[str, str]] = {}
        for name, after in steps:
            writer.move(samples.move(reader.environment(name), after))
            wanted[name] = after
        for name, after in wanted.items():
            assert reader.environment(name).pointers == replayed(workspace, name) == after
        assert list(reader.environments()) == sorted(wanted)
        reader.verify()


def test_of_many_processes_that_move_one_revision_exactly_one_wins(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    workspace.open_writer().record(samples.made())
    move = samples.move(workspace.open_reader().environment("prod"), {"a": "1"})
    gate, open_gate = os.pipe()
    children = []
    for _ in range(6):
        child = os.fork()
        if child == 0:
            os.close(open_gate)
            os.read(gate, 1)
            try:
                workspace.open_writer().move(move)
            except ConflictError:
                os._exit(5)
            os._exit(0)
        children.append(child)
    os.close(gate)
    os.close(open_gate)
    codes = sorted(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children)
    assert codes == [0, 5, 5, 5, 5, 5]
    assert workspace.open_reader().environment("prod").revision == 1
    workspace.open_reader().verify()


def test_a_writer_killed_at_any_moment_leaves_a_ledger_that_verifies(tmp_path: Path) -> None:
    seed = random.randrange(1 << 30)
    print(f"seed {seed}")
    chance, workspace = random.Random(seed), Workspace(tmp_path)
    workspace.open_writer().record(samples.made())
    newest = 0
    for _ in range(12):
        child = os.fork()
        if child == 0:
            writer, reader = workspace.open_writer(), workspace.open_reader()
            while True:
                revision = reader.environment("prod").revision
                writer.move(
                    samples.move(reader.environment("prod"), {"a": str(revision), "b": str(revision)})
                )
                writer.record(samples.execution(), samples.evidence())
        until = time.monotonic() + chance.uniform(0.005, 0.06)
        while time.monotonic() < until:
            pass
        os.kill(child, 9)
        os.waitpid(child, 0)
        reader = workspace.open_reader()
        state = reader.environment("prod")
        assert state.revision >= newest, "what was moved stays moved"
        assert len(set(state.pointers.values())) <= 1, "all pointers moved together"
        assert len(reader.facts(kinds=["execution"])) == len(reader.facts(kinds=["evidence"]))
        reader.verify()
        newest = state.revision


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_a_flipped_bit_in_any_row_of_the_journal_is_found(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(Path(folder))
        writer, reader = workspace.open_writer(), workspace.open_reader()
        for revision in range(3):
            writer.record(samples.evidence())
            writer.move(samples.move(reader.environment("prod"), {"a": str(revision)}))
        column = data.draw(st.sampled_from(["id", "at", "kind", "body"]))
        seq = data.draw(st.integers(1, 6))
        with closing(sqlite3.connect(workspace.ledger, isolation_level=None)) as connection:
            connection.execute("DROP TRIGGER fact_is_never_changed")
            select = f"SELECT CAST({column} AS BLOB) FROM fact WHERE seq = ?"
            text = bytearray(connection.execute(select, (seq,)).fetchone()[0])
            text[data.draw(st.integers(0, len(text) - 1))] ^= 1 << data.draw(st.integers(0, 7))
            update = f"UPDATE fact SET {column} = CAST(? AS TEXT) WHERE seq = ?"
            connection.execute(update, (bytes(text), seq))
        with pytest.raises(HeadwayError):
            workspace.open_reader().verify()


def test_many_processes_make_one_new_ledger(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    gate, open_gate = os.pipe()
    children = []
    for _ in range(8):
        child = os.fork()
        if child == 0:
            os.close(open_gate)
            os.read(gate, 1)
            workspace.open_writer().record(samples.made())
            os._exit(0)
        children.append(child)
    os.close(gate)
    os.close(open_gate)
    assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [0] * 8
    assert workspace.open_reader().sequence() == 8
