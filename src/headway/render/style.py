"""Colour and alignment for terminals; meaning never rests on colour alone.

Plain strings, because the no-op path prints through here: rich is loaded only for progress.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TextIO

from headway.errors.masking import visible

CODES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "blue": "34", "cyan": "36"}


def is_colourful(stream: TextIO) -> bool:
    """Whether a stream takes colour: a terminal, without `NO_COLOR` (https://no-color.org)."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return stream.isatty() or bool(os.environ.get("FORCE_COLOR"))


class Style:
    """Wraps words in colour, or leaves them as they are."""

    def __init__(self, colourful: bool) -> None:  # noqa: FBT001 -- the only argument, named by the class
        self.colourful = colourful

    def __call__(self, text: str, *names: str) -> str:
        """`text` in the named colours."""
        if not self.colourful or not text:
            return text
        return f"\x1b[{';'.join(CODES[name] for name in names)}m{text}\x1b[0m"


PLAIN = Style(colourful=False)


def table(rows: Sequence[Sequence[str]], indent: str = "  ") -> list[str]:
    """Lines with columns aligned by their widest cell; the last column is not padded."""
    if not rows:
        return []
    rows = [[visible(cell, coloured=True) for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        (indent + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))).rstrip()
        for row in rows
    ]


def seconds(value: float) -> str:
    """A time span for people: `0.4 ms`, `38 ms`, `2.4 s`, `3 min 5 s`."""
    minute = 60
    if value < 0.01:  # noqa: PLR2004 -- below ten milliseconds a decimal tells
        return f"{value * 1000:.1f} ms"
    if value < 1:
        return f"{value * 1000:.0f} ms"
    if value < minute:
        return f"{value:.1f} s"
    return f"{int(value // minute)} min {int(value % minute)} s"


def clip(text: str, width: int = 60) -> str:
    """At most `width` characters, with an ellipsis where something was left out."""
    flat = " ".join(text.split())
    return flat if len(flat) <= width else flat[: width - 1] + "…"
