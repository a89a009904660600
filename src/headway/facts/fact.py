"""The envelope of every fact: a sequence number, an id, a time, and one body."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from headway.facts.artifacts import Artifact
from headway.facts.batches import Predicted
from headway.facts.commits import Collected, Committed
from headway.facts.evidence import Evidence
from headway.facts.executions import Execution
from headway.facts.moves import Move


class Made(Struct, frozen=True, kw_only=True, tag="artifact"):
    """An artifact came to be."""

    artifact: Artifact
    node: str


class RunStarted(Struct, frozen=True, kw_only=True, tag="run_started"):
    """An apply began.

    Attributes:
        command: What was asked for (`apply`).
        plan: Id of the plan that it carries out.
    """

    run: str
    command: str
    environment: str
    plan: str
    who: str


class RunEnded(Struct, frozen=True, kw_only=True, tag="run_ended"):
    """An apply ended: succeeded, failed, refused (a gate said no), or interrupted."""

    run: str
    outcome: str
    seconds: float
    reason: str = ""


Body = Execution | Made | Evidence | Move | RunStarted | RunEnded | Committed | Collected | Predicted


class Fact(Struct, frozen=True, kw_only=True):
    """One thing that happened.

    Attributes:
        seq: Position in the one append-only table, from 1.
        id: UUIDv7.
        at: Aware, UTC.
    """

    seq: int
    id: str
    at: datetime
    body: Body
