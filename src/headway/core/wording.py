"""Numbers in words, for every text that a person reads."""

from __future__ import annotations


def count(number: int, noun: str) -> str:
    """`1 row`, `26,115 rows`."""
    plural = {"entry": "entries", "library": "libraries"}.get(noun, noun + "s")
    return f"{number:,} {noun if number == 1 else plural}"
