"""Gates: conditions on a report, judged to one of six outcomes, with what was seen. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from headway.evidence.report import Report
from headway.facts.evidence import Outcome
from headway.spec.expression import Comparison, Expression, evaluate, names, parse_condition


class Verdict(NamedTuple):
    """One gate, judged.

    Attributes:
        observed: What stands on the left, in words.
        wanted: What is asked of it.
        reason: Why it is not decided, or which slice it is about.
        values: Every name in the gate -> its number.
    """

    gate: str
    outcome: Outcome
    observed: str = ""
    wanted: str = ""
    reason: str = ""
    values: dict[str, Any] = {}  # noqa: RUF012 -- never written to


class Rivals(NamedTuple):
    """Who a report is compared with.

    Attributes:
        champion: The present model's report on the same rows; None when there is none.
        why_no_champion: Why not, when the environment has one that could not be judged.
        same: Whether the champion is this very model.
    """

    champion: Report | None = None
    why_no_champion: str = ""
    same: bool = False


class _Undecided(Exception):  # noqa: N818 -- carries an outcome, it is no error
    def __init__(self, outcome: Outcome, reason: str) -> None:
        super().__init__(reason)
        self.outcome = outcome
        self.reason = reason


def judge(gates: Sequence[str], report: Report, rivals: Rivals) -> tuple[Verdict, ...]:
    """Judge every gate.

    A gate that compares with a champion is *not applicable* while there is none, or when the champion
    is this very model. A gate with nothing to look at (no applicable slice, a metric that is not
    defined) is *not run*, which a protected environment does not pass.

    Args:
        gates: As written in the product file.
        report: The challenger's.
        rivals: The champion's, on the same rows.
    """
    return tuple(_judge(gate, report, rivals) for gate in gates)


def _judge(gate: str, report: Report, rivals: Rivals) -> Verdict:
    condition = parse_condition(gate)
    metric = _metric(condition.left)
    seen: dict[str, float] = {}
    notes: list[str] = []

    def lookup(name: str) -> float:
        value, note = _value(name, metric, report, rivals)
        seen[name] = value
        notes.extend([note] if note else [])
        return value

    try:
        left = evaluate(condition.left, lookup)
        right = evaluate(condition.right, lookup)
    except _Undecided as undecided:
        return Verdict(gate, undecided.outcome, reason=undecided.reason, values=dict(seen))
    wanted = f"{condition.sign} {_number(right)}"
    if math.isnan(left) or math.isnan(right):
        return Verdict(gate, Outcome.NOT_RUN, reason="a side is not a number", wanted=wanted, values={})
    outcome = Outcome.PASS if _compare(condition, left, right) else Outcome.FAIL
    return Verdict(gate, outcome, _number(left), wanted, "; ".join(notes), dict(seen))


def _compare(condition: Comparison, left: float, right: float) -> bool:
    signs = {">=": left >= right, "<=": left <= right, ">": left > right, "<": left < right, "==": left == right}
    return signs[condition.sign]


def _metric(left: Expression) -> str:
    """The metric that `champion` and `baseline` stand for: the one on the left."""
    return next((name.name.removeprefix("slice.") for name in names(left)), "")


def _value(name: str, metric: str, report: Report, rivals: Rivals) -> tuple[float, str]:
    if "(" in name:
        return _over_slices(name, report)
    if name == "champion":
        return _champion(metric, rivals), ""
    if name == "baseline":
        if metric not in report.baseline:
            raise _Undecided(Outcome.NOT_RUN, "the model declares no baseline")
        return _figure(report.baseline[metric].test, metric), ""
    if name not in report.metrics:
        raise _Undecided(Outcome.NOT_RUN, f"the report has no `{name}`")
    return _figure(report.metrics[name].test, name), ""


def _champion(metric: str, rivals: Rivals) -> float:
    if rivals.same:
        raise _Undecided(Outcome.NOT_APPLICABLE, "this model is the champion")
    if rivals.why_no_champion:
        raise _Undecided(Outcome.NOT_RUN, rivals.why_no_champion)
    if rivals.champion is None:
        raise _Undecided(Outcome.NOT_APPLICABLE, "there is no champion yet")
    figure = rivals.champion.metrics.get(metric)
    return _figure(figure.test if figure is not None else None, f"champion's {metric}")


def _figure(value: float | None, name: str) -> float:
    if value is None:
        raise _Undecided(Outcome.NOT_RUN, f"`{name}` is not defined on these rows")
    return value


def _over_slices(name: str, report: Report) -> tuple[float, str]:
    """`worst(slice.roc_auc)`: over the slices where the metric applies, naming the one."""
    function, _, inner = name[:-1].partition("(")
    metric = inner.removeprefix("slice.")
    figures = [(part.metrics[metric], part.name) for part in report.slices if metric in part.metrics]
    if not figures:
        raise _Undecided(Outcome.NOT_RUN, f"no slice has `{metric}`")
    if function == "mean":
        return sum(value for value, _ in figures) / len(figures), f"over {len(figures)} slices"
    higher = report.metrics[metric].direction == "higher"
    lowest = (function == "worst") == higher
    value, where = min(figures) if lowest else max(figures)
    return value, f"in slice {where}"


def _number(value: float) -> str:
    return f"{value:.4g}"


