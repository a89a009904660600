"""What a contract let pass in records though it is not as it should be: a value to count and to log. Light."""

from __future__ import annotations

from typing import Any

from msgspec import Struct


class Warned(Struct, frozen=True, array_like=True):
    """Records that break an expectation which only warns.

    Attributes:
        expectation: Its author's word for it, else the contract's; bounded, and never a value that was sent.
        columns: The columns that it judges.
        rows: Places of the records, from 0.
    """

    expectation: str
    columns: tuple[str, ...]
    rows: tuple[int, ...]


class Mapped(Struct, frozen=True, array_like=True):
    """Records whose category the contract does not know, and has another one put in its place.

    Attributes:
        rows: Places of the records, from 0.
        sent: What was there before, for each of them; times and dates as ISO text.
    """

    column: str
    rows: tuple[int, ...]
    sent: tuple[Any, ...]


class Filled(Struct, frozen=True, array_like=True):
    """Records that came without a column, and took its default.

    Attributes:
        rows: Places of the records, from 0.
    """

    column: str
    rows: tuple[int, ...]


class Judged(Struct, frozen=True, array_like=True):
    """The verdict on the n records of a request that was let in; nothing at all where they are clean."""

    warned: tuple[Warned, ...] = ()
    mapped: tuple[Mapped, ...] = ()
    filled: tuple[Filled, ...] = ()


CLEAN = Judged()
