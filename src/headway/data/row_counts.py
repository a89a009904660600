"""The row-count ledger of a source: what came in is kept or rejected, and what is there adds up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from headway.core.wording import count
from headway.errors import sources as errors


class RowCounts(NamedTuple):
    """One reading of a source, in rows.

    Attributes:
        read: Rows that came in.
        kept: Rows of those that are in the table now and were not before.
        rejected: Reason -> rows of those that are not.
        before: Rows that were in the table.
        left: Reason -> rows of those that are not in it any more.
        rows: Rows in the table now.
    """

    read: int
    kept: int
    rows: int
    rejected: Mapping[str, int] = {}
    before: int = 0
    left: Mapping[str, int] = {}

    def require_balance(self, source: str) -> None:
        """Refuse counts that do not add up.

        Raises:
            BugError: Rows were lost or doubled.
        """
        rejected, left = sum(self.rejected.values()), sum(self.left.values())
        if self.read != self.kept + rejected:
            said = f"{self.read} rows read, {self.kept} kept, {rejected} rejected"
            raise errors.source_rows_do_not_balance(source, said)
        if self.rows != self.before - left + self.kept:
            said = f"{self.before} rows before, {left} left, {self.kept} added, {self.rows} now"
            raise errors.source_rows_do_not_balance(source, said)

    @property
    def words(self) -> str:
        """`1,250 rows read: 1,000 kept, 250 rejected (kept before)`."""
        parts = [f"{self.kept:,} kept"]
        parts += [f"{rows:,} rejected ({reason})" for reason, rows in self.rejected.items() if rows]
        parts += [f"{rows:,} left ({reason})" for reason, rows in self.left.items() if rows]
        return f"{count(self.read, 'row')} read: {', '.join(parts)}"

    def to_json(self) -> dict[str, Any]:
        """The counts as JSON values."""
        return {
            "read": self.read,
            "kept": self.kept,
            "rejected": {reason: rows for reason, rows in self.rejected.items() if rows},
            "before": self.before,
            "left": {reason: rows for reason, rows in self.left.items() if rows},
            "rows": self.rows,
        }
