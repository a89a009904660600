"""Why one node is, or is not, out of date: its step, its last execution, its code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from headway.engine.opened import Opened, plan, wanted
from headway.errors import engine as errors
from headway.facts.evidence import Evidence
from headway.facts.executions import Execution
from headway.facts.moves import EnvironmentState, Move
from headway.plan.plan import Step
from headway.survey.closure import Closure

_JUDGED = ("apply", "promote")
"""Moves that ask the gates; a rollback asks none."""


class Explained(NamedTuple):
    """A node in full.

    Attributes:
        upstream: Steps that it waits for, root causes first.
        last: The newest successful execution; None when it never ran.
        closure: Its code; None when it has none.
        evidence: (fact id, evidence) about its present output, newest first.
        current: What of it counts in the environment: the newest of each check, of gates that are declared the
            verdict against that environment's champion.
        printed: What the code printed in that execution.
        libraries: Distribution -> version, of all that its code needs; the locked one where there is one.
        unlocked: Those of them that no lock file pins.
    """

    step: Step
    upstream: tuple[Step, ...]
    last: Execution | None
    closure: Closure | None
    evidence: tuple[tuple[str, Evidence], ...]
    current: tuple[Evidence, ...]
    printed: str
    libraries: dict[str, str]
    unlocked: tuple[str, ...]


def explain(opened: Opened, node: str, environment: str) -> Explained:
    """Everything that says why a node is as it is.

    Raises:
        UsageError: The node or the environment is not declared.
    """
    made = plan(opened, environment)
    step = next((item for item in made.steps if item.node == node), None)
    if step is None:
        raise errors.unknown_node(node, [item.node for item in made.steps])
    needs = _ancestors(opened, node)
    past = opened.reader.executions(node)
    libraries = opened.present.environment.get(node, {})
    state = opened.reader.environment(environment)
    about = step.output or state.pointers.get(node, "")
    evidence = tuple(opened.reader.evidence(about)) if about else ()
    return Explained(
        step=step,
        upstream=tuple(item for item in made.steps if item.node in needs and item.status != "fresh"),
        last=past[0] if past else None,
        closure=opened.present.closures.get(node),
        evidence=evidence,
        current=_current(opened, state, node, about, [item for _, item in evidence]),
        printed=_printed(opened, past[0]) if past else "",
        libraries=libraries,
        unlocked=tuple(name for name in opened.present.unlocked if name in libraries),
    )


def _current(
    opened: Opened, state: EnvironmentState, node: str, about: str, evidence: Sequence[Evidence]
) -> tuple[Evidence, ...]:
    asked = wanted(opened)
    gates, rivals = asked.gates.get(node, ()), _champions(opened, state, node, about, asked.champions)
    found: dict[str, Evidence] = {}
    for item in evidence:
        champion = item.against.get("champion")
        if champion is None or (item.check in gates and (not rivals or champion in rivals)):
            found.setdefault(item.check, item)
    return tuple(found.values())


def _champions(
    opened: Opened, state: EnvironmentState, node: str, about: str, champions: Mapping[str, str]
) -> set[str]:
    """Whom an environment holds a result against; empty where any verdict on it will do.

    That is its champion, once the result is there the one before, which it was let in against, and what
    was released with it, for gates that were declared later.
    """
    model = champions.get(node)
    if model is None:
        return set()
    present = state.pointers.get(model, "")
    if state.pointers.get(node) != about:
        return {present}
    pointers, before = dict[str, str](), None
    for fact, _ in opened.reader.journal(state.name):
        move = fact.body
        assert isinstance(move, Move), "the journal is made of moves"
        if move.after.get(node) == about and pointers.get(node) != about and move.action in _JUDGED:
            before = pointers.get(model, "")
        for name in move.before:
            pointers.pop(name, None)
        pointers |= move.after
    return {present} if before is None else {before, present}


def _printed(opened: Opened, execution: Execution) -> str:
    if execution.log is None:
        return ""
    return opened.workspace.blobs().read(execution.log).decode(errors="replace")


def _ancestors(opened: Opened, node: str) -> set[str]:
    found: set[str] = set()
    queue = [node]
    while queue:
        for need in opened.graph.node(queue.pop()).needs:
            if need not in found:
                found.add(need)
                queue.append(need)
    return found
