"""The journal's hash chain: each move's hash covers the one before, so a change shows."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from headway.core import digest
from headway.core.clock import to_text
from headway.errors import store as errors
from headway.facts.fact import Fact
from headway.facts.moves import EnvironmentState, Move


def check(connection: sqlite3.Connection, move: Move) -> None:
    """Compare-and-swap: refuse a move that was made for another state.

    Raises:
        ConflictError: The environment is at another revision, or points elsewhere.
    """
    row = connection.execute(
        "SELECT revision FROM environment WHERE name = ?", (move.environment,)
    ).fetchone()
    present = row[0] if row else 0
    if move.revision != present + 1:
        raise errors.environment_moved(move.environment, move.revision - 1, present)
    pointers = dict(
        connection.execute("SELECT node, digest FROM pointer WHERE environment = ?", (move.environment,))
    )
    for node in move.before.keys() | move.after.keys():
        if pointers.get(node) != move.before.get(node):
            raise errors.pointer_moved(move.environment, node)


def chain(connection: sqlite3.Connection, fact: Fact, move: Move) -> None:
    """Append the move's row to the journal, and set what the journal adds up to."""
    last = connection.execute("SELECT hash FROM journal ORDER BY seq DESC LIMIT 1").fetchone()
    previous = last[0] if last else ""
    found = hash_of(previous, fact)
    connection.execute(
        "INSERT INTO journal (seq, environment, revision, previous, hash) VALUES (?, ?, ?, ?, ?)",
        (fact.seq, move.environment, move.revision, previous, found),
    )
    pointed = sorted({(target, fact.seq) for target in move.after.values()})
    connection.executemany("INSERT INTO pointed (digest, seq) VALUES (?, ?)", pointed)
    for node in move.before.keys() - move.after.keys():
        connection.execute("DELETE FROM pointer WHERE environment = ? AND node = ?", (move.environment, node))
    connection.executemany(
        "INSERT INTO pointer VALUES (?, ?, ?) ON CONFLICT (environment, node) DO UPDATE SET digest = excluded.digest",
        [(move.environment, node, target) for node, target in sorted(move.after.items())],
    )
    connection.execute(
        "INSERT INTO environment VALUES (?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET"
        " revision = excluded.revision, head = excluded.head, holds = excluded.holds",
        (move.environment, move.revision, found, msgspec.json.encode(move.holds).decode()),
    )


def hash_of(previous: str, fact: Fact) -> str:
    """Hash of a journal row: the one before, then everything that the fact says."""
    content = [previous, fact.seq, fact.id, to_text(fact.at), msgspec.to_builtins(fact.body)]
    return digest.of_value(content)


def verify(
    rows: Sequence[tuple[Any, ...]], moves: Mapping[int, Fact], states: Sequence[EnvironmentState]
) -> None:
    """Recompute the chain, and replay it.

    Args:
        rows: (seq, environment, revision, previous, hash), oldest first.
        moves: Move facts by sequence number.
        states: Environments as the tables have them.

    Raises:
        GateError: Names the first row that does not fit.
    """
    previous, revisions = "", dict[str, int]()
    pointers: dict[str, dict[str, str]] = {}
    heads: dict[str, str] = {}
    for seq, environment, revision, said, found in rows:
        fact = moves.get(seq)
        if fact is None or not isinstance(fact.body, Move):
            raise errors.journal_is_broken(seq, "its fact is gone")
        if said != previous or hash_of(previous, fact) != found:
            raise errors.journal_is_broken(seq, "its content or its place was changed")
        if revision != revisions.get(environment, 0) + 1 or fact.body.revision != revision:
            raise errors.journal_is_broken(seq, f"revision {revision} does not follow in `{environment}`")
        previous, revisions[environment], heads[environment] = found, revision, found
        after = pointers.setdefault(environment, {})
        for node in fact.body.before.keys() - fact.body.after.keys():
            after.pop(node, None)
        after |= fact.body.after
    unchained = moves.keys() - {row[0] for row in rows}
    if unchained:
        raise errors.journal_is_broken(min(unchained), "a move is not in the chain")
    for state in states:
        if (state.pointers, state.revision, state.head) != (
            pointers.get(state.name, {}),
            revisions.get(state.name, 0),
            heads.get(state.name, ""),
        ):
            raise errors.pointers_differ(state.name)
    missing = heads.keys() - {state.name for state in states}
    if missing:
        raise errors.pointers_differ(min(missing))
