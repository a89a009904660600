"""Metrics by name, each with its direction; the product's own are plain functions.

A metric gets the labels and the predictions as arrays of one length: for a probability, labels are 0
and 1 (1 is the positive class) and predictions are probabilities of the positive class; for a value,
both are numbers. Sources: scikit-learn's `metrics`, whose functions are called.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn import metrics as sk

from headway.errors import HeadwayError
from headway.errors import evidence as errors

Direction = Literal["higher", "lower"]
Kind = Literal["probability", "value"]
Values = NDArray[np.float64]
Function = Callable[[Values, Values], float]


class Metric(NamedTuple):
    """A figure of how good predictions are.

    Attributes:
        direction: Which way is better.
        kind: What kind of prediction it judges; None takes both (the product's own metrics).
        both_classes: Whether it needs positives and negatives.
    """

    name: str
    direction: Direction
    function: Function
    kind: Kind | None
    both_classes: bool = False


def _labels(function: Callable[..., float]) -> Function:
    """A metric of hard labels, at the threshold of one half."""

    def at_one_half(label: Values, prediction: Values) -> float:
        return float(function(label, (prediction >= 0.5).astype(float)))  # noqa: PLR2004 -- one half

    return at_one_half


def _log_loss(label: Values, prediction: Values) -> float:
    return float(sk.log_loss(label, prediction, labels=[0.0, 1.0]))


def _rmse(label: Values, prediction: Values) -> float:
    return float(np.sqrt(np.mean((label - prediction) ** 2)))


BUILT_IN = {
    metric.name: metric
    for metric in (
        Metric("roc_auc", "higher", sk.roc_auc_score, "probability", both_classes=True),
        Metric("average_precision", "higher", sk.average_precision_score, "probability", both_classes=True),
        Metric("log_loss", "lower", _log_loss, "probability"),
        Metric("brier", "lower", sk.brier_score_loss, "probability", both_classes=True),
        Metric("accuracy", "higher", _labels(sk.accuracy_score), "probability"),
        Metric("precision", "higher", _labels(lambda a, b: sk.precision_score(a, b, zero_division=0.0)), "probability", both_classes=True),
        Metric("recall", "higher", _labels(lambda a, b: sk.recall_score(a, b, zero_division=0.0)), "probability", both_classes=True),
        Metric("f1", "higher", _labels(lambda a, b: sk.f1_score(a, b, zero_division=0.0)), "probability", both_classes=True),
        Metric("mae", "lower", sk.mean_absolute_error, "value"),
        Metric("median_absolute_error", "lower", sk.median_absolute_error, "value"),
        Metric("rmse", "lower", _rmse, "value"),
        Metric("r2", "higher", sk.r2_score, "value"),
    )
}
"""Metrics that need no code; precision, recall, accuracy and f1 are at a threshold of one half."""


def resolve(reference: str, kind: Kind) -> Metric:
    """The metric that a product file names.

    Args:
        reference: A built-in name, or `module:function` of the product.
        kind: What the model answers.

    Raises:
        SpecError: There is no such metric, or it judges the other kind of answer.
        UserCodeError: The product's function is missing, or does not say its direction.
    """
    if ":" not in reference:
        metric = BUILT_IN.get(reference)
        if metric is None:
            raise errors.unknown_metric(reference, list(BUILT_IN))
        if metric.kind not in (None, kind):
            raise errors.wrong_kind(reference, kind)
        return metric
    module, _, name = reference.partition(":")
    try:
        function = getattr(importlib.import_module(module), name, None)
    except Exception as error:  # the user-code boundary: whatever an import raises is named
        raise errors.metric_fails(reference, error) from error
    if function is None or not callable(function):
        raise errors.no_metric_function(reference)
    direction = getattr(function, "direction", None)
    if direction not in ("higher", "lower"):
        raise errors.no_direction(reference)
    return Metric(name, direction, _guarded(reference, function), None)


def _guarded(reference: str, function: Callable[..., object]) -> Function:
    def call(label: Values, prediction: Values) -> float:
        try:
            return float(function(label, prediction))  # type: ignore[arg-type]
        except HeadwayError:
            raise
        except Exception as error:  # the user-code boundary
            raise errors.metric_fails(reference, error) from error

    return call


def compute(metric: Metric, label: Values, prediction: Values) -> float | None:
    """The metric's value; None when it does not apply: no rows, or one class only where it needs both."""
    if len(label) == 0 or (metric.both_classes and len(np.unique(label)) < 2):  # noqa: PLR2004 -- both classes
        return None
    value = float(metric.function(label, prediction))
    return value if np.isfinite(value) else None
