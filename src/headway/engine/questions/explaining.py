"""Why one node is, or is not, out of date: its step, its last execution, its code."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from headway.engine.opened import Opened, plan, wanted
from headway.errors import engine as errors
from headway.facts.evidence import Evidence
from headway.facts.executions import Execution
from headway.plan.plan import Step
from headway.survey.closure import Closure


class Explained(NamedTuple):
    """A node in full.

    Attributes:
        upstream: Steps that it waits for, root causes first.
        last: The newest successful execution; None when it never ran.
        closure: Its code; None when it has none.
        evidence: (fact id, evidence) about its present output, newest first.
        current: What of it counts now: the newest of each check, without gates that are declared no more.
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
    gates = wanted(opened).gates.get(node, ())
    about = step.output or opened.reader.environment(environment).pointers.get(node, "")
    evidence = tuple(opened.reader.evidence(about)) if about else ()
    return Explained(
        step=step,
        upstream=tuple(item for item in made.steps if item.node in needs and item.status != "fresh"),
        last=past[0] if past else None,
        closure=opened.present.closures.get(node),
        evidence=evidence,
        current=_current([item for _, item in evidence], gates),
        printed=_printed(opened, past[0]) if past else "",
        libraries=libraries,
        unlocked=tuple(name for name in opened.present.unlocked if name in libraries),
    )


def _current(evidence: Sequence[Evidence], gates: Collection[str]) -> tuple[Evidence, ...]:
    found: dict[str, Evidence] = {}
    for item in evidence:
        if item.check in gates or "champion" not in item.against:
            found.setdefault(item.check, item)
    return tuple(found.values())


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
