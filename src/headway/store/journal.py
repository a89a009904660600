"""The ledger's hash chain: each commit seals the one before it and every fact since, so a change shows.

Somebody who may write the file can rewrite the whole chain; the heads that went elsewhere (the file
beside the ledger, route files, logs) show that.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec
from blake3 import blake3
from msgspec.structs import replace

from headway.errors import store as errors
from headway.facts.fact import Fact
from headway.facts.moves import EnvironmentState, Hold, Move
from headway.store.head import End

_SEALED = (
    "SELECT seq, CAST(id AS BLOB), CAST(at AS BLOB), CAST(kind AS BLOB), CAST(body AS BLOB)"
    " FROM fact WHERE seq > ? AND seq <= ? ORDER BY seq"
)

_MOVES = "SELECT seq, hash FROM journal ORDER BY seq"
_LINKS = "SELECT seq, hash FROM journal UNION SELECT seq, hash FROM link ORDER BY seq"


class Sealed(NamedTuple):
    """How far the chain reaches.

    Attributes:
        newest: Number of the newest fact that it seals.
        open: Facts beyond it; only where an older Headway wrote them, until the next commit.
    """

    newest: int
    open: int


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


def link(connection: sqlite3.Connection, seq: int) -> End:
    """Seal every fact up to `seq`, the newest; part of the transaction that wrote them."""
    last = _end(connection)
    made = End(seq, hash_of(last.hash, connection.execute(_SEALED, (last.seq, seq))))
    connection.execute("INSERT INTO link (seq, hash) VALUES (?, ?)", made)
    return made


def is_reached(connection: sqlite3.Connection, end: End) -> bool:
    """Whether the chain once ended there."""
    return connection.execute("SELECT 1 FROM link WHERE seq = ? AND hash = ?", end).fetchone() is not None


def chain(connection: sqlite3.Connection, fact: Fact, move: Move) -> End:
    """Append the move's row to the journal, and set what the journal adds up to; returns the chain's end."""
    previous = _end(connection).hash
    found = link(connection, fact.seq).hash
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
    return End(fact.seq, found)


def _end(connection: sqlite3.Connection) -> End:
    """Where the chain ends; before the first commit of this schema, at the newest move."""
    newest = "SELECT seq, hash FROM {} ORDER BY seq DESC LIMIT 1"
    for table in ("link", "journal"):
        row = connection.execute(newest.format(table)).fetchone()
        if row is not None:
            return End(*row)
    return End(0, "")


def hash_of(previous: str, facts: Iterable[tuple[int, bytes, bytes, bytes, bytes]]) -> str:
    """Hash of a commit: blake3 of the hash before it and of every fact since, each column as a netstring.

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


def verify(connection: sqlite3.Connection, ends: Sequence[End] = ()) -> Sealed:
    """Recompute the chain, and replay the moves; call it inside a transaction.

    Args:
        connection: The ledger.
        ends: Where the chain is known to have ended once.

    Raises:
        GateError: Names the first commit that does not fit, or the end that is missing.
    """
    moves = {
        row[0]: row[1:]
        for row in connection.execute("SELECT seq, environment, revision, previous FROM journal")
    }
    linked = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'link'").fetchone() is not None
    chain = _LINKS if linked else _MOVES
    last = End(0, "")
    states: dict[str, EnvironmentState] = {}
    for row in connection.execute(chain).fetchall():
        end = End(*row)
        if hash_of(last.hash, connection.execute(_SEALED, (last.seq, end.seq))) != end.hash:
            why = f"of facts {last.seq + 1} to {end.seq} one was changed, added or taken away"
            raise errors.journal_is_broken(end.seq, why)
        if end.seq in moves:
            _replay(connection, end, moves[end.seq], last.hash, states)
        last = end
    _compare(connection, states)
    return _reaches(connection, last, ends, linked=linked)


def _replay(
    connection: sqlite3.Connection,
    end: End,
    said: tuple[str, int, str],
    previous: str,
    states: dict[str, EnvironmentState],
) -> None:
    """Follow one move of the journal."""
    name, revision, before = said
    move = _move(connection, end.seq)
    state = states.get(name, EnvironmentState(name=name))
    if before != previous:
        raise errors.journal_is_broken(end.seq, "it does not follow what is before it")
    if (move.environment, move.revision) != (name, revision) or revision != state.revision + 1:
        raise errors.journal_is_broken(end.seq, f"revision {revision} does not follow in `{name}`")
    states[name] = follow(state, move, end.hash)


def _reaches(connection: sqlite3.Connection, last: End, ends: Sequence[End], *, linked: bool) -> Sealed:
    """Whether nothing lies beyond the chain's end, and the chain reaches every end that was ever said."""
    beyond = connection.execute(
        "SELECT seq, kind FROM fact WHERE seq > ? ORDER BY seq", (last.seq,)
    ).fetchall()
    has_links = linked and connection.execute("SELECT 1 FROM link LIMIT 1").fetchone() is not None
    for seq, kind in beyond:
        # A ledger that no writer of this schema has touched yet sealed moves only.
        if has_links or kind == "move":
            raise errors.journal_is_broken(seq, f"this {kind} is not in the chain")
    for end in ends:
        if not (linked and is_reached(connection, end)):
            raise errors.ledger_lost_its_end(end.seq, last.seq)
    return Sealed(last.seq, len(beyond))


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
