"""Numbers and lists in words, for every text that a person reads."""

from __future__ import annotations

import math
from collections.abc import Sequence

_SMALLEST, _LARGEST = 1e-4, 1e15
"""What lies between is read better without an exponent."""


def count(number: int, noun: str) -> str:
    """`1 row`, `26,115 rows`."""
    plural = {"entry": "entries", "library": "libraries", "class": "classes"}.get(noun, noun + "s")
    return f"{number:,} {noun if number == 1 else plural}"


def figure(value: float, digits: int = 4) -> str:
    """A number with the digits that tell: `13,235`, `0.7421`, `12.5`; no exponent where people read without.

    Args:
        value: The number.
        digits: Significant ones; those before the point are never left out.
    """
    if value == 0 or not math.isfinite(value) or not _SMALLEST <= abs(value) < _LARGEST:
        return f"{value:.{digits}g}"
    decimals = max(digits - 1 - math.floor(math.log10(abs(value))), 0)
    text = f"{value:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if decimals else text


def few(names: Sequence[str], shown: int = 5) -> str:
    """`a, b, c and 24 more`: the first names, and how many there are besides."""
    listed = ", ".join(names[:shown])
    return f"{listed} and {len(names) - shown:,} more" if len(names) > shown else listed
