"""Moves of pointers, which form the journal: who, why, on which evidence."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct, field

ANY_DIGEST = "*"
"""A hold on every digest: nothing is released to the node until it is lifted."""


class Hold(Struct, frozen=True, kw_only=True):
    """A release that may not come back by itself.

    Attributes:
        node: The endpoint's node.
        digest: The release held, or `*` for any.
        until: When it ends by itself; None means when somebody lifts it.
    """

    node: str
    digest: str
    who: str
    why: str
    at: datetime
    until: datetime | None = None


class Move(Struct, frozen=True, kw_only=True, tag="move"):
    """One change of an environment's pointers or holds, hash-chained into the journal.

    Attributes:
        environment: Its name.
        revision: The revision that this move makes, counted from 1.
        action: apply, promote, roll_back, stop, override, unhold.
        before: Node -> digest, of the pointers that this move changes (absent = none).
        after: Node -> digest; a node in `before` and not here lost its pointer.
        evidence: Ids of the facts that allowed it.
        plan: Id of the plan that asked for it, where there was one.
        holds: The environment's holds after the move.
    """

    environment: str
    revision: int
    action: Literal["apply", "promote", "roll_back", "stop", "override", "unhold"]
    who: str
    why: str
    at: datetime
    before: dict[str, str] = field(default_factory=dict)
    after: dict[str, str] = field(default_factory=dict)
    evidence: tuple[str, ...] = ()
    plan: str | None = None
    holds: tuple[Hold, ...] = ()


class EnvironmentState(Struct, frozen=True, kw_only=True):
    """An environment as the ledger has it: revision 0 is one that never moved.

    Attributes:
        head: Hash of the newest journal row; empty at revision 0.
    """

    name: str
    revision: int = 0
    pointers: dict[str, str] = field(default_factory=dict)
    holds: tuple[Hold, ...] = ()
    head: str = ""
