r"""What texts look like: shapes that have a name (e-mail addresses, dates), and shapes that they merely share.

A shape is guessed from some values, and holds only when it is found in all of them; patterns keep to the
part of regular expressions that `headway.contract.dialect` reads alike in Python and in Polars.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from headway.contract.patterns import compile_pattern


class Shape(NamedTuple):
    """How texts are written.

    Attributes:
        name: In words (`e-mail addresses`); empty for one that has no name.
        pattern: Regular expression that all of them match, from start to end.
        is_key: Whether such texts name things, so that each may be expected once.
        is_personal: Whether they tell of a person.
    """

    name: str
    pattern: str
    is_key: bool = False
    is_personal: bool = False


NAMED = (
    Shape(
        "UUIDs",
        "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$",
        is_key=True,
    ),
    Shape("e-mail addresses", r"^[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}$", is_personal=True),
    Shape("dates", r"^\d{4}-\d{2}-\d{2}$"),
    Shape("times", r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?$"),
    Shape("IPv4 addresses", r"^\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}$", is_personal=True),
    Shape("IBANs", r"^[A-Z]{2}\d{2}[A-Z0-9]{11,30}$", is_personal=True),
    Shape("web addresses", r"^https?://[A-Za-z0-9.-]+"),
)
"""Shapes that have a name, the narrowest first."""

_FEWEST = 20
"""Values below which a shape may be shared by chance."""
_LONGEST = 64
_LETTERS, _CAPITALS, _DIGITS = "[a-z]", "[A-Z]", "[0-9]"
_MARKS = " .-_/:@#,;+()"


def guessed(values: Sequence[str]) -> Iterator[Shape]:
    """Shapes that all of some texts have, the narrowest first; to be proven on the others.

    Args:
        values: Texts, one at least.
    """
    if len(values) < _FEWEST:
        return
    for shape in NAMED:
        if _fits(shape.pattern, values):
            yield shape
    if max(map(len, values)) > _LONGEST:
        return
    yield from (Shape("", pattern) for pattern in _shared(values))


def _fits(pattern: str, values: Sequence[str]) -> bool:
    fits = compile_pattern(pattern).fits
    return all(map(fits, values))


def _shared(values: Sequence[str]) -> Iterator[str]:
    """A pattern of equal lengths (`^[A-Z]{2}[0-9]{6}$`), and one of any (`^[a-z]+-[0-9]+$`)."""
    masks = {_mask(value) for value in values}
    if None in masks:
        return
    known = [mask for mask in masks if mask]
    if len(masks) == len(known) == 1:
        yield _pattern(known[0], exact=True)
    runs = {tuple(kind for kind, _ in mask) for mask in known}
    # Words of any length say nothing; words with digits or marks between them do.
    if len(masks) == len(known) and len(runs) == 1 and set(next(iter(runs))) - {_LETTERS, _CAPITALS}:
        yield _pattern(known[0], exact=False)


_Mask = tuple[tuple[str, int], ...]


def _mask(text: str) -> _Mask | None:
    """Runs of a kind of character with their lengths; None where one is of no known kind."""
    kinds = [_kind(sign) for sign in text]
    if None in kinds:
        return None
    return tuple((str(kind), len(list(run))) for kind, run in groupby(kinds))


def _kind(sign: str) -> str | None:
    if "a" <= sign <= "z":
        return _LETTERS
    if "A" <= sign <= "Z":
        return _CAPITALS
    if "0" <= sign <= "9":
        return _DIGITS
    return sign if sign in _MARKS else None


def _pattern(mask: _Mask, *, exact: bool) -> str:
    parts = []
    for kind, length in mask:
        if kind in (_LETTERS, _CAPITALS, _DIGITS):
            times = (f"{{{length}}}" if length > 1 else "") if exact else "+"
            parts.append(kind + times)
        else:
            literal = f"\\{kind}" if kind in ".-/+()" else kind
            parts.append(literal * length)
    return f"^{''.join(parts)}$"


_PERSONAL = re.compile(
    r"""(?x)
    e_?mail | ^mail$ | phone | mobile | ^tel$ | ^fax$ | ssn | social_security | passport | iban
    | ^name$ | (first|last|full|sur|given|family|middle|maiden|customer|patient|person|contact|holder)_?name
    | address | street | birth | ^dob$ | (credit|debit|bank)_?card | card_?(number|no|holder)
    | ^ip$ | ip_addr | tax_?id | licen[cs]e_?(plate|number) | account_?holder
    """
)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def is_personal_name(column: str) -> bool:
    """Whether a column's name says that it tells of persons; a guess, for people to confirm."""
    words = re.sub(r"[^a-z0-9]+", "_", _CAMEL.sub("_", column).lower()).strip("_")
    return _PERSONAL.search(words) is not None


def is_key_name(column: str) -> bool:
    """Whether a column's name says that its values name the rows."""
    words = re.split(r"[^a-z0-9]+", _CAMEL.sub("_", column).lower())
    return bool({"id", "uuid", "guid", "key", "pk"} & set(words[-1:] + words[:1]))
