"""Metrics by name, each with its direction said once; built in from scikit-learn, or the product's own."""

from __future__ import annotations

import math
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from sklearn import metrics as sk

from headway.errors import HeadwayError
from headway.errors import evidence as errors

if TYPE_CHECKING:
    from headway.evidence.report import Direction
    from headway.model.inputs import Kind

Resolve = Callable[[str], Callable[..., Any]]
"""Finds the function that a reference `module:function` names."""

DIRECTIONS: tuple[Direction, ...] = ("higher", "lower")


class Metric(NamedTuple):
    """One figure about labels and predictions.

    Attributes:
        name: As gates name it; of a metric `module:function` the function's name.
        direction: Which way is better.
        function: (labels (n,), predictions (n,)) -> figure; NaN where it says nothing. Labels are 0
            or 1 (1 is the positive class) and predictions its probability, or both are values.
        needs_both_classes: Whether it says nothing about rows of one class.
    """

    name: str
    direction: Direction
    function: Callable[[np.ndarray, np.ndarray], float]
    needs_both_classes: bool = False

    def measure(self, label: np.ndarray, prediction: np.ndarray) -> float | None:
        """The figure of n rows; None where it says nothing."""
        if not label.size or (self.needs_both_classes and label.min() == label.max()):
            return None
        figure = self.function(label, prediction)
        return figure if math.isfinite(figure) else None

    def is_better(self, figure: float, than: float) -> bool:
        """Whether one figure is strictly better than another."""
        return figure > than if self.direction == "higher" else figure < than


class _BuiltIn(NamedTuple):
    """A metric of scikit-learn, and what it is given: probabilities, labels at the threshold, or values."""

    direction: Direction
    given: Literal["probability", "label", "value"]
    function: Callable[[np.ndarray, np.ndarray], Any]
    needs_both_classes: bool = False


def _log_loss(label: np.ndarray, probability: np.ndarray) -> Any:
    return sk.log_loss(label, probability, labels=[0, 1])


def _precision(label: np.ndarray, predicted: np.ndarray) -> Any:
    return sk.precision_score(label, predicted, zero_division=np.nan)


def _recall(label: np.ndarray, predicted: np.ndarray) -> Any:
    return sk.recall_score(label, predicted, zero_division=np.nan)


def _f1(label: np.ndarray, predicted: np.ndarray) -> Any:
    return sk.f1_score(label, predicted, zero_division=np.nan)


def _r2(label: np.ndarray, value: np.ndarray) -> Any:
    return sk.r2_score(label, value) if len(label) > 1 else math.nan


BUILT_IN: dict[str, _BuiltIn] = {
    "roc_auc": _BuiltIn("higher", "probability", sk.roc_auc_score, needs_both_classes=True),
    "average_precision": _BuiltIn(
        "higher", "probability", sk.average_precision_score, needs_both_classes=True
    ),
    "log_loss": _BuiltIn("lower", "probability", _log_loss, needs_both_classes=True),
    "brier": _BuiltIn("lower", "probability", sk.brier_score_loss, needs_both_classes=True),
    "accuracy": _BuiltIn("higher", "label", sk.accuracy_score),
    "precision": _BuiltIn("higher", "label", _precision),
    "recall": _BuiltIn("higher", "label", _recall),
    "f1": _BuiltIn("higher", "label", _f1),
    "mae": _BuiltIn("lower", "value", sk.mean_absolute_error),
    "rmse": _BuiltIn("lower", "value", sk.root_mean_squared_error),
    "mape": _BuiltIn("lower", "value", sk.mean_absolute_percentage_error),
    "median_absolute_error": _BuiltIn("lower", "value", sk.median_absolute_error),
    "r2": _BuiltIn("higher", "value", _r2),
}
"""Every built-in metric; definitions are those of `sklearn.metrics`."""


def find_metric(reference: str, kind: Kind, threshold: float | None, *, resolve: Resolve) -> Metric:
    """The metric that a name or `module:function` means.

    Args:
        reference: As declared.
        kind: What the model answers.
        threshold: From which probability a row counts as positive (inclusive).
        resolve: Finds a function of the product.

    Raises:
        SpecError: There is no such metric, it judges another kind of answer, or it needs a threshold.
        UserCodeError: The product's metric does not say its direction.
    """
    if ":" in reference:
        return _own(reference, resolve)
    found = BUILT_IN.get(reference)
    if found is None:
        raise errors.unknown_metric(reference, sorted(BUILT_IN))
    if (found.given == "value") != (kind == "value"):
        fitting = [name for name, item in BUILT_IN.items() if (item.given == "value") == (kind == "value")]
        raise errors.metric_does_not_fit(reference, kind, fitting)
    function = found.function
    if found.given == "label":
        if threshold is None:
            raise errors.metric_needs_a_threshold(reference)
        function = _at_threshold(function, threshold)
    return Metric(reference, found.direction, _as_float(function), found.needs_both_classes)


def find_metrics(
    references: tuple[str, ...], kind: Kind, threshold: float | None, *, resolve: Resolve
) -> tuple[Metric, ...]:
    """Every declared metric, in order; see `find_metric`.

    Raises:
        SpecError: As `find_metric`; or two metrics have one name.
        UserCodeError: As `find_metric`.
    """
    found: dict[str, Metric] = {}
    for reference in references:
        metric = find_metric(reference, kind, threshold, resolve=resolve)
        if metric.name in found:
            raise errors.two_metrics_of_one_name(metric.name, reference)
        found[metric.name] = metric
    return tuple(found.values())


def _at_threshold(
    function: Callable[[np.ndarray, np.ndarray], Any], threshold: float
) -> Callable[[np.ndarray, np.ndarray], Any]:
    def judged(label: np.ndarray, probability: np.ndarray) -> Any:
        return function(label, (probability >= threshold).astype(np.int64))

    return judged


def _as_float(function: Callable[[np.ndarray, np.ndarray], Any]) -> Callable[[np.ndarray, np.ndarray], float]:
    def figure(label: np.ndarray, prediction: np.ndarray) -> float:
        return float(function(label, prediction))

    return figure


def _own(reference: str, resolve: Resolve) -> Metric:
    """A metric of the product, called inside the boundary to its code."""
    function = resolve(reference)
    direction = getattr(function, "direction", None)
    if direction not in DIRECTIONS:
        raise errors.metric_without_direction(reference, direction)

    def figure(label: np.ndarray, prediction: np.ndarray) -> float:
        try:
            found = function(label.copy(), prediction.copy())
        except HeadwayError:
            raise
        except Exception as error:  # the user-code boundary: whatever it raises is named
            raise errors.metric_failed(reference, _place(error, function), error) from error
        try:
            return float(found)
        except (TypeError, ValueError) as error:
            raise errors.metric_is_no_number(reference, type(found).__name__) from error

    return Metric(reference.rpartition(":")[2], direction, figure)


def _place(error: BaseException, function: Callable[..., Any]) -> str:
    """`file:line` of the last step in the function's own folder, else of the last step at all."""
    steps = traceback.extract_tb(error.__traceback__)
    code = getattr(function, "__code__", None)
    home = str(Path(code.co_filename).parent) if code else ""
    own = [step for step in steps if home and step.filename.startswith(home)]
    step = (own or list(steps))[-1]
    return f"{Path(step.filename).name}:{step.lineno}"
