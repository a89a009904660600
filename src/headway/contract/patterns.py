"""Searches regular expressions in text that strangers send, in time that grows with its length and no faster. Light.

Both compilers of a contract ask here, so that a pattern means the same in tables and in requests. RE2 (`google-re2`:
Google's own engine, 0.6 MB, 3 ms to load, some 3 µs a value) searches whatever it can say, but for short text and
patterns with which Python is quicker, whatever the text; see `headway.spec.patterns`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import re2

from headway.contract.words import show
from headway.spec.patterns import LONGEST, Examined, examine

if TYPE_CHECKING:
    from collections.abc import Callable

_MEMORY = 64 << 20
"""Bytes that one pattern may take; without the memory RE2 goes on, slower."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A regular expression, ready to be searched; made by `compile_pattern`.

    Attributes:
        pattern: As the contract writes it.
        longest: Characters of the longest text that it judges; None where any will do.
    """

    pattern: str
    longest: int | None
    _found: Callable[[str], bool]

    def judges(self, text: str) -> bool:
        """Whether a text is short enough to be searched; one that is not is refused, whatever is asked."""
        return self.longest is None or len(text) <= self.longest

    @property
    def words(self) -> str:
        """What is searched, and in how long a text."""
        most = "" if self.longest is None else f" and has at most {self.longest:,} characters"
        return f"{show(self.pattern)}{most}"

    def fits(self, text: str) -> bool:
        """Whether it occurs in a text that it judges."""
        return self.judges(text) and self._found(text)

    def avoids(self, text: str) -> bool:
        """Whether it does not occur in a text that it judges."""
        return self.judges(text) and not self._found(text)


@lru_cache(maxsize=256)
def compile_pattern(pattern: str) -> Pattern:
    """A pattern that no text can keep busy.

    Args:
        pattern: In Python's dialect.

    Raises:
        ValueError: It is no regular expression, or some text would keep it busy without end.
    """
    examined = examine(pattern)
    if examined.linear is not None:
        return Pattern(pattern, None, _either(pattern, examined))
    if not examined.is_bounded:
        raise ValueError("a short text could keep it busy without end")
    found = re.compile(pattern).search
    return Pattern(pattern, LONGEST, lambda text: found(text) is not None)


def _either(pattern: str, examined: Examined) -> Callable[[str], bool]:
    """Python's engine where it is quick whatever the text is, since it is several times nearer than RE2."""
    linear = _linear(examined.linear or "")
    if not examined.is_quick:
        return linear
    search = re.compile(pattern).search
    return lambda text: search(text) is not None if len(text) <= LONGEST else linear(text)


def _linear(pattern: str) -> Callable[[str], bool]:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY
    search = re2.compile(pattern, options).search

    def found(text: str) -> bool:
        # Half of a letter is in no alphabet; Python strings can have one, JSON and tables cannot.
        return search(text.encode("utf-8", "replace")) is not None

    return found
