"""Small facts to fill a ledger with."""

from __future__ import annotations

from datetime import UTC, datetime

from headway.core import digest
from headway.facts.artifacts import Artifact
from headway.facts.evidence import Evidence, Outcome
from headway.facts.executions import Execution, Fingerprint
from headway.facts.fact import Made
from headway.facts.moves import EnvironmentState, Hold, Move

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
"""When everything here happened."""


def digest_of(name: str) -> str:
    """A digest that stands for `name`."""
    return digest.of_bytes(name.encode())


def execution(
    node: str = "model.delay", *, output: str | None = "m1", inputs: tuple[str, ...] = ()
) -> Execution:
    """An execution of a node; `output` and `inputs` are names that digests are made of, None failed."""
    fingerprint = Fingerprint(inputs={name: digest_of(name) for name in inputs}, config={"output": output})
    return Execution(
        run="run-1",
        node=node,
        kind="model",
        fingerprint=fingerprint,
        key=fingerprint.key(node),
        outcome="failed" if output is None else "succeeded",
        started=NOON,
        seconds=0.5,
        output=None if output is None else digest_of(output),
    )


def made(name: str = "m1", *, digest: str = "", rows: int = 0) -> Made:
    """An artifact whose digest is `digest`, or that of its name."""
    found = Artifact(digest=digest or digest_of(name), kind="model", files=(), meta={"rows": rows})
    return Made(artifact=found, node="model.delay")


def evidence(about: str = "m1", *, observed: str = "0.7") -> Evidence:
    """A passed check about an artifact of that name."""
    return Evidence(
        check="roc_auc >= 0.65",
        node="model.delay",
        about=digest_of(about),
        outcome=Outcome.PASS,
        at=NOON,
        observed=observed,
    )


def move(state: EnvironmentState, after: dict[str, str], *, holds: tuple[Hold, ...] = ()) -> Move:
    """A move of `state` to point at `after` and at nothing else."""
    changed = {
        node for node in state.pointers.keys() | after.keys() if state.pointers.get(node) != after.get(node)
    }
    return Move(
        environment=state.name,
        revision=state.revision + 1,
        action="apply",
        who="ada",
        why="for the test",
        at=NOON,
        before={node: target for node, target in state.pointers.items() if node in changed},
        after={node: target for node, target in after.items() if node in changed},
        holds=holds,
    )


def hold(node: str = "endpoint.delay", name: str = "r1") -> Hold:
    """A hold on the artifact of that name."""
    return Hold(node=node, digest=digest_of(name), who="ada", why="it was slow", at=NOON)
