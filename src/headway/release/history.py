"""Which release served when, read from the journal; pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from headway.facts.moves import Move


def replay(moves: Sequence[Move]) -> Iterator[tuple[Move, dict[str, str]]]:
    """Each move with the environment's pointers right after it, oldest first."""
    pointers: dict[str, str] = {}
    for move in moves:
        gone = move.before.keys() - move.after.keys()
        pointers = {node: digest for node, digest in pointers.items() if node not in gone} | move.after
        yield move, pointers


def was_released(moves: Sequence[Move], endpoints: Sequence[str]) -> bool:
    """Whether any of these endpoints' nodes ever had a release."""
    return any(endpoint in move.after for move in moves for endpoint in endpoints)


def earlier_release(moves: Sequence[Move], endpoint: str) -> dict[str, str] | None:
    """Every pointer as it was with the release that served before the present one.

    A rollback makes the release before it the present one, so a second rollback goes one further
    back. After a stop, the release that was stopped is the one to come back to.

    Args:
        moves: The environment's moves, oldest first.
        endpoint: Node of the endpoint.

    Returns:
        None when there is no earlier release.
    """
    line: list[str] = []
    present: str | None = None
    for move, pointers in replay(moves):
        release = pointers.get(endpoint)
        if release is not None and release != present:
            if move.action in ("roll_back", "override") and release in line:
                del line[line.index(release) :]
            line.append(release)
        present = release
    target = _target(line, present)
    if target is None:
        return None
    return [pointers for _, pointers in replay(moves) if pointers.get(endpoint) == target][-1]


def _target(line: Sequence[str], present: str | None) -> str | None:
    if present is None:
        return line[-1] if line else None
    return line[-2] if len(line) > 1 else None
