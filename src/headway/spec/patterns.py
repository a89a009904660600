r"""Regular expressions in bounded time: Python's dialect, read once, and said again for an engine that never backtracks.

Contracts speak Python's dialect, and strangers send the text. Python's own engine takes quadratic time for
`[a-z]+@[a-z]+` on letters only, and time without end for `^(a+)+$` on forty of them, while it holds the interpreter.
So a pattern is translated to RE2's dialect wherever that can say the same: `\d`, `\w` and `\s` as the Unicode classes
that they are in Python, `$` with the last newline that it allows, letters of any case with the few strangers that
Python takes for them (`K` is also the sign of Kelvin). What RE2 cannot say (look-around, back-references, `\b` of
Unicode) stays with Python, on short text only, and only where backtracking is bounded there. This module only reads;
`headway.contract.patterns` searches.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Sequence
from re import _constants as sre  # ty: ignore[import-not-found]  -- the one reader of Python's dialect
from re import _parser as parser  # ty: ignore[import-not-found]
from typing import Any, NamedTuple

LONGEST = 1000
"""Characters of the longest text in which a pattern is searched by backtracking."""
MOST_STEPS = 10_000_000
"""Backtracking that such a text may cost at worst: some tens of milliseconds."""

_FEW_STEPS = 10_000
_LARGEST = 60_000
"""Size of the largest pattern that is translated, in letters; a class of Unicode counts as a few hundred."""
_MOST_COUNTED = 1000
_UNICODE = 300
_MOST_FOLLOWING = 512
_MOST_MULTIPLIED = 10
_ASCII = 128
_HALVES = range(0xD800, 0xE000)
"""Halves of letters, which UTF-8 does not have."""

_SPACES = r"\t-\r\x1c-\x20\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}"
_CLASSES = {
    sre.CATEGORY_DIGIT: (r"\p{Nd}", "0-9"),
    sre.CATEGORY_SPACE: (_SPACES, r"\t-\r\x20"),
    sre.CATEGORY_WORD: (r"\p{L}\p{N}_", "A-Za-z0-9_"),
}
_OPPOSITES = {
    sre.CATEGORY_NOT_DIGIT: sre.CATEGORY_DIGIT,
    sre.CATEGORY_NOT_SPACE: sre.CATEGORY_SPACE,
    sre.CATEGORY_NOT_WORD: sre.CATEGORY_WORD,
}
_ALSO = {"i": "\u0130\u0131", "k": "\u212a", "s": "\u017f"}
"""What Python takes for these letters, besides their two cases, where case is ignored."""

_REPEATS = (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT)
_ONE = (sre.LITERAL, sre.NOT_LITERAL, sre.ANY, sre.IN)
_STARTS = ([(sre.AT, sre.AT_BEGINNING)], [(sre.AT, sre.AT_BEGINNING_STRING)])
_LOOKS = (sre.ASSERT, sre.ASSERT_NOT)


class Examined(NamedTuple):
    """How a pattern is searched.

    Attributes:
        linear: The same pattern for RE2; None where that cannot say it.
        steps: What Python may try at worst on a text of `LONGEST` characters.
    """

    linear: str | None
    steps: float

    @property
    def is_bounded(self) -> bool:
        """Whether no text can make it take long."""
        return self.linear is not None or self.steps <= MOST_STEPS

    @property
    def is_quick(self) -> bool:
        """Whether Python's engine is done at once with texts of up to `LONGEST` characters."""
        return self.steps <= _FEW_STEPS


def examine(pattern: str) -> Examined:
    """How a pattern is searched so that no text can stop whoever does it.

    Args:
        pattern: In Python's dialect.

    Raises:
        ValueError: It is no regular expression, in words; or it warns of what it will mean one day.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            re.compile(pattern)
            return _examined(parser.parse(pattern))
    except (re.error, OverflowError, RecursionError, Warning) as error:
        raise ValueError(str(error)) from error


def _examined(tree: Any) -> Examined:
    flags, items = tree.state.flags, list(tree)
    is_anchored = items[:1] in _STARTS and not flags & re.MULTILINE
    try:
        steps = _effort(items, flags, _NOTHING).steps * (1 if is_anchored else LONGEST)
    except RecursionError:  # it is longer than anyone can say what it costs
        steps = float("inf")
    try:
        return Examined(_Translation().sequence(items, flags, is_last=True), steps)
    except _CannotSayError:
        return Examined(None, steps)


# -- the same for RE2 ------------------------------------------------------------------------------


class _CannotSayError(Exception):
    """RE2 has no words for a part, or would need too many."""


class _Translation:
    """Translates one pattern; counts how large it grows."""

    def __init__(self) -> None:
        self.size = 0
        self.times = 1

    def sequence(self, items: Sequence[Any], flags: int, *, is_last: bool) -> str:
        """Parts that follow each other; what stands last may look at the end of the text."""
        places = range(len(items))
        return "".join(self._part(*items[at], flags, is_last and at == places[-1]) for at in places)

    def _part(self, op: Any, value: Any, flags: int, is_last: bool) -> str:  # noqa: FBT001 -- passed on by place
        if op in _ONE:
            return self._one(op, value, flags)
        if op in (sre.MAX_REPEAT, sre.MIN_REPEAT):
            return self._repeat(*value, flags)
        if op is sre.SUBPATTERN:
            _, add, drop, inner = value
            return f"(?:{self.sequence(list(inner), (flags | add) & ~drop, is_last=is_last)})"
        if op is sre.BRANCH:
            ways = [self.sequence(list(way), flags, is_last=is_last) for way in value[1]]
            return f"(?:{'|'.join(ways)})"
        if op is sre.AT:
            return _place(value, flags, is_last)
        raise _CannotSayError

    def _repeat(self, least: int, most: Any, inner: Any, flags: int) -> str:
        is_open = most is sre.MAXREPEAT
        largest = max(least, 1) if is_open else int(most)
        if largest > _MOST_COUNTED:
            raise _CannotSayError
        before, self.times = self.times, self.times * max(largest, 1)
        said = self.sequence(list(inner), flags, is_last=False)
        self.times = before
        return f"(?:{said}){{{least},{'' if is_open else largest}}}"

    def _one(self, op: Any, value: Any, flags: int) -> str:
        """One character, as a class."""
        if op is sre.ANY:
            self._grow(2)
            return "(?s:.)" if flags & re.DOTALL else r"[^\n]"
        if op is not sre.IN:
            self._grow(1)
            return f"[{'^' if op is sre.NOT_LITERAL else ''}{_letter(value, flags)}]"
        is_negated = value[0][0] is sre.NEGATE
        items = value[1:] if is_negated else value
        opposites = [found for kind, found in items if kind is sre.CATEGORY and found in _OPPOSITES]
        members = "".join(self._member(*item, flags) for item in items if item[1] not in opposites)
        others = [self._member(sre.CATEGORY, _OPPOSITES[found], flags) for found in opposites]
        if not is_negated:
            classes = [*([f"[{members}]"] if members else []), *(f"[^{other}]" for other in others)]
            return classes[0] if len(classes) == 1 else f"(?:{'|'.join(classes)})"
        if others:
            if members or len(others) > 1:
                raise _CannotSayError  # there is no "and" between classes
            return f"[{others[0]}]"
        return f"[^{members}]"

    def _member(self, op: Any, value: Any, flags: int) -> str:
        self._grow(_UNICODE if op is sre.CATEGORY else 1)
        if op is sre.LITERAL:
            return _letter(value, flags)
        if op is sre.RANGE and not flags & re.IGNORECASE:
            return f"{_letter(value[0], flags)}-{_letter(value[1], flags)}"
        if op is sre.RANGE and value[1] < _ASCII:
            return "".join(_letter(code, flags) for code in range(value[0], value[1] + 1))
        if op is sre.CATEGORY and value in _CLASSES:
            return _CLASSES[value][bool(flags & re.ASCII)]
        raise _CannotSayError

    def _grow(self, size: int) -> None:
        self.size += size * self.times
        if self.size > _LARGEST:
            raise _CannotSayError


def _letter(code: int, flags: int) -> str:
    """A letter as a member of a class, with those that count as it."""
    same = {code}
    if flags & re.IGNORECASE:
        if code >= _ASCII:
            raise _CannotSayError
        small = chr(code).lower()
        strange = "" if flags & re.ASCII else _ALSO.get(small, "")
        same = {ord(one) for one in (small, small.upper(), *strange)}
    if any(one in _HALVES for one in same):
        raise _CannotSayError
    return "".join(f"\\x{{{one:x}}}" for one in sorted(same))


def _place(at: Any, flags: int, is_last: bool) -> str:  # noqa: FBT001 -- passed on by place
    is_each = flags & re.MULTILINE
    if at is sre.AT_BEGINNING_STRING or (at is sre.AT_BEGINNING and not is_each):
        return r"\A"
    if at is sre.AT_BEGINNING:
        return "(?m:^)"
    if at is sre.AT_END and is_each:
        return "(?m:$)"
    if at is sre.AT_END and is_last:
        return r"\n?\z"  # it takes the newline that Python only looks at, so nothing may follow
    if at is sre.AT_END_STRING:
        return r"\z"
    if at is sre.AT_BOUNDARY and flags & re.ASCII:
        return r"\b"
    raise _CannotSayError


# -- how long Python may try -----------------------------------------------------------------------


class _Effort(NamedTuple):
    """What a part costs from one place of the text on, at worst.

    Attributes:
        ways: In how many ways it may match; what follows is tried after each of them.
        steps: What trying all of them takes.
    """

    ways: float = 1.0
    steps: float = 1.0

    def then(self, other: _Effort) -> _Effort:
        return _Effort(self.ways * other.ways, self.steps + self.ways * other.steps)

    def once(self) -> _Effort:
        """Of a part that is never entered again once it has matched."""
        return self._replace(ways=1.0)


_NEVER = _Effort(float("inf"), float("inf"))
_NOTHING: frozenset[int] = frozenset()


def _effort(items: Sequence[Any], flags: int, after: frozenset[int] | None) -> _Effort:
    """What a sequence costs; see `_of_repeat` for what makes it much.

    Args:
        items: The parts.
        flags: Python's.
        after: Letters that may follow the sequence, none where the search ends with it; None where they
            are not known.
    """
    total = _Effort()
    for at, (op, value) in enumerate(items):
        following = _first(items[at + 1 :], flags, after)
        if op in _REPEATS:
            total = total.then(_of_repeat(*value, flags, following))
        elif op is sre.SUBPATTERN:
            _, add, drop, part = value
            total = total.then(_effort(list(part), (flags | add) & ~drop, following))
        elif op in _LOOKS:
            total = total.then(_effort(list(value[1]), flags, _NOTHING).once())
        elif op is sre.ATOMIC_GROUP:
            total = total.then(_effort(list(value), flags, _NOTHING).once())
        elif op in (sre.BRANCH, sre.GROUPREF_EXISTS):
            efforts = [_effort(list(way), flags, following) for way in _branches(op, value)]
            total = total.then(_Effort(sum(one.ways for one in efforts), sum(one.steps for one in efforts)))
        elif op is sre.GROUPREF:
            total = total.then(_Effort(1.0, LONGEST))
    return total


def _branches(op: Any, value: Any) -> Sequence[Any]:
    return value[1] if op is sre.BRANCH else [way for way in value[1:] if way is not None]


def _of_repeat(least: int, most: Any, inner: Any, flags: int, following: frozenset[int] | None) -> _Effort:
    """A repetition whose end the next letter decides (`[^@]+@`) matches in one way, another in one per length.

    Where what is repeated matches in several ways itself, they multiply with every time: no bound holds.
    """
    items = list(inner)
    most = LONGEST if most is sre.MAXREPEAT else min(int(most), LONGEST)
    first = _first(items, flags, None)
    again = first if most > 1 else _NOTHING
    each = _effort(items, flags, None if again is None or following is None else again | following)
    if each.ways > 1 and (most > _MOST_MULTIPLIED or each.ways > MOST_STEPS):
        return _NEVER
    ways = each.ways**most
    if len(items) == 1 and items[0][0] in _ONE and following is not None:
        is_decided = not _takes(items[0], flags, following)
    else:
        is_decided = first is not None and following is not None and not first & following
    lengths = 1 if is_decided else most - min(least, most) + 1
    # What matches in one way takes each letter once, however often it is repeated.
    steps = each.steps * max(most, 1) if ways > 1 or _looks(items) else each.steps + most
    return _Effort(ways * lengths, ways * steps)


def _looks(part: Any) -> bool:
    """Whether anything in a part looks at letters that it does not take."""
    if isinstance(part, list | tuple | parser.SubPattern):
        return any(map(_looks, part))
    return any(part is look for look in _LOOKS)


def _first(items: Sequence[Any], flags: int, after: frozenset[int] | None) -> frozenset[int] | None:
    """The letters that a sequence may begin with; None where they are many, or not known."""
    if not items:
        return after
    op, value = items[0]
    if flags & re.IGNORECASE:
        return None
    if op is sre.LITERAL:
        return frozenset((value,))
    if op is sre.IN and all(kind in (sre.LITERAL, sre.RANGE) for kind, _ in value):
        return _listed(value)
    if op is sre.SUBPATTERN and not value[1] and not value[2]:
        return _first([*value[3], *items[1:]], flags, after)
    if op in _REPEATS:
        first = _first(list(value[2]), flags, None)
        then = _first(items[1:], flags, after) if value[0] == 0 else _NOTHING
        return None if first is None or then is None else first | then
    if op is sre.AT and value in (sre.AT_END, sre.AT_END_STRING):
        return frozenset((ord("\n"),)) if value is sre.AT_END else _NOTHING
    return None


def _listed(members: Sequence[Any]) -> frozenset[int] | None:
    ranges = [(found, found) if kind is sre.LITERAL else found for kind, found in members]
    if sum(high - low + 1 for low, high in ranges) > _MOST_FOLLOWING:
        return None
    return frozenset(_codes(ranges))


def _codes(ranges: Sequence[tuple[int, int]]) -> Iterator[int]:
    for low, high in ranges:
        yield from range(low, high + 1)


def _takes(item: Any, flags: int, letters: frozenset[int]) -> bool:
    """Whether a part of one character can be one of some letters; yes where that is hard to tell."""
    if flags & (re.IGNORECASE | re.ASCII) or item[0] is sre.ANY:
        return True
    op, value = item
    if op is sre.LITERAL:
        return value in letters
    if op is sre.NOT_LITERAL:
        return letters != {value}
    is_negated, members = value[0][0] is sre.NEGATE, [one for one in value if one[0] is not sre.NEGATE]
    known = frozenset().union(*(_members(kind, found, letters) for kind, found in members))
    return bool(letters - known if is_negated else letters & known)


_IN_CLASS = {
    sre.CATEGORY_DIGIT: str.isdecimal,
    sre.CATEGORY_SPACE: str.isspace,
    sre.CATEGORY_WORD: lambda letter: letter.isalnum() or letter == "_",
}


def _members(kind: Any, found: Any, letters: frozenset[int]) -> frozenset[int]:
    """Which of some letters a member of a class is."""
    if kind is sre.LITERAL:
        return letters & {found}
    if kind is sre.RANGE:
        return frozenset(one for one in letters if found[0] <= one <= found[1])
    opposite = _OPPOSITES.get(found)
    fits = _IN_CLASS[opposite or found]
    return frozenset(one for one in letters if fits(chr(one)) == (opposite is None))
