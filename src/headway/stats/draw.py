"""Synthetic rows from a profile and a contract: what may come, not only what came. Pure NumPy.

Used to compare two forms of a model where its training rows say nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from headway.spec.contract import Column
    from headway.stats.profile import ColumnProfile, Profile

WIDER = 0.1
"""Share of the observed range by which it is widened at either end."""
LEAST_NULLS = 0.01
"""Least share of nulls where null is allowed."""
UNKNOWN = "\N{WHITE SQUARE} never seen"
"""A text that no training row has."""
_UNIFORM, _OBSERVED = 0.6, 0.35
_EXTREME_TEXTS = 0.05


def draw(profile: Profile, bounds: Mapping[str, Column], n: int, seed: int) -> dict[str, np.ndarray]:
    """Rows drawn column by column, each column on its own.

    Numbers are drawn evenly between the bounds of the contract, or else those observed and a tenth more;
    mixed with observed quantiles, where trees have their thresholds, and with the bounds themselves.
    Texts are drawn evenly from the known ones, with the empty string and an unknown one where the
    contract allows them. Whole numbers stay whole, sets stay sets.

    Args:
        profile: What the features looked like in training.
        bounds: Declarations of those features that are columns of the request.
        n: How many rows.
        seed: The same seed gives the same rows.

    Returns:
        Feature -> n values: float64 (NaN is null) or object (text; null is the empty string).
    """
    random = np.random.default_rng(seed)
    return {
        name: _numbers(column, bounds.get(name), n, random)
        if column.type == "number"
        else _texts(column, bounds.get(name), n, random)
        for name, column in profile.columns.items()
    }


def _numbers(seen: ColumnProfile, column: Column | None, n: int, random: np.random.Generator) -> np.ndarray:
    allowed = _allowed_numbers(column)
    if allowed is not None:
        values = random.choice(allowed, n)
    else:
        low, high = _limits(seen, column)
        share = random.random(n)
        values = low * (1 - share) + high * share  # in this form the range cannot overflow
        kind = random.random(n)
        observed = random.choice(np.array(seen.quantiles or (low, high)), n)
        values = np.where(kind < _UNIFORM, values, observed)
        values = np.where(kind < _UNIFORM + _OBSERVED, values, random.choice([low, high], n))
        whole = column is not None and column.type == "integer"
        values = np.clip(np.rint(values) if whole else values, low, high)
    if column is None or column.nulls:
        values[random.random(n) < max(seen.nulls / max(seen.rows, 1), LEAST_NULLS)] = np.nan
    return values


def _allowed_numbers(column: Column | None) -> np.ndarray | None:
    if column is None:
        return None
    if column.in_ is not None:
        return np.array(column.in_, np.float64)
    return np.array([0.0, 1.0]) if column.type == "boolean" else None


def _limits(seen: ColumnProfile, column: Column | None) -> tuple[float, float]:
    """The contract's bounds; where it has none, those observed and a tenth of their range more."""
    low, high = (column.min, column.max) if column is not None else (None, None)
    if seen.min is None or seen.max is None:  # nothing was observed
        smallest, largest = 0.0, 1.0
    else:
        finite = np.finfo(np.float64)
        wider = WIDER * seen.max - WIDER * seen.min
        smallest, largest = max(seen.min - wider, finite.min), min(seen.max + wider, finite.max)
    found_low = min(smallest, smallest if high is None else float(high)) if low is None else float(low)
    found_high = max(largest, found_low) if high is None else float(high)
    if column is not None and column.type == "integer":
        found_low, found_high = float(np.ceil(found_low)), float(np.floor(found_high))
    return found_low, max(found_low, found_high)


def _texts(seen: ColumnProfile, column: Column | None, n: int, random: np.random.Generator) -> np.ndarray:
    known = [text for text in seen.counts if text] or [UNKNOWN]
    extremes = []
    if column is None or (column.in_ is None and column.matches is None):
        extremes = ["", UNKNOWN]
    elif column.in_ is not None:
        known = cast("list[str]", list(column.in_))
    if column is not None and column.nulls:
        extremes = ["", *(text for text in extremes if text)]
    values = random.choice(np.array(known, object), n)
    if extremes:
        extreme = random.random(n) < _EXTREME_TEXTS
        values[extreme] = random.choice(np.array(extremes, object), int(extreme.sum()))
    return values
