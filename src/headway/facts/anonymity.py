"""How large the classes of a table are whose rows share their quasi-identifiers, as evidence keeps it.

L. Sweeney, *k-anonymity: a model for protecting privacy*, Int. J. of Uncertainty, Fuzziness and Knowledge-Based
Systems 10(5), 2002: a table is k-anonymous when no class has fewer than k rows. Sizes are kept and never a value,
for a class that is small names somebody.
"""

from __future__ import annotations

import msgspec
from msgspec import Struct, field

from headway.facts.evidence import Evidence

CHECK = "k-anonymity"
"""How the check's name begins."""
LEARNT = "train"
"""The part of a dataset that is looked at by itself too: a model learns from it alone."""
LARGEST = 1000
"""Of classes from this size on only the number is kept: the largest `k`."""


class Sizes(Struct, frozen=True, kw_only=True):
    """How large the classes of a table are.

    Attributes:
        rows: Rows of the table.
        classes: Different combinations of quasi-identifiers.
        smallest: Size of the smallest class; 0 where there is no row.
        small: (size, classes of that size, rows in them), by size, of classes below `LARGEST`. A size counts rows, or
            different values of the unit.
    """

    rows: int
    classes: int
    smallest: int
    small: tuple[tuple[int, int, int], ...]

    def below(self, k: int) -> tuple[int, int]:
        """How many classes are smaller than `k`, and how many rows are in them."""
        found = [(classes, rows) for size, classes, rows in self.small if size < k]
        return sum(classes for classes, _ in found), sum(rows for _, rows in found)


class Measure(Struct, frozen=True, kw_only=True):
    """The classes of a table over some columns.

    Attributes:
        columns: Quasi-identifiers.
        unit: Column whose different values are counted; empty counts rows.
        sizes: `rows` -> sizes over all rows; `train` -> over those that a model learns from.
        missing: Columns that the table does not have: nothing was measured.
    """

    columns: tuple[str, ...]
    unit: str = ""
    sizes: dict[str, Sizes] = field(default_factory=dict)
    missing: tuple[str, ...] = ()


def measure_of(evidence: Evidence) -> Measure | None:
    """What a check measured; None for evidence of another kind."""
    if not evidence.check.startswith(CHECK) or "sizes" not in evidence.values:
        return None
    return msgspec.convert(evidence.values, Measure)
