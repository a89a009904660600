"""What columns of features looked like, as a reference that fits in a bundle and holds no row. Pure NumPy."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Literal

import msgspec
import numpy as np
from msgspec import Struct, field, structs

if TYPE_CHECKING:
    from collections.abc import Mapping

QUANTILES = 1024
"""Points of the quantile grid, from the smallest value to the largest."""
CATEGORIES = 1000
"""Texts that are counted by name; all others are counted together."""
_HUGE = 1e100
_LEVELS = np.linspace(0.0, 1.0, QUANTILES)


class ColumnProfile(Struct, frozen=True, kw_only=True):
    """One column.

    Attributes:
        rows: How many values there are, nulls included.
        nulls: How many of them are null (NaN of a number, None of a text).
        min: Smallest number; None, like the other figures of numbers, for text and where all are null.
        stdev: Standard deviation of the population (divided by n).
        quantiles: Values at 1,024 evenly spaced levels from 0 to 1, interpolated linearly (Hyndman and
            Fan 1996, definition 7).
        counts: Text -> how often it occurs: the 1,000 most frequent, ties in the order of the text.
        other: How often any other text occurs.
    """

    name: str
    type: Literal["number", "text"]
    rows: int
    nulls: int
    min: float | None = None
    max: float | None = None
    mean: float | None = None
    stdev: float | None = None
    quantiles: tuple[float, ...] = ()
    counts: dict[str, int] = field(default_factory=dict)
    other: int = 0


class Profile(Struct, frozen=True, kw_only=True):
    """Columns by name, in order; JSON by `encode` and `decode`."""

    columns: dict[str, ColumnProfile]


def profile(columns: Mapping[str, np.ndarray]) -> Profile:
    """The profile of columns; equal columns give equal profiles.

    Args:
        columns: Name -> n values, float64 (NaN is null) or object (text, None is null).

    Raises:
        ValueError: A number is infinite; features never are.
    """
    return Profile(columns={name: _column(name, values) for name, values in columns.items()})


def encode(found: Profile) -> bytes:
    """JSON bytes; a profile encodes to the same bytes always."""
    return msgspec.json.encode(found)


def decode(data: bytes) -> Profile:
    """The profile that `encode` wrote.

    Raises:
        msgspec.DecodeError: The bytes are no profile.
    """
    return msgspec.json.decode(data, type=Profile)


def _column(name: str, values: np.ndarray) -> ColumnProfile:
    return _text(name, values) if values.dtype.kind == "O" else _number(name, values.astype(np.float64))


def _number(name: str, values: np.ndarray) -> ColumnProfile:
    known = np.sort(values[~np.isnan(values)])
    found = ColumnProfile(name=name, type="number", rows=len(values), nulls=len(values) - len(known))
    if not len(known):
        return found
    low, high = float(known[0]), float(known[-1])
    if not math.isfinite(low) or not math.isfinite(high):
        raise ValueError(f"column {name!r} holds infinite values")
    # Scaled by a power of two, which is exact, so that sums and squares of huge numbers do not overflow.
    largest = max(-low, high)
    scale = math.ldexp(1.0, math.frexp(largest)[1] - 1) if largest > _HUGE else 1.0
    scaled = known / scale
    return structs.replace(
        found,
        min=low,
        max=high,
        mean=float(scaled.mean()) * scale,
        stdev=float(scaled.std()) * scale,
        quantiles=tuple((np.quantile(scaled, _LEVELS) * scale).tolist()),
    )


def _text(name: str, values: np.ndarray) -> ColumnProfile:
    counted = Counter(values.tolist())
    nulls = counted.pop(None, 0)
    ranked = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    return ColumnProfile(
        name=name,
        type="text",
        rows=len(values),
        nulls=nulls,
        counts=dict(ranked[:CATEGORIES]),
        other=sum(count for _, count in ranked[CATEGORIES:]),
    )
