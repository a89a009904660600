"""What was seen of a table, column by column: bounded figures, in words too. Pure values."""

from __future__ import annotations

from datetime import date
from typing import Any

from msgspec import Struct

from headway.contract.proposing.shapes import Shape, is_personal_name
from headway.contract.words import as_json, show
from headway.core.wording import count
from headway.errors.masking import MASK
from headway.spec.contract import ColumnType

_SHOWN = 5
_MOST_FIGURES = 20
"""Distinct numbers from which the most frequent ones say nothing."""


class ColumnSeen(Struct, frozen=True, kw_only=True):
    """One column.

    Attributes:
        type: The logical type that holds its values; None where there is none.
        stored_as: Its type in the file.
        nulls: Rows without a value (NaN too).
        infinite: Values that are infinite.
        distinct: Distinct values; of many rows estimated, unless `is_counted`.
        low: Smallest value; of text the length of the shortest.
        high: Largest value; of text the length of the longest.
        quartiles: Three of numbers, from the sample where `is_sampled`.
        top: The most frequent values with their counts, where there are few distinct ones; 20 at most.
        shape: What all texts look like.
        is_declared_personal: Whether a contract tags it as personal.
    """

    name: str
    type: ColumnType | None
    stored_as: str
    rows: int
    nulls: int = 0
    infinite: int = 0
    distinct: int = 0
    is_counted: bool = False
    low: Any = None
    high: Any = None
    quartiles: tuple[float, ...] = ()
    is_sampled: bool = False
    top: tuple[tuple[Any, int], ...] = ()
    shape: Shape | None = None
    is_declared_personal: bool = False

    @property
    def present(self) -> int:
        """Rows with a value."""
        return self.rows - self.nulls

    @property
    def is_unique(self) -> bool:
        """Whether each value occurs once."""
        return self.is_counted and self.distinct == self.present > 0

    @property
    def is_personal(self) -> bool:
        """Whether it tells of persons: by its tag, its name or its shape. Its values are never shown then."""
        return (
            self.is_declared_personal
            or is_personal_name(self.name)
            or (self.shape is not None and self.shape.is_personal)
        )

    @property
    def words(self) -> str:
        """What was seen, in one line."""
        if self.type is None:
            return f"{self.stored_as}, which no type of a contract holds"
        parts = [self._counts, self._range, self._distinct, self._shape]
        return "; ".join(part for part in parts if part)

    @property
    def _counts(self) -> str:
        if not self.nulls:
            missing = "none missing"
        elif not self.present:
            missing = "all missing"
        else:
            missing = f"{self.nulls:,} missing ({percent(self.nulls, self.rows)})"
        infinite = f", {self.infinite:,} infinite" if self.infinite else ""
        return f"{count(self.present, 'value')}, {missing}{infinite}"

    @property
    def _range(self) -> str:
        if self.low is None or self.is_personal:
            return ""
        if self.type == "text":
            return (
                f"{self.low:,} to {self.high:,} characters"
                if self.low != self.high
                else (f"{count(self.low, 'character')} each")
            )
        text = f"{_figure(self.low)} to {_figure(self.high)}"
        if not self.quartiles:
            return text
        about = "about " if self.is_sampled else ""
        return f"{text}, quartiles {about}{', '.join(map(_figure, self.quartiles))}"

    @property
    def _distinct(self) -> str:
        if not self.present or (self.type == "number" and not self.top):
            return ""
        if self.is_unique:
            return "each once"
        if not self.is_counted:
            return f"about {_rounded(self.distinct):,} different"
        said = f"{self.distinct:,} different" if self.distinct > 1 else "always the same"
        if self.is_personal or (self.type in ("integer", "number") and self.distinct > _MOST_FIGURES):
            return said
        more = ", …" if self.distinct > _SHOWN else ""
        named = ", ".join(f"{_figure(value)} ({times:,})" for value, times in self.top[:_SHOWN])
        return f"{said}: {named}{more}"

    @property
    def _shape(self) -> str:
        if self.shape is None or not self.shape.name:
            return ""
        return f"all {self.shape.name}"

    def to_json(self) -> dict[str, Any]:
        """The figures as JSON has them; values of personal columns are masked."""
        hidden = self.is_personal
        return {
            "name": self.name,
            "type": self.type,
            "stored_as": self.stored_as,
            "values": self.present,
            "nulls": self.nulls,
            "null_share": self.nulls / self.rows if self.rows else 0.0,
            "infinite": self.infinite,
            "distinct": self.distinct,
            "distinct_is_exact": self.is_counted,
            "min": _shown(self.low, hidden=hidden),
            "max": _shown(self.high, hidden=hidden),
            "quartiles": [] if hidden else list(self.quartiles),
            "top": [] if hidden else [[as_json(value), times] for value, times in self.top],
            "shape": None if self.shape is None else self.shape.pattern if not hidden else self.shape.name,
            "personal": hidden,
        }


class Seen(Struct, frozen=True, kw_only=True):
    """A table."""

    rows: int
    columns: tuple[ColumnSeen, ...]


def percent(part: int, whole: int) -> str:
    """A share in words: `2.5 %`."""
    return f"{100 * part / whole:.3g} %" if whole else "0 %"


def _shown(value: Any, *, hidden: bool) -> Any:
    return MASK if hidden and value is not None else as_json(value)


def _figure(value: Any) -> str:
    if isinstance(value, date):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, bool | str):
        return show(value)
    return f"{value:,}" if isinstance(value, int) else f"{value:,.6g}"


def _rounded(value: int) -> int:
    """An estimate to two digits."""
    return int(float(f"{value:.2g}"))
