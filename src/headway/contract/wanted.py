"""What a field of a request takes, in words: type, bounds, set, pattern, null. Light."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from headway.contract.words import between, listed, show

if TYPE_CHECKING:
    from collections.abc import Sequence

    from headway.contract.rules import Rules

_TYPES = {
    "integer": "an integer",
    "number": "a number",
    "text": "text",
    "boolean": "`true` or `false`",
    "time": "a time with its offset, such as `2026-01-31T12:00:00Z`",
    "date": "a date, such as `2026-01-31`",
}


def takes(name: str, rules: Rules) -> str:
    """What a field takes: `stops` takes an integer between 1 and 30, or null."""
    if rules.allowed is not None and rules.mapped is None:
        words = f"one of {listed(rules.allowed)}" if len(rules.allowed) > 1 else listed(rules.allowed)
    else:
        bounds = between({"min_value": rules.low, "max_value": rules.high})
        pattern = f"that matches {rules.pattern.words}" if rules.pattern is not None else ""
        words = ", ".join(filter(None, (" ".join(filter(None, (_TYPES[rules.type], pattern))), bounds)))
    null = ", or null" if rules.nulls else ""
    default = f"; left out it is {show(rules.default)}" if rules.default is not None else ""
    return f"`{name}` takes {words}{null}{default}"


def nearest(name: str, known: Sequence[str]) -> str:
    """The name that was meant, whatever its letters' case; empty when none is near."""
    folded = {item.casefold(): item for item in reversed(known)}
    near = difflib.get_close_matches(name.casefold(), folded, n=1)
    return folded[near[0]] if near else ""
