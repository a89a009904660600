"""Gates: conditions on a report, judged to one of six outcomes, with what was seen. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from headway.core.wording import figure
from headway.errors import evidence as errors
from headway.facts.evidence import Outcome
from headway.spec.dimension import unit_of
from headway.spec.expression import (
    OTHERS,
    Binary,
    Call,
    Comparison,
    Expression,
    ExpressionError,
    Name,
    Unit,
    evaluate,
    holds,
    names,
    parse_condition,
    text_of,
)
from headway.spec.references import LATENCIES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from headway.evidence.report import Report


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
        champion: The present model's report on the rows that it was not trained on; None when there is
            none.
        same_rows: The challenger's report on these same rows, where some were left out; None when the
            challenger's own report is on the same rows already.
        why_no_champion: Why not, when the environment has one that could not be judged.
        same: Whether the champion is this very model.
        seconds: Latency of the champion -> seconds, where a gate asks.
    """

    champion: Report | None = None
    same_rows: Report | None = None
    why_no_champion: str = ""
    same: bool = False
    seconds: Mapping[str, float] = {}


class _Undecided(Exception):  # noqa: N818 -- carries an outcome, it is no error
    def __init__(self, outcome: Outcome, reason: str) -> None:
        super().__init__(reason)
        self.outcome = outcome
        self.reason = reason


def judge(
    gates: Sequence[str], report: Report, rivals: Rivals, seconds: Mapping[str, float] | None = None
) -> tuple[Verdict, ...]:
    """Judge every gate.

    A gate that compares with a champion is *not applicable* while there is none, or when the champion
    is this very model. A gate with nothing to look at (no applicable slice, a metric that is not
    defined) is *not run*, which a protected environment does not pass.

    Args:
        gates: As written in the product file.
        report: The challenger's.
        rivals: The champion's, on the same rows.
        seconds: Latency of the challenger (`latency_p99`) -> seconds; measured apart, because a report
            says the same whenever it is made.

    Raises:
        SpecError: A gate is no condition.
    """
    return tuple(_judge(gate, report, rivals, seconds or {}) for gate in gates)


def _judge(gate: str, report: Report, rivals: Rivals, seconds: Mapping[str, float]) -> Verdict:
    condition = _parsed(gate)
    if any(name.name == "champion" for name in names(condition)):
        report = rivals.same_rows or report
    figures = _Figures(condition, report, rivals, seconds)
    text = _seconds if _counts(condition) == "seconds" else _number
    try:
        left = evaluate(condition.left, figures)
        right = evaluate(condition.right, figures)
    except _Undecided as undecided:
        return Verdict(gate, undecided.outcome, reason=undecided.reason, values=figures.seen)
    wanted = f"{condition.sign} {text(right)}"
    passed = holds(condition, figures)
    if passed is None:
        return Verdict(gate, Outcome.NOT_RUN, reason="a side is not a number", wanted=wanted, values={})
    outcome = Outcome.PASS if passed else Outcome.FAIL
    return Verdict(gate, outcome, text(left), wanted, "; ".join(figures.notes.values()), figures.seen)


def _parsed(gate: str) -> Comparison:
    try:
        return parse_condition(gate)
    except ExpressionError as error:
        raise errors.gate_is_no_condition(gate, error.column, error.what) from error


class _Figures:
    """Looks up the names of one gate, and remembers what it saw."""

    def __init__(
        self, condition: Comparison, report: Report, rivals: Rivals, seconds: Mapping[str, float]
    ) -> None:
        self.seen: dict[str, float] = {}
        self.notes: dict[str, str] = {}
        self._subject = _subject(condition.left)
        self._report = report
        self._rivals = rivals
        self._seconds = seconds

    def __call__(self, name: str) -> float:
        if name in OTHERS:
            value = self._other(name)
        elif name in LATENCIES:
            value = _measured(self._seconds, name, "this model")
        else:
            value = self._of(self._report, name, name)
        self.seen[name] = value
        return value

    def _other(self, name: str) -> float:
        """What stands on the left, of another model."""
        if not self._subject:
            raise _Undecided(Outcome.NOT_RUN, f"`{name}` means what stands on the left, and no metric does")
        if name == "champion":
            champion = self._champion()
            if self._subject in LATENCIES:
                return _measured(self._rivals.seconds, self._subject, "the champion")
            return self._of(champion, self._subject, "champion")
        if name == "stable":
            raise _Undecided(Outcome.NOT_RUN, "`stable` is known only while a release is served")
        if self._subject not in self._report.baseline:
            reason = f"no `{self._subject}` of a baseline is measured"
            raise _Undecided(Outcome.NOT_RUN, reason)
        return _figure(self._report.baseline[self._subject].test, f"baseline's {self._subject}")

    def _champion(self) -> Report:
        if self._rivals.same:
            raise _Undecided(Outcome.NOT_APPLICABLE, "this model is the champion")
        if self._rivals.why_no_champion:
            raise _Undecided(Outcome.NOT_RUN, self._rivals.why_no_champion)
        if self._rivals.champion is None:
            raise _Undecided(Outcome.NOT_APPLICABLE, "there is no champion yet")
        return self._rivals.champion

    def _of(self, report: Report, name: str, whose: str) -> float:
        if "(" in name:
            return self._over_slices(report, name, whose)
        if name not in report.metrics:
            listed = ", ".join(f"`{known}`" for known in report.metrics) or "nothing"
            raise _Undecided(
                Outcome.NOT_RUN, f"`{name}` is not measured by this evaluation, which has {listed}"
            )
        return _figure(report.metrics[name].test, name if whose == name else f"{whose}'s {name}")

    def _over_slices(self, report: Report, name: str, whose: str) -> float:
        """`worst(slice.roc_auc)`: over the slices where the metric applies, naming the one."""
        function, _, inner = name[:-1].partition("(")
        metric = inner.removeprefix("slice.")
        figures = [(part.metrics[metric], part.name) for part in report.slices if metric in part.metrics]
        if not figures:
            raise _Undecided(Outcome.NOT_RUN, f"no slice has `{metric}`")
        if function == "mean":
            self.notes[whose] = f"over {len(figures)} slices"
            return math.fsum(value for value, _ in figures) / len(figures)
        higher = report.metrics[metric].direction == "higher"
        lowest = (function == "worst") == higher
        value, where = min(figures) if lowest else max(figures)
        self.notes[whose] = f"in slice {where}"
        return value


def _subject(left: Expression) -> str:
    """What `champion` and `baseline` stand for: the first metric on the left, by slice or not."""
    match left:
        case Name() if left.name not in OTHERS:
            return left.name
        case Call():
            return text_of(left)
        case Binary():
            return _subject(left.left) or _subject(left.right)
    return ""


def _figure(value: float | None, name: str) -> float:
    if value is None:
        raise _Undecided(Outcome.NOT_RUN, f"`{name}` is not defined on these rows")
    return value


def _measured(seconds: Mapping[str, float], name: str, whose: str) -> float:
    if name not in seconds:
        raise _Undecided(Outcome.NOT_RUN, f"`{name}` of {whose} is not measured")
    return seconds[name]


def _counts(condition: Comparison) -> Unit:
    try:
        return unit_of(condition)
    except ExpressionError:  # `check` refuses such a file; a verdict can still be read
        return "number"


def _seconds(value: float) -> str:
    return f"{figure(value * 1000, 3)} ms"


def _number(value: float) -> str:
    return figure(value)
