"""Whether an environment accepts a plan's outputs: the door that apply and promote both go through."""

from __future__ import annotations

from headway.core.clock import SystemClock
from headway.engine import anonymity, governing
from headway.engine.apply import Verdict
from headway.engine.opened import Opened, is_protected
from headway.errors import engine as errors
from headway.errors import governance
from headway.facts.evidence import Outcome
from headway.plan.make import verdicts
from headway.plan.plan import Plan, Step

ADMITTED = (Outcome.PASS, Outcome.WARN, Outcome.NOT_APPLICABLE, Outcome.WAIVED)


def admit(opened: Opened, plan: Plan) -> Verdict:
    """The verdict on moving every pointer that the plan would move.

    An unprotected environment takes anything but what breaks a rule that is to refuse everywhere, and
    shows what the gates say. A protected one wants every rule kept, every gate judged and none refusing,
    and locked libraries that are the ones installed.
    """
    nodes = {step.node for step in plan.steps}
    governed = anonymity.standing(opened, plan, strict=True)
    broken = governed.refusing(nodes, protected=is_protected(opened, plan.env))
    if broken:
        return Verdict(refusal=governance.rules_are_broken(f"environment `{plan.env}`", broken))
    facts = governing.proofs(governed, plan, opened.reader)
    refused: list[tuple[str, str, str]] = []
    first = ""
    for step in plan.steps:
        if step.kind == "evaluation" and step.output:
            ids, against = _gates(opened, plan, step)
            first = first or (step.node if against else "")
            facts += ids
            refused += against
    if not is_protected(opened, plan.env):
        return Verdict(
            tuple(facts), advice=tuple(f"{gate}: {outcome} ({seen})" for gate, outcome, seen in refused)
        )
    moving = any(step.moves for step in plan.steps)
    if moving and opened.present.unlocked:
        return Verdict(refusal=errors.libraries_are_unlocked(plan.env, sorted(opened.present.unlocked)))
    if moving and opened.present.differing:
        return Verdict(refusal=errors.libraries_differ(plan.env, dict(opened.present.differing)))
    if refused:
        return Verdict(refusal=errors.gates_refuse(plan.env, refused, first))
    return Verdict(tuple(facts))


def _gates(opened: Opened, plan: Plan, step: Step) -> tuple[list[str], list[tuple[str, str, str]]]:
    """Ids of the verdicts that admit, and (gate, outcome, seen) of those that do not."""
    declared = opened.loaded.product.evaluations[step.node.partition(".")[2]]
    pointers = opened.reader.environment(plan.env).pointers
    champion = pointers.get(f"model.{declared.model}", "") if step.moves else None
    judged = verdicts(opened.reader.evidence(step.output), champion, SystemClock().now())
    facts, refused = [], []
    for gate in declared.gates:
        if gate not in judged:
            refused.append((gate, str(Outcome.NOT_RUN), errors.NO_VERDICT))
            continue
        fact, verdict = judged[gate]
        if verdict.outcome in ADMITTED:
            facts.append(fact)
        else:
            seen = f"{verdict.observed}, wanted {verdict.wanted}" if verdict.observed else verdict.reason
            refused.append((gate, str(verdict.outcome), seen))
    return facts, refused
