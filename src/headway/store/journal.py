"""The journal's hash chain: each move seals the move before it and every fact between, so a change shows.

Somebody who may write the file can rewrite the whole chain; the heads that went elsewhere (route
files, logs) show that.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

import msgspec
from blake3 import blake3
from msgspec.structs import replace

from headway.errors import store as errors
from headway.facts.fact import Fact
from headway.facts.moves import EnvironmentState, Hold, Move

_SEALED = (
    "SELECT seq, CAST(id AS BLOB), CAST(at AS BLOB), CAST(kind AS BLOB), CAST(body AS BLOB)"
    " FROM fact WHERE seq > ? AND seq <= ? ORDER BY seq"
)


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
    since = connection.execute("SELECT coalesce(max(seq), 0) FROM journal").fetchone()[0]
    found = hash_of(previous, connection.execute(_SEALED, (since, fact.seq)))
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


def hash_of(previous: str, facts: Iterable[tuple[int, bytes, bytes, bytes, bytes]]) -> str:
    """Hash of a move: blake3 of the hash before it and of every fact since, each column as a netstring.

    The bytes are taken as they are stored, not what they decode to: no byte can change unseen, and a
    later Headway whose facts have more fields comes to the same hash.
    """
    hasher = blake3(previous.encode())
    for seq, *columns in facts:
        hasher.update(b"%d:" % seq)
        for column in columns:
            hasher.update(b"%d:%b," % (len(column), column))
    return hasher.hexdigest()


def follow(state: EnvironmentState, move: Move, head: str) -> EnvironmentState:
    """The environment after a move whose hash is `head`."""
    kept = {node: target for node, target in state.pointers.items() if node not in move.before}
    pointers = {**kept, **move.after}
    return replace(state, revision=move.revision, pointers=pointers, holds=move.holds, head=head)


def verify(connection: sqlite3.Connection) -> None:
    """Recompute the chain, and replay it; call it inside a transaction.

    Facts after the last move are not sealed yet.

    Raises:
        GateError: Names the first move that does not fit.
    """
    previous, last = "", 0
    states: dict[str, EnvironmentState] = {}
    rows = connection.execute("SELECT seq, environment, revision, previous, hash FROM journal ORDER BY seq")
    for seq, name, revision, said, found in rows:
        if said != previous or hash_of(previous, connection.execute(_SEALED, (last, seq))) != found:
            why = f"of facts {last + 1} to {seq} one was changed, added or taken away"
            raise errors.journal_is_broken(seq, why)
        move = _move(connection, seq)
        state = states.get(name, EnvironmentState(name=name))
        if (move.environment, move.revision) != (name, revision) or revision != state.revision + 1:
            raise errors.journal_is_broken(seq, f"revision {revision} does not follow in `{name}`")
        states[name] = follow(state, move, found)
        previous, last = found, seq
    unchained = connection.execute("SELECT min(seq) FROM fact WHERE kind = 'move' AND seq > ?", (last,))
    if (extra := unchained.fetchone()[0]) is not None:
        raise errors.journal_is_broken(extra, "a move is not in the chain")
    _compare(connection, states)


def _move(connection: sqlite3.Connection, seq: int) -> Move:
    row = connection.execute("SELECT body FROM fact WHERE seq = ? AND kind = 'move'", (seq,)).fetchone()
    if row is None:
        raise errors.journal_is_broken(seq, "its fact is gone")
    try:
        return msgspec.json.decode(row[0], type=Move)
    except msgspec.MsgspecError as error:
        raise errors.journal_is_broken(seq, "it does not read as a move") from error


def _compare(connection: sqlite3.Connection, states: dict[str, EnvironmentState]) -> None:
    """Whether the tables have what the journal adds up to, and nothing else."""
    pointers: dict[str, dict[str, str]] = {}
    for name, node, target in connection.execute("SELECT * FROM pointer"):
        pointers.setdefault(name, {})[node] = target
    found = {row[0]: row[1:] for row in connection.execute("SELECT * FROM environment")}
    for name in sorted(states.keys() | found.keys() | pointers.keys()):
        state = states.get(name, EnvironmentState(name=name))
        revision, head, holds = found.get(name, (0, "", "[]"))
        present = (revision, head, _holds(holds), pointers.get(name, {}))
        if present != (state.revision, state.head, state.holds, state.pointers):
            raise errors.pointers_differ(name)


def _holds(text: str) -> tuple[Hold, ...] | None:
    try:
        return msgspec.json.decode(text, type=tuple[Hold, ...])
    except msgspec.MsgspecError:
        return None  # equal to no holds that were ever made
