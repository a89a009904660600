"""The journal as text and JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from headway.core.wording import count
from headway.facts.fact import Fact
from headway.facts.moves import Move
from headway.render.delivery import move_lines
from headway.render.style import PLAIN, Style
from headway.store.journal import Sealed


def log_text(moves: Sequence[tuple[Fact, str]], style: Style = PLAIN) -> str:
    """Every move, newest first: what, where, who, when, why, and which pointers."""
    blocks = []
    for fact, found in reversed(moves):
        move = fact.body
        if isinstance(move, Move):
            head = f"{style(f'{move.environment}@{move.revision}', 'bold')}  {move.action}  {found[:12]}"
            lines = [head, f"  by {move.who} at {fact.at.isoformat()[:19]}Z"]
            lines += [f"  why: {move.why}"] if move.why else []
            lines += [f"  on {count(len(move.evidence), 'verdict')}"] if move.evidence else []
            lines += move_lines(move)
            blocks.append("\n".join(lines))
    return "\n\n".join(blocks)


def sealed_text(sealed: Sealed, moves: int) -> str:
    """How far the chain reaches, and which facts it does not seal yet."""
    said = f"the journal's chain holds: {count(moves, 'move')}, {count(sealed.newest, 'fact')}"
    if not sealed.open:
        return f"{said}, to the newest"
    return f"{said}; the {count(sealed.open, 'fact')} after it are sealed with the next commit"


def log_json(moves: Sequence[tuple[Fact, str]]) -> list[dict[str, Any]]:
    """The documented schema of `log --json`, oldest first."""
    return [
        {"seq": fact.seq, "id": fact.id, "hash": found, **msgspec.to_builtins(fact.body)}
        for fact, found in moves
    ]
