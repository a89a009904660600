"""Metrics by name, each with its direction; the product's own are plain functions.

A metric gets the labels and the predictions as arrays of one length: for a probability, labels are 0
and 1 (1 is the positive class) and predictions are probabilities of the positive class; for a value,
both are numbers. Sources: scikit-learn's `metrics`, whose functions are called.
"""

from __future__ import annotations

import importlib
import math
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, NamedTuple

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
        hard: Whether it judges labels, which a threshold makes of probabilities.
    """

    name: str
    direction: Direction
    function: Function
    kind: Kind | None
    both_classes: bool = False
    hard: bool = False


ONE_HALF = 0.5
"""The threshold of a model that declares none."""


def _labels(function: Callable[..., float]) -> Function:
    """A metric of hard labels; predictions that are labels already stay what they are."""

    def at_one_half(label: Values, prediction: Values) -> float:
        return float(function(label, (prediction >= ONE_HALF).astype(float)))

    return at_one_half


def _precision(label: Values, predicted: Values) -> float:
    return sk.precision_score(label, predicted, zero_division=0.0)


def _recall(label: Values, predicted: Values) -> float:
    return sk.recall_score(label, predicted, zero_division=0.0)


def _f1(label: Values, predicted: Values) -> float:
    return sk.f1_score(label, predicted, zero_division=0.0)


def _r2(label: Values, prediction: Values) -> float:
    return sk.r2_score(label, prediction) if len(label) > 1 else math.nan


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
        Metric("accuracy", "higher", _labels(sk.accuracy_score), "probability", hard=True),
        Metric("precision", "higher", _labels(_precision), "probability", both_classes=True, hard=True),
        Metric("recall", "higher", _labels(_recall), "probability", both_classes=True, hard=True),
        Metric("f1", "higher", _labels(_f1), "probability", both_classes=True, hard=True),
        Metric("mae", "lower", sk.mean_absolute_error, "value"),
        Metric("median_absolute_error", "lower", sk.median_absolute_error, "value"),
        Metric("rmse", "lower", _rmse, "value"),
        Metric("mape", "lower", sk.mean_absolute_percentage_error, "value"),
        Metric("r2", "higher", _r2, "value"),
    )
}
"""Metrics that need no code; definitions are those of `sklearn.metrics`."""


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
        raise errors.metric_fails(reference, error, "") from error
    if function is None or not callable(function):
        raise errors.no_metric_function(reference)
    direction = getattr(function, "direction", None)
    if direction not in ("higher", "lower"):
        raise errors.no_direction(reference)
    return Metric(name, direction, _guarded(reference, function), None)


def _guarded(reference: str, function: Callable[..., Any]) -> Function:
    def call(label: Values, prediction: Values) -> float:
        try:
            # Copies: a metric that sorts in place must not change what the next one judges.
            return float(function(label.copy(), prediction.copy()))
        except HeadwayError:
            raise
        except Exception as error:  # the user-code boundary: whatever it raises is named
            raise errors.metric_fails(reference, error, _place(error, function)) from error

    return call


def _place(error: BaseException, function: Callable[..., Any]) -> str:
    """`file:line` of the last step in the function's own folder; empty when there is none."""
    code = getattr(function, "__code__", None)
    home = str(Path(code.co_filename).parent) if code else ""
    own = [
        step for step in traceback.extract_tb(error.__traceback__) if home and step.filename.startswith(home)
    ]
    return f"{Path(own[-1].filename).name}:{own[-1].lineno}" if own else ""


def compute(
    metric: Metric, label: Values, prediction: Values, threshold: float | None = None
) -> float | None:
    """The metric's value; None when it does not apply: no rows, or one class only where it needs both.

    Args:
        metric: What to work out.
        label: Shape (n,).
        prediction: Shape (n,).
        threshold: Probability from which the answer is the positive class; one half without one.
    """
    if len(label) == 0 or (metric.both_classes and len(np.unique(label)) < 2):  # noqa: PLR2004 -- both classes
        return None
    if metric.hard:
        prediction = (prediction >= (ONE_HALF if threshold is None else threshold)).astype(np.float64)
    value = float(metric.function(label, prediction))
    return value if np.isfinite(value) else None
