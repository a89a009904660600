"""The result of a check as text."""

from __future__ import annotations

from headway.core.wording import count, few
from headway.engine.questions.checked import Checked
from headway.lineage.policies import Judged

_SHOWN = 5
"""Ways that a rule is broken, listed under it."""


def checked_text(checked: Checked) -> str:
    """One line, and what is not built yet."""
    kinds: dict[str, int] = {}
    for node in checked.graph.nodes:
        kinds[node.kind] = kinds.get(node.kind, 0) + 1
    parts = ", ".join(count(number, kind.replace("_", " ")) for kind, number in kinds.items())
    lines = [f"{checked.product}: no fault found; {parts}"]
    lines += [f"batch {name}: answered by endpoint {endpoint}" for name, endpoint in checked.batches.items()]
    lines += [f"not built yet: {part} ({where})" for part, where in checked.not_built]
    lines += [f"note: {line}" for line in checked.missing]
    if checked.uncovered:
        lines.append(f"note: no contract of its own holds what comes out of {few(checked.uncovered)}")
    lines += [f"note: module {module} counts as a whole: {why}" for module, why in checked.coarse.items()]
    lines += [f"note: {line}" for line in checked.past]
    for rule in checked.governed.judged:
        lines += _rule_lines(rule)
    lines += [
        f"note: {breach.node} reads what is old: {breach.why}" for breach in checked.governed.deprecated
    ]
    return "\n".join(lines)


def _rule_lines(rule: Judged) -> list[str]:
    """The rule with its outcome, and under it what breaks it."""
    more = len(rule.breaches) - _SHOWN
    return [
        f"rule `{rule.rule}` ({rule.place}): {rule.outcome}",
        *([f"  {rule.note}"] if rule.note else []),
        *(f"  {breach.why}" for breach in rule.breaches[:_SHOWN]),
        *([f"  and {more} more"] if more > 0 else []),
    ]
