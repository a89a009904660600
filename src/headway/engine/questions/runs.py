"""One run in full: what was asked for, what ran, what it was made of, what it printed, what came out."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from headway.errors import EngineError
from headway.facts.executions import Execution
from headway.facts.fact import RunEnded, RunStarted
from headway.store.workspace import Workspace


class Ran(NamedTuple):
    """A run.

    Attributes:
        asked: What was asked for, by whom.
        at: When it began.
        ended: How it ended; None when it has not, or was killed.
        executions: What ran in it, in order.
        printed: Node -> what its code printed; why not, where that cannot be read any more.
    """

    asked: RunStarted
    at: datetime
    ended: RunEnded | None
    executions: tuple[Execution, ...]
    printed: dict[str, str]

    @property
    def outcome(self) -> str:
        """`succeeded`, `failed`, `refused`, `interrupted`; `not ended` for one at work or killed."""
        return self.ended.outcome if self.ended is not None else "not ended"

    def to_json(self) -> dict[str, Any]:
        """The documented schema of `show run.ID --json`."""
        return {
            "run": self.asked.run,
            "command": self.asked.command,
            "environment": self.asked.environment,
            "plan": self.asked.plan,
            "who": self.asked.who,
            "at": self.at.isoformat(),
            "outcome": self.outcome,
            "reason": self.ended.reason if self.ended is not None else "",
            "seconds": self.ended.seconds if self.ended is not None else None,
            "executions": [_as_json(item, self.printed.get(item.node, "")) for item in self.executions],
        }


def run_of(workspace: Workspace, run: str) -> Ran | None:
    """The run of an id; None when the ledger has none.

    Raises:
        EngineError: The ledger cannot be read.
    """
    reader = workspace.open_reader()
    asked = [fact for fact in reader.facts(kinds=("run_started",)) if _run(fact.body) == run]
    if not asked:
        return None
    ended = [
        fact.body for fact in reader.facts(kinds=("run_ended",), after=asked[0].seq) if _run(fact.body) == run
    ]
    executions = tuple(reader.executed_in(run))
    printed = {item.node: _printed(workspace, item) for item in executions if item.log is not None}
    body, last = asked[0].body, ended[0] if ended else None
    assert isinstance(body, RunStarted)
    assert last is None or isinstance(last, RunEnded)
    return Ran(body, asked[0].at, last, executions, printed)


def _run(body: object) -> str:
    return getattr(body, "run", "")


def _printed(workspace: Workspace, execution: Execution) -> str:
    try:
        return workspace.blobs().read(execution.log or "").decode(errors="replace")
    except EngineError as error:
        return f"({error.what})"


def _as_json(item: Execution, printed: str) -> dict[str, Any]:
    return {
        "node": item.node,
        "outcome": item.outcome,
        "error": item.error,
        "trigger": item.trigger,
        "started": item.started.isoformat(),
        "seconds": item.seconds,
        "seed": item.seed,
        "inputs": item.fingerprint.inputs,
        "data": item.fingerprint.data,
        "output": item.output,
        "code_archive": item.code_archive,
        "libraries": msgspec.to_builtins(item.libraries),
        "printed": printed,
    }
