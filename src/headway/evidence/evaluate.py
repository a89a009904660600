"""From labels and predictions to a report; no model is called here. Pure but for the product's metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from headway.errors import evidence as errors
from headway.evidence.metrics import Metric, Resolve, find_metrics
from headway.evidence.report import Confusion, Figure, Report, SliceFigures
from headway.evidence.slices import Slice, cut

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from headway.spec.product import Answer, Evaluation, Slices


class Scored(NamedTuple):
    """One part of a dataset with a model's predictions; n rows each, in the same order.

    Attributes:
        label: 0 or 1 (1 is the positive class), or values; see `truth`.
        prediction: Probability of the positive class, or values.
        frame: The rows in a dataset's layout, for slices.
        baseline: The same of the baseline.
    """

    label: np.ndarray
    prediction: np.ndarray
    frame: pl.DataFrame
    baseline: np.ndarray | None = None


def truth(label: pl.Series, answer: Answer) -> np.ndarray:
    """Labels as metrics take them, (n,).

    Returns:
        int64 with 1 for the class whose probability is declared and 0 for every other; or float64.
    """
    if answer.probability_of is None:
        return label.to_numpy().astype(np.float64)
    return np.array([value == answer.probability_of for value in label.to_list()], dtype=np.int64)


def evaluate(
    declared: Evaluation,
    answer: Answer,
    *,
    test: Scored,
    validate: Scored,
    rows: Mapping[str, int],
    resolve: Resolve,
) -> Report:
    """Measure a model on its test and validation rows, and on each slice of the test rows.

    A slice below `min_rows`, or with one class where probabilities are judged, is listed with the
    reason and has no figures.

    Args:
        declared: Metrics and slices.
        answer: What a prediction means.
        test: The rows that gates judge.
        validate: The rows that training may have looked at.
        rows: Part -> rows, as counted by the dataset.
        resolve: Finds a metric of the product.

    Raises:
        SpecError: A metric or a slice does not suit the model or its rows.
        UserCodeError: A metric of the product failed.
        ContractError: Predictions are NaN or infinite.
    """
    kind = "value" if answer.probability_of is None else "probability"
    metrics = find_metrics(declared.metrics, kind, answer.threshold, resolve=resolve)
    for part, scored in (("test", test), ("validate", validate)):
        _require_finite(part, scored)
    is_judged = kind == "probability" and answer.threshold is not None
    return Report(
        kind=kind,
        rows=dict(rows),
        metrics={metric.name: _figure(metric, test, validate) for metric in metrics},
        slices=_slices(declared.slices, metrics, test, kind),
        threshold=answer.threshold,
        confusion=_confusion(test, answer.threshold) if is_judged else None,
        positive_share=float(test.label.mean()) if kind == "probability" and test.label.size else None,
    )


def _require_finite(part: str, scored: Scored) -> None:
    faulty = int((~np.isfinite(scored.prediction)).sum())
    if faulty:
        raise errors.predictions_are_not_finite(part, faulty, scored.prediction.size)


def _figure(metric: Metric, test: Scored, validate: Scored) -> Figure:
    return Figure(
        direction=metric.direction,
        test=metric.measure(test.label, test.prediction),
        validate=metric.measure(validate.label, validate.prediction),
        baseline=None if test.baseline is None else metric.measure(test.label, test.baseline),
    )


def _slices(
    declared: Slices | None, metrics: tuple[Metric, ...], test: Scored, kind: str
) -> tuple[SliceFigures, ...]:
    if declared is None:
        return ()
    return tuple(
        _measured(part, metrics, test, kind, declared.min_rows) for part in cut(test.frame, declared)
    )


def _measured(
    part: Slice, metrics: tuple[Metric, ...], test: Scored, kind: str, min_rows: int
) -> SliceFigures:
    label, prediction = test.label[part.mask], test.prediction[part.mask]
    reason = _not_applicable(label, kind, min_rows)
    figures: dict[str, Any] = {}
    if not reason:
        figures = {metric.name: metric.measure(label, prediction) for metric in metrics}
    return SliceFigures(by=part.by, name=part.name, rows=len(label), metrics=figures, reason=reason)


def _not_applicable(label: np.ndarray, kind: str, min_rows: int) -> str:
    if len(label) < min_rows:
        return f"{len(label)} rows, fewer than {min_rows}"
    if not len(label):
        return "no rows"
    if kind == "probability" and label.min() == label.max():
        return "one class only"
    return ""


def _confusion(test: Scored, threshold: float | None) -> Confusion:
    positive, predicted = test.label == 1, test.prediction >= threshold
    return Confusion(
        true_positive=int((positive & predicted).sum()),
        false_positive=int((~positive & predicted).sum()),
        false_negative=int((positive & ~predicted).sum()),
        true_negative=int((~positive & ~predicted).sum()),
    )
