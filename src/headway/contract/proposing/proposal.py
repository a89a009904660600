"""A contract proposed from what was seen of a table: it passes on that table, and leaves room for the next. Pure.

What is proposed is a beginning: a range has slack, a set holds what occurred, and people narrow both.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any, NamedTuple

from msgspec.structs import replace

from headway.contract.proposing.seen import ColumnSeen, Seen
from headway.contract.proposing.shapes import is_key_name
from headway.contract.proposing.written import contract_text
from headway.contract.words import LONGEST
from headway.core.wording import count, few
from headway.errors.masking import PERSONAL
from headway.spec.contract import Column, Contract, Freshness, RowCount
from headway.spec.quantities import duration_text

_SMALL_SET = 20
"""Distinct texts up to which a set is proposed."""
_CODES = 5
"""Distinct whole numbers up to which they are taken for codes."""
_OFTEN = 5
"""Times that each value of a set occurs, on average."""
_FEWEST = 20
"""Values below which neither a set nor uniqueness is believed."""
_SLACK = 0.1
"""Room on each side of a range, as a share of it."""
_EXPECTED = 5
"""Pairs of equal values that chance would have made, from which uniqueness says something."""
_EXACT = 2**53
_LIVE = timedelta(days=31)
"""Age of the newest row up to which a table is taken for one that grows."""
_STEPS = tuple(timedelta(hours=hours) for hours in (1, 2, 6, 12, 24, 48, 72, 168, 336, 720, 1440, 2160))


class Proposal(NamedTuple):
    """A contract for a table.

    Attributes:
        text: As a file, commented with what was seen.
        notes: What people should know before they take it: what will not pass, what looks personal.
    """

    contract: Contract
    text: str
    notes: tuple[str, ...]


def propose(
    seen: Seen, *, source: str, now: datetime, event_time: str | None = None, before: Contract | None = None
) -> Proposal:
    """A contract that the table passes, unless a note says why not.

    Args:
        seen: What was seen of the table.
        source: Where it is, for the heading.
        now: The present, for freshness.
        event_time: The column that says when a row happened, where it is known.
        before: The contract that the table has: its tags, units, descriptions and version are kept.
    """
    seen = _with_tags(seen, before)
    held = [column for column in seen.columns if column.type is not None and column.name]
    left_out = [column for column in seen.columns if column not in held]
    times = [column for column in held if column.type in ("time", "date") and not column.is_personal]
    dated = _dated(times, event_time, now)
    contract = Contract(
        columns={column.name: _kept(_column(column), column, before) for column in held},
        version=before.version if before is not None else 1,
        rows=_rows(seen.rows),
        extra_columns="ignore" if left_out else "refuse",
        freshness=Freshness(column=dated[0].name, max_age=dated[1]) if dated is not None else None,
        description=before.description if before is not None else "",
    )
    parts = {"rows": f"seen: {seen.rows:,}"}
    if left_out:
        parts["extra_columns"] = (
            f"left out: {'; '.join(f'{one.name} ({one.stored_as})' for one in left_out[:5])}"
        )
    if dated is not None:
        parts["freshness"] = f"the newest is {duration_text(_age(dated[0], now))} old"
    return Proposal(
        contract=contract,
        text=contract_text(
            contract,
            heading=(
                f"Proposed from {source}: {count(seen.rows, 'row')}, {count(len(seen.columns), 'column')}.",
                "Ranges have slack, sets hold what was seen: narrow and widen them, they are yours.",
            ),
            columns={column.name: column.words for column in held},
            parts=parts,
        ),
        notes=tuple(_notes(seen, left_out, times, dated, now)),
    )


def _with_tags(seen: Seen, before: Contract | None) -> Seen:
    if before is None:
        return seen
    tagged = {name for name, column in before.columns.items() if PERSONAL in column.tags}
    columns = tuple(
        replace(column, is_declared_personal=column.name in tagged) if column.name in tagged else column
        for column in seen.columns
    )
    return replace(seen, columns=columns)


def _kept(column: Column, seen: ColumnSeen, before: Contract | None) -> Column:
    """With what people said of it, which no data shows."""
    old = before.columns.get(seen.name) if before is not None else None
    if old is None:
        return column
    return replace(column, unit=old.unit, description=old.description, tags=old.tags or column.tags)


def _notes(
    seen: Seen,
    left_out: list[ColumnSeen],
    times: list[ColumnSeen],
    dated: tuple[ColumnSeen, timedelta] | None,
    now: datetime,
) -> Iterator[str]:
    for column in left_out:
        why = column.words if column.name else "a contract names its columns, and this one has no name"
        yield f"`{column.name}` is left out: {why}"
    for column in seen.columns:
        if column.infinite and column not in left_out:
            yield (
                f"`{column.name}` has {count(column.infinite, 'infinite value')}: no contract lets them "
                "pass, so mend them at the source, or quarantine their rows"
            )
    personal = [f"`{column.name}`" for column in seen.columns if column.is_personal and column.type]
    if personal:
        yield f"looks personal, is tagged `pii` and not quoted: {few(personal)}"
    if dated is None and times:
        newest = max(times, key=lambda column: _moment(column.high) if column.high is not None else _EARLIEST)
        if newest.high is not None and _moment(newest.high) <= now:
            yield (
                f"no freshness is proposed: the newest `{newest.name}` is {_age(newest, now).days:,} days old"
            )


# -- one column ------------------------------------------------------------------------------


def _column(seen: ColumnSeen) -> Column:
    assert seen.type is not None
    found = Column(
        type=seen.type,
        nulls=bool(seen.nulls),
        unique=_is_key(seen),
        tags=(PERSONAL,) if seen.is_personal else (),
    )
    if seen.is_personal:
        # A shape with a name quotes nothing; one that texts merely share could.
        shape = seen.shape
        return found if shape is None or not shape.name else replace(found, matches=shape.pattern)
    values = _set(seen)
    if values:
        return replace(found, in_=values)
    match seen.type:
        case "integer" | "number":
            low, high = _span(seen, is_key=found.unique)
            return replace(found, min=low, max=high)
        case "time" | "date":
            return replace(found, min=_since(seen))
        case "text" if seen.shape is not None:
            return replace(found, matches=seen.shape.pattern)
    return found


def _set(seen: ColumnSeen) -> tuple[Any, ...] | None:
    """The values, where they are few and each occurs often."""
    most = {"text": _SMALL_SET, "integer": _CODES}.get(str(seen.type), 0)
    fewest = 1 if seen.type == "text" else 2
    if not seen.is_counted or not fewest <= seen.distinct <= most:
        return None
    if seen.present < max(_FEWEST, _OFTEN * seen.distinct):
        return None
    values = sorted(value for value, _ in seen.top)
    if any(len(value) > LONGEST if isinstance(value, str) else abs(value) > _EXACT for value in values):
        return None
    return tuple(values)


def _is_key(seen: ColumnSeen) -> bool:
    """Whether it is no chance that each value occurs once: about n(n-1)/2 pairs would share one of a span."""
    if not seen.is_unique or seen.present < _FEWEST or seen.type not in ("integer", "text"):
        return False
    if is_key_name(seen.name):
        return True
    if seen.type == "text":
        return seen.shape is not None and seen.shape.is_key
    pairs = seen.present * (seen.present - 1) / 2
    return pairs / (seen.high - seen.low + 1) >= _EXPECTED


def _span(seen: ColumnSeen, *, is_key: bool) -> tuple[float | None, float | None]:
    """A range with slack, in round numbers; what cannot be negative stays so. Keys go on growing."""
    low, high = seen.low, seen.high
    if low is None or max(abs(low), abs(high)) > (_EXACT if seen.type == "integer" else 1e300):
        return None, None
    floor = 0 if low >= 0 else None
    if is_key or low == high:
        return floor, None
    if seen.type == "number" and low >= 0 and high <= 1:
        return 0, 1
    room = Decimal(high) - Decimal(low)
    smallest = _round(Decimal(low) - room * Decimal(_SLACK), room, ROUND_FLOOR, seen)
    largest = _round(Decimal(high) + room * Decimal(_SLACK), room, ROUND_CEILING, seen)
    return max(smallest, 0) if low >= 0 else min(smallest, low), max(largest, high)


def _round(value: Decimal, room: Decimal, way: str, seen: ColumnSeen) -> float:
    """Rounded outwards to a tenth of the range's order."""
    step = Decimal(1).scaleb((room * Decimal(_SLACK)).adjusted())
    if seen.type == "integer":
        step = max(step, Decimal(1))
    rounded = (value / step).to_integral_value(way) * step
    return int(rounded) if seen.type == "integer" else float(rounded)


def _since(seen: ColumnSeen) -> str | None:
    """A day before the first, with slack; None beyond Python's calendar."""
    if seen.low is None:
        return None
    room = (seen.high - seen.low) * _SLACK
    try:
        day = seen.low - max(room, timedelta(days=1))
    except OverflowError:
        return None
    return f"{day:%Y-%m-%d}" if day.year >= 1000 else None  # noqa: PLR2004 -- four digits are written


# -- the table -------------------------------------------------------------------------------


def _rows(seen: int) -> RowCount:
    """Half of what came, in round numbers: a file that was cut off is noticed."""
    half = seen // 2
    step = 10 ** max(len(str(half)) - 2, 0)
    return RowCount(min=half // step * step if half else min(seen, 1))


_EARLIEST = datetime.min.replace(tzinfo=UTC)


def _moment(value: date) -> datetime:
    """A day counts until its end."""
    if isinstance(value, datetime):
        return value
    return datetime(value.year, value.month, value.day, tzinfo=UTC)


def _age(column: ColumnSeen, now: datetime) -> timedelta:
    age = now - _moment(column.high)
    return timedelta(hours=int(age.total_seconds() // 3600))


def _dated(
    times: list[ColumnSeen], event_time: str | None, now: datetime
) -> tuple[ColumnSeen, timedelta] | None:
    """The column whose newest value says how fresh the table is, and how old that may be."""
    known = [column for column in times if column.high is not None]
    past = [column for column in known if timedelta(0) <= now - _moment(column.high) <= _LIVE]
    named = [column for column in past if column.name == event_time]
    chosen = named or sorted(past, key=lambda column: _moment(column.high), reverse=True)
    if not chosen or chosen[0].low == chosen[0].high or chosen[0].present < _FEWEST:
        return None
    wanted = 2 * (now - _moment(chosen[0].high)) + timedelta(days=chosen[0].type == "date")
    return chosen[0], next(step for step in _STEPS if step >= wanted)
