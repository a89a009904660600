"""Values, bounds and sets in the words of a message; every text is bounded."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

SHOWN = 5
"""Values that a list shows."""
LONGEST = 60
"""Characters of a value that are shown."""


def show(value: Any) -> str:
    """A value in a message: text in backticks, booleans as JSON, cut to 60 characters."""
    if isinstance(value, bool):
        return str(value).lower()
    text = value if isinstance(value, str) else value.isoformat() if isinstance(value, date) else repr(value)
    text = text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
    return f"`{text}`" if isinstance(value, str) else text


def limit(bound: Any) -> str:
    """A bound in a message: whole numbers without a decimal point."""
    is_whole = isinstance(bound, float) and bound.is_integer() and abs(bound) <= 2**53
    return show(int(bound) if is_whole else bound)


def between(a: Mapping[str, Any]) -> str:
    """Bounds in words: `between 0 and 5000`, `above 0`, `at most 1`."""
    low, high = a.get("min_value"), a.get("max_value")
    strict_low, strict_high = a.get("strict_min"), a.get("strict_max")
    if low is not None and high is not None and not (strict_low or strict_high):
        return f"between {limit(low)} and {limit(high)}"
    sides = []
    if low is not None:
        sides.append(f"{'above' if strict_low else 'at least'} {limit(low)}")
    if high is not None:
        sides.append(f"{'below' if strict_high else 'at most'} {limit(high)}")
    return " and ".join(sides)


def one_of(values: Sequence[Any]) -> str:
    """A set in words, its first five values."""
    return f"one of {listed(values)}"


def listed(values: Sequence[Any]) -> str:
    """Values in words, the first five."""
    more = f" and {len(values) - SHOWN} more" if len(values) > SHOWN else ""
    return ", ".join(show(value) for value in values[:SHOWN]) + more


def as_json(value: Any) -> Any:
    """A value as JSON can hold it, for reports: dates and infinity as text, text cut to 60 characters."""
    if value is None or isinstance(value, bool | int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    if isinstance(value, list | tuple):
        return [as_json(item) for item in value[:SHOWN]]
    return show(value).strip("`")
