"""The plan as one frozen value: what is out of date, and why.

Plain tuples with names, because the no-op path loads this module and little else.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

CAUSE_KINDS = (
    "missing",
    "tainted",
    "code",
    "data",
    "config",
    "environment",
    "upstream",
    "behaviour",
    "policy",
)
"""Kinds of cause, most severe first; a step lists its causes in this order."""


READ_AGAIN, LABELS_KNOWN = "its time to be read again", "labels that have become known"
"""What the passing of time brings, as causes are about it."""


class Cause(NamedTuple):
    """Why a step is not fresh.

    Attributes:
        kind: One of `CAUSE_KINDS`.
        about: What differs: a qualified name, a dotted field, a path, a distribution, a node.
        before: JSON value before; None when there was none.
        after: JSON value now; None when it is gone.
        facts: Ids or digests of the facts that prove it.
    """

    kind: str
    about: str
    before: Any = None
    after: Any = None
    facts: tuple[str, ...] = ()


class Step(NamedTuple):
    """One node in a plan.

    Attributes:
        node: Its name.
        kind: Its kind.
        status: `fresh` (nothing to do), `stale` (own cause known), `waiting` (an upstream step may
            change it). A stale step with an output needs a judgement only: nothing runs.
        causes: Why, most severe first.
        key: Fingerprint key, when every input is known; empty otherwise.
        output: Digest of the artifact when fresh; empty otherwise.
        moves: Whether the environment's pointer is not yet at the output.
    """

    node: str
    kind: str
    status: str
    causes: tuple[Cause, ...] = ()
    key: str = ""
    output: str = ""
    moves: bool = False


class Plan(NamedTuple):
    """What `apply` will do in one environment.

    Attributes:
        id: Digest of the content, and of what every step is to be made of; the same at any time.
        env: The environment.
        revision: Revision of the environment that it was made against.
        steps: Every node, upstream first.
        notices: Things a reader should know that change nothing (unlocked libraries, native form).
        product: Name of the product that it is for.
    """

    id: str
    env: str
    revision: int
    steps: tuple[Step, ...]
    notices: tuple[str, ...] = ()
    product: str = ""

    @property
    def todo(self) -> tuple[Step, ...]:
        """The steps that are not fresh, or whose pointer must move; none means nothing to do."""
        return tuple(step for step in self.steps if step.status != "fresh" or step.moves)


def to_json(plan: Plan) -> dict[str, Any]:
    """The plan as JSON values, in the documented schema of `plan --json`."""
    return {
        "plan": plan.id,
        "product": plan.product,
        "env": plan.env,
        "revision": plan.revision,
        "steps": [
            step._asdict() | {"causes": [cause._asdict() for cause in step.causes]} for step in plan.steps
        ],
        "notices": list(plan.notices),
    }


def from_json(value: dict[str, Any]) -> Plan:
    """The plan that `to_json` wrote."""
    steps = tuple(
        Step(**item | {"causes": tuple(Cause(**c | {"facts": tuple(c["facts"])}) for c in item["causes"])})
        for item in value["steps"]
    )
    notices = tuple(value["notices"])
    return Plan(value["plan"], value["env"], value["revision"], steps, notices, value["product"])


def encode(plan: Plan) -> str:
    """Compact JSON text of the plan."""
    return json.dumps(to_json(plan), ensure_ascii=False, separators=(",", ":"))
