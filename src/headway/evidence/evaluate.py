"""Judge predictions: metrics on test and validation rows, by slice, beside the baseline. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from headway.errors import evidence as errors
from headway.evidence.metrics import Kind, Metric, Values, compute
from headway.evidence.report import Figure, Report, SliceFigures
from headway.evidence.slices import Slice, slices

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

    from headway.spec.product import Slices


class Judged(NamedTuple):
    """Rows of one part with what was predicted for them.

    Attributes:
        label: 0 and 1 for a probability, numbers for a value; shape (n,).
        prediction: Probability of the positive class, or values; shape (n,).
    """

    label: Values
    prediction: Values


def evaluate(
    *,
    kind: Kind,
    metrics: Sequence[Metric],
    test: Judged,
    validate: Judged | None = None,
    baseline: Judged | None = None,
    declared: Slices | None = None,
    columns: Mapping[str, pl.Series] | None = None,
    threshold: float | None = None,
    excluded: int = 0,
) -> Report:
    """A report on predictions.

    Args:
        kind: What the model answers.
        metrics: What to work out.
        test: The rows that decide.
        validate: Rows that the model's author could look at.
        baseline: The rival's predictions on the test rows.
        declared: How to slice the test rows.
        columns: Columns of the test rows, for slicing.
        threshold: Probability from which the answer is the positive class.
        excluded: Rows that were left out before.

    Raises:
        ContractError: A prediction is NaN or infinite.
        SpecError: A slice cannot be made.
        UserCodeError: The product's metric failed.
    """
    for name, part in (("test", test), ("validate", validate), ("baseline", baseline)):
        if part is not None and not np.isfinite(part.prediction).all():
            raise errors.not_finite(name, int((~np.isfinite(part.prediction)).sum()), len(part.prediction))
    found = {
        metric.name: Figure(
            direction=metric.direction,
            test=compute(metric, *test, threshold),
            validate=compute(metric, *validate, threshold) if validate is not None else None,
        )
        for metric in metrics
    }
    rival = {
        metric.name: Figure(direction=metric.direction, test=compute(metric, *baseline, threshold))
        for metric in (metrics if baseline is not None else ())
        if baseline is not None
    }
    parts = slices(declared, columns or {}) if declared is not None else ()
    least = declared.min_rows if declared is not None else 0
    return Report(
        kind=kind,
        rows={"test": len(test.label)} | ({"validate": len(validate.label)} if validate is not None else {}),
        metrics=found,
        slices=tuple(_sliced(part, test, metrics, _Rules(kind, threshold, least)) for part in parts),
        baseline=rival,
        threshold=threshold,
        confusion=_confusion(test, threshold) if kind == "probability" and threshold is not None else {},
        positive_rate=float(test.label.mean()) if kind == "probability" and len(test.label) else None,
        excluded=excluded,
    )


class _Rules(NamedTuple):
    """When a slice applies, and from where an answer is positive."""

    kind: Kind
    threshold: float | None
    least: int


def _sliced(part: Slice, test: Judged, metrics: Sequence[Metric], rules: _Rules) -> SliceFigures:
    label, prediction = test.label[part.mask], test.prediction[part.mask]
    reason = _not_applicable(label, rules)
    if reason:
        return SliceFigures(name=part.name, rows=len(label), reason=reason)
    values = {metric.name: compute(metric, label, prediction, rules.threshold) for metric in metrics}
    kept = {name: value for name, value in values.items() if value is not None}
    return SliceFigures(
        name=part.name, rows=len(label), metrics=kept, reason="" if kept else "no metric has a value"
    )


def _not_applicable(label: Values, rules: _Rules) -> str:
    if len(label) < max(rules.least, 1):
        return f"fewer than {max(rules.least, 1)} rows"
    if rules.kind == "probability" and label.min() == label.max():
        return "only one class"
    return ""


def _confusion(test: Judged, threshold: float) -> dict[str, int]:
    said, truth = test.prediction >= threshold, test.label == 1
    return {
        "true_positive": int((said & truth).sum()),
        "false_positive": int((said & ~truth).sum()),
        "false_negative": int((~said & truth).sum()),
        "true_negative": int((~said & ~truth).sum()),
    }
