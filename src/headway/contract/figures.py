"""Figures of columns that expectations are judged by: how those of two files become those of both. Pure.

A figure is a JSON value; times and dates are numbers. Those of no value are None, zero or empty.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from headway.spec.contract import ColumnType

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_EARLIEST, _LATEST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
_LARGEST = 2**63

Counts = Sequence[tuple[Any, int]]
"""Values and how often each occurs."""

MOST_COUNTED = 10_000
"""Distinct values of which a state keeps the counts; beyond, what needs them is judged on the whole table."""

OF_ARGUMENTS = ("bins", "quantiles")
"""Figures that depend on an expectation's arguments, and not only on its column."""
NOT_MERGEABLE = ("median", "quantiles")
"""Exact order statistics: no summary of two files gives that of both, so they are taken of the whole table."""


def least(one: Any, other: Any) -> Any:
    """The smaller of two, of which each may be missing."""
    return other if one is None else one if other is None else min(one, other)


def most(one: Any, other: Any) -> Any:
    """The larger of two, of which each may be missing."""
    return other if one is None else one if other is None else max(one, other)


def plain_sum(value: float) -> float | str:
    """A sum as it is kept: whole numbers beyond 64 bits as text."""
    return str(value) if isinstance(value, int) and abs(value) >= _LARGEST else value


def native_sum(value: float | str) -> float:
    """A sum that `plain_sum` gave."""
    return int(value) if isinstance(value, str) else value


def merged_sums(one: float | str, other: float | str) -> float | str:
    """The sum of two parts together; exact for whole numbers."""
    return plain_sum(native_sum(one) + native_sum(other))


def merged_moments(one: Sequence[float] | None, other: Sequence[float] | None) -> tuple[float, ...] | None:
    """Count, mean and sum of squared deviations of two parts together.

    Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances",
    1979, equations 2.1.
    """
    if one is None or other is None:
        return tuple(one or other or ()) or None
    (n, mean, squares), (m, other_mean, other_squares) = one, other
    distance = other_mean - mean
    whole = n + m
    return (
        whole,
        mean + distance * m / whole,
        squares + other_squares + distance * distance * n * m / whole,
    )


def merged_counts(one: Counts | None, other: Counts | None) -> list[tuple[Any, int]] | None:
    """Counts of two parts together; None where either was too many to keep, or both together are."""
    if one is None or other is None:
        return None
    found = dict(one)
    for value, count in other:
        found[value] = found.get(value, 0) + count
    return in_order_of_counts(found.items()) if len(found) <= MOST_COUNTED else None


def in_order_of_counts(counts: Iterable[tuple[Any, int]]) -> list[tuple[Any, int]]:
    """The most common first, and equally common ones by value: one order, whichever way they were counted."""
    return sorted(counts, key=lambda pair: (-pair[1], pair[0]))


def merged_bins(one: Sequence[int], other: Sequence[int]) -> list[int]:
    """Rows in each bin."""
    return [mine + its for mine, its in zip(one, other, strict=True)]


MERGE: Mapping[str, Callable[[Any, Any], Any]] = {
    "present": lambda one, other: one + other,
    "min": least,
    "max": most,
    "sum": merged_sums,
    "moments": merged_moments,
    "counts": merged_counts,
    "bins": merged_bins,
}
"""Figure -> how two become one; `distinct` comes from the keys that a state keeps."""


def divergence(a: Mapping[str, Any], seen: Sequence[Any]) -> float | None:
    """Kullback-Leibler divergence of what was seen from what is expected, in nats; None where nothing was.

    As Great Expectations computes it: `sum(p * log(p / q))` of the shares seen `p` and the weights
    expected `q`, both made to sum up to 1; infinite where something was seen that has no weight.

    Args:
        a: `partition_object` (`values` or `bins`, with `weights`) and the holdouts, which give weight to
            what is outside of it.
        seen: Pairs of a value and its rows; or rows below the first bin, in each bin, and above the last.
    """
    weights = a["partition_object"]["weights"]
    tail, internal = a.get("tail_weight_holdout") or 0.0, a.get("internal_weight_holdout") or 0.0
    if "values" in a["partition_object"]:
        expected = dict(zip(a["partition_object"]["values"], weights, strict=True))
        counts = dict(seen)
        others = [value for value in counts if value not in expected]
        known = [weight * (1 - tail) for weight in expected.values()]
        rows = [counts.get(value, 0) for value in expected] + [counts[value] for value in others]
        return _relative_entropy(rows, known + [tail / len(others) for _ in others])
    inside = [weight * (1 - tail - internal) for weight in weights]
    empty = inside.count(0)
    if internal and empty:
        inside = [weight or internal / empty for weight in inside]
    return _relative_entropy(list(seen), [tail / 2, *inside, tail / 2])


def _relative_entropy(seen: Sequence[float], expected: Sequence[float]) -> float | None:
    all_seen, all_expected = sum(seen), sum(expected)
    if not all_seen or not all_expected:
        return None
    found = 0.0
    for count, weight in zip(seen, expected, strict=True):
        p, q = count / all_seen, weight / all_expected
        if p and not q:
            return math.inf
        if p:
            found += p * math.log(p / q)
    return found


def native(kind: ColumnType, value: Any) -> Any:
    """A figure's value as Python's: times and dates are kept as microseconds and days since 1970, UTC."""
    if value is None or kind not in ("time", "date"):
        return value
    span = timedelta(microseconds=value) if kind == "time" else timedelta(days=value)
    try:
        return _EPOCH + span if kind == "time" else (_EPOCH + span).date()
    except OverflowError:  # a moment that Python's calendar does not hold
        edge = _LATEST if value > 0 else _EARLIEST
        return edge if kind == "time" else edge.date()
