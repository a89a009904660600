"""What one pass over a file found, small and mergeable, so that an append costs what is new.

Light: values of the standard library, and NumPy for keys. Merging the states of parts gives the state of
the whole, but for exact order statistics and for uniqueness that only hashes speak against, which `judge`
asks of the whole table.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from headway.contract.checks import Check, checks
from headway.contract.expectations import in_order
from headway.contract.figures import MERGE, native
from headway.contract.keys import Keys
from headway.contract.report import EXAMPLES, Result, Scalar
from headway.contract.words import as_json
from headway.errors import contract as errors
from headway.facts.evidence import Outcome
from headway.spec.contract import Contract


class Ends(Struct, frozen=True, array_like=True):
    """The first and the last value of a column in its order, nulls skipped, as numbers; and the first's row."""

    first: Any
    last: Any
    row: int


class Tally(Struct, frozen=True, kw_only=True):
    """How often an expectation of rows is broken.

    Attributes:
        unexpected: Rows that break it.
        skipped: Rows that it does not judge.
        rows: The first of them; the first row is 1, and rows that were set aside count.
        examples: Their values, as JSON has them.
        ends: For an order: what the next file's values must follow.
    """

    unexpected: int = 0
    skipped: int = 0
    rows: tuple[int, ...] = ()
    examples: tuple[Scalar, ...] = ()
    ends: Ends | None = None


class State(Struct, frozen=True, kw_only=True):
    """What a pass found.

    Attributes:
        contract: Digest of what was asked; states of different contracts do not merge.
        columns: Columns of the table, declared or not.
        schema: Judged at once: which columns are there, and of which types.
        sound: Declared columns of their type; only those have tallies and figures.
        nulls: Column -> nulls (NaN too).
        tallies: Key of a check of rows -> what was found.
        figures: Key of a figure -> its value; times and dates are numbers (microseconds, days).
        keys: Columns that are asked for uniqueness, or for distinct values -> their values.
        is_mergeable: Whether the keys were kept, so that it may be merged.
        aside: Rows that stand among these and were set aside: only row numbers count them.
    """

    contract: str
    rows: int
    columns: tuple[str, ...]
    schema: tuple[Result, ...]
    sound: tuple[str, ...]
    nulls: dict[str, int]
    tallies: dict[str, Tally]
    figures: dict[str, Any]
    keys: dict[str, Keys] = field(default_factory=dict)
    is_mergeable: bool = False
    aside: int = 0

    @property
    def span(self) -> int:
        """Rows as they stand in the files, those that were set aside too."""
        return self.rows + self.aside


def encode(state: State) -> bytes:
    """A state as MessagePack."""
    return msgspec.msgpack.encode(state)


def decode(data: bytes) -> State:
    """The state that `encode` wrote.

    Raises:
        ContractError: The bytes are no state of this version (DC008).
    """
    try:
        return msgspec.msgpack.decode(data, type=State)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise errors.state_cannot_be_read(str(error)) from error


def merge(one: State, other: State, contract: Contract) -> State:
    """The state of two parts, one after the other.

    Args:
        one: Of the rows that come first.
        other: Of those that follow.
        contract: What both were taken for.

    Raises:
        ContractError: They are of different contracts, or were taken without keys (DC007).
    """
    if one.contract != other.contract or not (one.is_mergeable and other.is_mergeable):
        raise errors.states_do_not_fit(one.contract, other.contract)
    if not other.rows or not one.rows:
        return _with_nothing(one, other)
    sound = tuple(name for name in one.sound if name in other.sound)
    known = [item for item in checks(contract) if set(item.columns) <= set(sound)]
    keys = {name: one.keys[name].merged(other.keys[name]) for name in one.keys if name in other.keys}
    figures = {
        name: _merged_figure(name, one.figures[name], other.figures[name])
        for name in one.figures
        if name in other.figures
    }
    return replace(
        one,
        rows=one.rows + other.rows,
        aside=one.aside + other.aside,
        schema=_merged_schema(one.schema, other.schema),
        sound=sound,
        nulls={name: one.nulls[name] + other.nulls[name] for name in sound},
        tallies={item.key: _merged_tally(item, one, other) for item in known if item.key in one.tallies},
        figures=figures,
        keys=keys,
    )


def _with_nothing(one: State, other: State) -> State:
    """A part without rows says nothing but which columns it has."""
    kept, empty = (one, other) if one.rows else (_moved(other, lambda row: row + one.span), one)
    schema = _merged_schema(kept.schema, empty.schema)
    return replace(kept, schema=schema, aside=one.aside + other.aside)


def renumbered(state: State, number: Callable[[int], int], span: int) -> State:
    """The state of rows that are left of a table, with the numbers that they have in it.

    Args:
        state: Of what is left.
        number: The number of a row among them (from 1) -> its number in the table.
        span: Rows of the table.
    """
    return replace(_moved(state, number), aside=span - state.rows)


def _moved(state: State, number: Callable[[int], int]) -> State:
    tallies = {
        key: replace(
            tally,
            rows=tuple(map(number, tally.rows)),
            ends=None if tally.ends is None else replace(tally.ends, row=number(tally.ends.row)),
        )
        for key, tally in state.tallies.items()
    }
    return replace(state, tallies=tallies)


def _merged_figure(key: str, one: Any, other: Any) -> Any:
    name = key.split(" ", 1)[0]
    return MERGE[name](one, other) if name in MERGE else None


def _merged_schema(one: tuple[Result, ...], other: tuple[Result, ...]) -> tuple[Result, ...]:
    """One verdict per column; a column that only one part has is judged by that one."""
    found = {(item.expectation, item.columns): item for item in one}
    for item in other:
        place = (item.expectation, item.columns)
        found[place] = _merged_result(found[place], item) if place in found else item
    return tuple(found.values())


def _merged_result(one: Result, other: Result) -> Result:
    worse = one if one.outcome is Outcome.FAIL else other
    return replace(
        worse,
        unexpected_count=one.unexpected_count + other.unexpected_count,
        element_count=one.element_count + other.element_count,
        missing_count=one.missing_count + other.missing_count,
    )


def _merged_tally(item: Check, one: State, other: State) -> Tally:
    mine, its = one.tallies[item.key], other.tallies[item.key]
    rows = [*mine.rows, *(row + one.span for row in its.rows)]
    examples = [*mine.examples, *its.examples]
    unexpected, ends = mine.unexpected + its.unexpected, mine.ends
    if mine.ends is not None and its.ends is not None:
        ends = Ends(mine.ends.first, its.ends.last, mine.ends.row)
        if not in_order(item.type, item.arguments, mine.ends.last, its.ends.first):
            unexpected += 1
            rows.insert(len(mine.rows), its.ends.row + one.span)
            examples.insert(len(mine.rows), as_json(native(item.types[0], its.ends.first)))
    elif its.ends is not None:
        ends = Ends(its.ends.first, its.ends.last, its.ends.row + one.span)
    return Tally(
        unexpected=unexpected,
        skipped=mine.skipped + its.skipped,
        rows=tuple(rows[:EXAMPLES]),
        examples=tuple(examples[:EXAMPLES]),
        ends=ends,
    )


def key_name(item: Check) -> str:
    """The name of the keys of a check's columns."""
    ignored = item.arguments.get("ignore_row_if", "") if len(item.columns) > 1 else ""
    return msgspec.json.encode([*item.columns, *([ignored] if ignored else [])]).decode()
