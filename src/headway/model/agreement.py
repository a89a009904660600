"""Whether two forms of a model say the same, row by row. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping

    from headway.model.inputs import Kind
    from headway.model.predictor import Predictor

PROBABILITY_TOLERANCE = 1e-4
VALUE_TOLERANCE = 1e-5

_SHOWN = 5


class Agreement(Struct, frozen=True, kw_only=True):
    """What a comparison of the native form with the graph found.

    Attributes:
        rows: How many rows were compared.
        flips: Rows on which the two give another label; 0 for values.
        worst: Largest distance: in probability, or relative for values; None when only one form
            gave a number, or another number of classes.
        tolerance: Largest distance allowed.
        ok: No flip, and nothing beyond the tolerance.
        example: `{row, native, graph}` of the worst row when it is not ok.
    """

    rows: int
    flips: int
    worst: float | None
    tolerance: float
    ok: bool
    example: dict[str, Any] | None = None


def compare(  # noqa: D417 -- the two predictors are what the summary names
    native: Predictor,
    graph: Predictor,
    columns: Mapping[str, np.ndarray],
    kind: Kind,
    *,
    threshold: float | None = None,
    positive: int | None = None,
) -> Agreement:
    """Compare the native form with the graph on n rows.

    Values are compared relative to the larger of their own size and the median size of all answers,
    because a value that happens to be near zero has no relative precision.

    Args:
        columns: Input -> (n,) values.
        kind: What they answer.
        threshold: From which probability of the positive class a row is positive; None: the likeliest
            class is the label.
        positive: Index of the positive class.
    """
    expected, given = native.predict(columns), graph.predict(columns)
    tolerance = PROBABILITY_TOLERANCE if kind == "probability" else VALUE_TOLERANCE
    if expected.shape != given.shape:
        example = {"row": 0, "native": f"shape {expected.shape}", "graph": f"shape {given.shape}"}
        return Agreement(
            rows=len(expected), flips=0, worst=None, tolerance=tolerance, ok=False, example=example
        )
    distance = _distance(expected, given)
    if kind == "value":
        far, flipped = distance / _size(expected), np.zeros(len(expected), dtype=bool)
    else:
        far = distance.max(axis=1, initial=0.0)
        flipped = _labels(expected, threshold, positive) != _labels(given, threshold, positive)
    worst = float(far.max(initial=0.0))
    ok = worst <= tolerance and not flipped.any()
    # A flip is the better example: it is the label that a caller acts on.
    row = int(np.lexsort((far, flipped))[-1]) if not ok else 0
    return Agreement(
        rows=len(expected),
        flips=int(flipped.sum()),
        worst=worst if np.isfinite(worst) else None,
        tolerance=tolerance,
        ok=ok,
        example=None if ok else {"row": row, "native": _shown(expected[row]), "graph": _shown(given[row])},
    )


def _distance(expected: np.ndarray, given: np.ndarray) -> np.ndarray:
    """Absolute distance; 0 where both are the same or both missing, infinite where only one is finite."""
    with np.errstate(invalid="ignore"):
        distance = np.abs(expected - given)
    same = (expected == given) | (np.isnan(expected) & np.isnan(given))
    return np.where(same, 0.0, np.where(np.isnan(distance), np.inf, distance))


def _size(expected: np.ndarray) -> np.ndarray:
    finite = np.abs(expected[np.isfinite(expected)])
    typical = float(np.median(finite)) if finite.size else 0.0
    size = np.maximum(np.nan_to_num(np.abs(expected), nan=0.0, posinf=0.0), typical)
    return np.where(size > 0, size, 1.0)


def _labels(probability: np.ndarray, threshold: float | None, positive: int | None) -> np.ndarray:
    if threshold is None or positive is None:
        return probability.argmax(axis=1)
    return probability[:, positive] >= threshold


def _shown(answer: np.ndarray) -> str:
    return np.array2string(np.asarray(answer), precision=9, threshold=_SHOWN)
