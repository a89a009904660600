"""Whether a plan's environment refuses it because a rule of the product is broken; known before any work.

Pure, and light: a stored plan is asked as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from headway.plan.plan import Cause, Plan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from headway.errors import GateError

_RULE = "rule: "
"""How such a cause begins to say what it is about."""
_KEPT = 5


def policy_cause(rule: str, place: str, whys: Sequence[str]) -> Cause:
    """Why an environment takes nothing while a rule is broken.

    Args:
        rule: The rule in words.
        place: Where it stands in the product file.
        whys: What breaks it, node by node; five are kept.
    """
    return Cause("policy", f"{_RULE}{rule}", place, [*whys[:_KEPT]])


def is_of_policy(cause: Cause) -> bool:
    """Whether a cause is a broken rule; a plan's text says those once, not at every step."""
    return cause.kind == "policy" and cause.about.startswith(_RULE)


def rule_of(cause: Cause) -> str:
    """The rule, in words."""
    return cause.about.removeprefix(_RULE)


def refusal(plan: Plan) -> GateError | None:
    """Why the environment would refuse this plan whatever it computes; None when no rule is broken."""
    causes = [cause for step in plan.todo for cause in step.causes if is_of_policy(cause)]
    found = {cause.about: cause for cause in causes}
    if not found:
        return None
    from headway.errors import governance as errors  # late: only a refusal needs the words

    broken = [(rule_of(cause), cause.before, cause.after) for cause in found.values()]
    return errors.rules_are_broken(f"environment `{plan.env}`", broken)
