"""Whether an environment would refuse a plan, as far as that is known before any work: rules, lock, gates.

Pure, and light: a stored plan is asked as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from headway.plan import locked
from headway.plan.plan import Cause, Plan

if TYPE_CHECKING:
    from headway.errors import GateError
    from headway.facts.evidence import Evidence

_SAYS_NO = "refused by gate "
"""How a cause begins that keeps the pointers of a protected environment."""


def gate_cause(gate: str, verdict: Evidence, fact: str, *, refuses: bool) -> Cause:
    """What a gate said that did not pass.

    Args:
        gate: As written.
        verdict: What it said.
        fact: Id of that verdict.
        refuses: Whether the environment stays where it is because of it.
    """
    about = f"{_SAYS_NO}`{gate}`: {verdict.outcome}" if refuses else f"gate `{gate}`: {verdict.outcome}"
    return Cause("policy", about, verdict.wanted, verdict.observed or verdict.reason, (fact,))


def is_of_gate(cause: Cause) -> bool:
    """Whether a cause is a gate that keeps the pointers where they are."""
    return cause.kind == "policy" and cause.about.startswith(_SAYS_NO)


def refusal(plan: Plan) -> GateError | None:
    """Why the environment would refuse this plan; None as long as nothing is known against it."""
    refused = locked.refusal(plan)
    found = [(step.node, cause) for step in plan.steps for cause in step.causes if is_of_gate(cause)]
    if refused is not None or not found:
        return refused
    from headway.errors import engine as errors  # late: only a refusal needs the words

    return errors.gates_refuse(plan.env, [gate_said(cause) for _, cause in found], found[0][0])


def gate_said(cause: Cause) -> tuple[str, str, str]:
    """(gate, outcome, what was seen) of a gate that keeps the pointers."""
    gate, _, outcome = cause.about.removeprefix(f"{_SAYS_NO}`").rpartition("`: ")
    return gate, outcome, f"{cause.after}, wanted {cause.before}" if cause.before else str(cause.after or "")
