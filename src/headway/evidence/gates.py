"""Judge gates by a report: six outcomes, and what could not be judged never shows as passed. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from headway.errors import evidence as errors
from headway.facts.evidence import Outcome
from headway.spec.expression import (
    OTHERS,
    Binary,
    Call,
    Comparison,
    Expression,
    ExpressionError,
    Name,
    Number,
    evaluate,
    holds,
    names,
    parse_condition,
    text_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from headway.evidence.champion import Champion
    from headway.evidence.report import Report

ADMITTED = frozenset({Outcome.PASS, Outcome.WARN, Outcome.NOT_APPLICABLE, Outcome.WAIVED})
"""Outcomes that let a protected environment move."""


class Verdict(NamedTuple):
    """One gate, judged.

    Attributes:
        gate: As written.
        observed: The left side, worked out (`0.742`).
        wanted: The sign and the right side (`>= 0.731 (champion - 0.01)`).
        reason: Why it does not pass, or does not apply, in one sentence.
        values: Every name in it -> its value; a slice that decided as `NAME of` -> its name.
    """

    gate: str
    outcome: Outcome
    observed: str = ""
    wanted: str = ""
    reason: str = ""
    values: dict[str, float | str] = {}  # noqa: RUF012 -- a NamedTuple's defaults are its own


def judge(
    gates: Sequence[str],
    report: Report,
    champion: Champion | None = None,
    *,
    environment: str = "",
) -> tuple[Verdict, ...]:
    """Judge each gate by the test rows.

    `champion` means: what stands on the left, of the champion. It is compared on rows that the champion
    was not trained on, for both models. Without a champion such a gate does not apply. What a gate names
    and nobody measured, or that has no value, makes it *not run*.

    Args:
        gates: Conditions as declared.
        report: Of the challenger.
        champion: What serves now; None when nothing does.
        environment: Where, for the reason.

    Raises:
        SpecError: A gate is no condition.
    """
    return tuple(_judged(_parsed(gate), report, champion, environment) for gate in gates)


def admits(verdicts: Sequence[Verdict], *, protected: bool) -> bool:
    """Whether the verdicts let an environment's pointers move; one that is not protected always may."""
    return not protected or all(verdict.outcome in ADMITTED for verdict in verdicts)


class _UnknownError(Exception):
    """Something that a gate names has no value; the text says why."""


class _Figures:
    """The names of one gate, looked up in reports; remembers what it found."""

    def __init__(self, condition: Comparison, report: Report, champion: Report | None) -> None:
        self.values: dict[str, float | str] = {}
        self._report = report
        self._champion = champion
        self._subject = _subject(condition.left)

    def __call__(self, name: str) -> float:
        figure = self._other(name) if name in OTHERS else self._own(name, self._report)
        self.values[name] = figure
        return figure

    def _other(self, name: str) -> float:
        if not self._subject:
            message = f"`{name}` means what stands on the left, and no metric does"
            raise _UnknownError(message)
        if name == "champion" and self._champion is not None:
            return self._own(self._subject, self._champion, whose="champion ")
        if name == "baseline":
            return self._baseline()
        message = f"`{name}` is known only while a release is served"
        raise _UnknownError(message)

    def _baseline(self) -> float:
        figure = self._report.metrics.get(self._subject)
        if figure is None or figure.baseline is None:
            message = f"`{self._subject}` of a baseline is not measured; declare `baseline` in the model"
            raise _UnknownError(message)
        return figure.baseline

    def _own(self, name: str, report: Report, whose: str = "") -> float:
        function, _, inner = name.removesuffix(")").partition("(")
        if inner:
            return self._of_slices(function, inner.removeprefix("slice."), report, whose)
        found = report.metrics.get(name)
        if found is None:
            message = f"`{name}` is not measured by this evaluation; it measures {_listed(report)}"
            raise _UnknownError(message)
        if found.test is None:
            rows = report.rows.get("test", 0)
            message = f"{whose}`{name}` has no value on {rows:,} test rows (none, or one class)"
            raise _UnknownError(message)
        return found.test

    def _of_slices(self, function: str, metric: str, report: Report, whose: str) -> float:
        if metric not in report.metrics:
            message = f"`slice.{metric}` is not measured by this evaluation; it measures {_listed(report)}"
            raise _UnknownError(message)
        figures = {
            part.name: figure for part in report.slices if (figure := part.metrics.get(metric)) is not None
        }
        if not figures:
            message = f"no {whose}slice of {len(report.slices)} has a `{metric}` (too few rows, or one class)"
            raise _UnknownError(message)
        if function == "mean":
            return math.fsum(figures.values()) / len(figures)
        is_lower_better = report.metrics[metric].direction == "lower"
        pick: Callable[..., str] = max if (function == "worst") == is_lower_better else min
        chosen = pick(sorted(figures), key=figures.__getitem__)
        self.values[f"{whose}{function}(slice.{metric}) of"] = chosen
        return figures[chosen]


def _parsed(gate: str) -> Comparison:
    try:
        return parse_condition(gate)
    except ExpressionError as error:
        raise errors.gate_is_no_condition(gate, error.column, error.what) from error


def _judged(condition: Comparison, report: Report, champion: Champion | None, environment: str) -> Verdict:
    if any(name.name == "champion" for name in names(condition)):
        if champion is None:
            where = f"in `{environment}` " if environment else ""
            return Verdict(condition.text, Outcome.NOT_APPLICABLE, reason=f"there is no champion {where}yet")
        if champion.report is None:
            return Verdict(condition.text, Outcome.NOT_RUN, reason=champion.reason)
        report = champion.same_rows or report
    figures = _Figures(condition, report, champion.report if champion else None)
    try:
        left, right = evaluate(condition.left, figures), evaluate(condition.right, figures)
        passed = holds(condition, figures)
    except _UnknownError as unknown:
        return Verdict(condition.text, Outcome.NOT_RUN, reason=str(unknown), values=figures.values)
    wanted = _wanted(condition, right)
    if passed is None:
        reason = "a side of it is not a number"
        return Verdict(
            condition.text, Outcome.NOT_RUN, f"{left:.4g}", wanted, reason, _finite(figures.values)
        )
    reason = "" if passed else _why(condition, left, wanted, figures.values)
    outcome = Outcome.PASS if passed else Outcome.FAIL
    return Verdict(condition.text, outcome, f"{left:.4g}", wanted, reason, figures.values)


def _subject(left: Expression) -> str:
    """The metric that `champion` and `baseline` are about: the first one on the left."""
    match left:
        case Name() if left.name not in OTHERS:
            return left.name
        case Call():
            return text_of(left)
        case Binary():
            return _subject(left.left) or _subject(left.right)
    return ""


def _wanted(condition: Comparison, right: float) -> str:
    shown = f"{condition.sign} {right:.4g}"
    if isinstance(condition.right, Number):
        return f"{condition.sign} {condition.right.text}"
    return f"{shown} ({text_of(condition.right).removeprefix('(').removesuffix(')')})"


def _why(condition: Comparison, left: float, wanted: str, values: dict[str, float | str]) -> str:
    slices = [str(value) for name, value in values.items() if name.endswith(" of")]
    where = f" in slice `{slices[0]}`" if slices else ""
    return f"`{text_of(condition.left)}` is {left:.4g}{where}, not {wanted}"


def _finite(values: dict[str, float | str]) -> dict[str, float | str]:
    return {name: value for name, value in values.items() if isinstance(value, str) or math.isfinite(value)}


def _listed(report: Report) -> str:
    return ", ".join(f"`{name}`" for name in report.metrics) or "nothing"
