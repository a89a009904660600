"""Numbers and lists in words, for every text that a person reads."""

from __future__ import annotations

from collections.abc import Sequence


def count(number: int, noun: str) -> str:
    """`1 row`, `26,115 rows`."""
    plural = {"entry": "entries", "library": "libraries"}.get(noun, noun + "s")
    return f"{number:,} {noun if number == 1 else plural}"


def few(names: Sequence[str], shown: int = 5) -> str:
    """`a, b, c and 24 more`: the first names, and how many there are besides."""
    listed = ", ".join(names[:shown])
    return f"{listed} and {len(names) - shown:,} more" if len(names) > shown else listed
