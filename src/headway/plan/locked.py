"""Whether a protected environment takes a plan's libraries; known at planning, before any work.

Pure, and light: a stored plan is asked as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from headway.plan import policies
from headway.plan.plan import Cause, Plan, Step

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from headway.errors import GateError

UNLOCKED = "libraries in no lock file"
DIFFERING = "libraries other than the locked ones"
"""What the cause is about that keeps a step from a protected environment."""


def lock_causes(unlocked: Sequence[str], differing: Mapping[str, tuple[str, str]]) -> tuple[Cause, ...]:
    """Why a protected environment takes nothing that is made here.

    Args:
        unlocked: Distributions that the product's code needs and no lock pins.
        differing: Distribution -> (locked, installed).
    """
    causes = []
    if unlocked:
        causes.append(Cause("policy", UNLOCKED, None, sorted(unlocked)))
    if differing:
        before = {name: locked for name, (locked, _) in sorted(differing.items())}
        after = {name: here for name, (_, here) in sorted(differing.items())}
        causes.append(Cause("policy", DIFFERING, before, after))
    return tuple(causes)


def keeping_out(step: Step, causes: tuple[Cause, ...]) -> Step:
    """The step with these causes, when it would run or move a pointer."""
    touches = step.moves or not step.output
    return step._replace(causes=step.causes + causes) if touches else step


def refusal(plan: Plan) -> GateError | None:
    """Why the environment would refuse this plan whatever it computes; None when it would not."""
    found = next((cause for step in plan.todo for cause in step.causes if is_of_lock(cause)), None)
    if found is None:
        return policies.refusal(plan)
    from headway.errors import engine as errors  # late: only a refusal needs the words

    if found.about == UNLOCKED:
        return errors.libraries_are_unlocked(plan.env, found.after)
    pairs = {name: (found.before[name], here) for name, here in found.after.items()}
    return errors.libraries_differ(plan.env, pairs)


def is_of_lock(cause: Cause) -> bool:
    """Whether a cause is about the lock; a plan's text says those once, not at every step."""
    return cause.kind == "policy" and cause.about in (UNLOCKED, DIFFERING)
