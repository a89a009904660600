"""What a reading of a source says of itself in one line: what is there, what came, what left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from headway.core.wording import count
from headway.data.kept import GONE
from headway.data.loaders.asked import Origin
from headway.data.row_counts import RowCounts


def rows_text(counts: RowCounts, before: int | None) -> str:
    """`24,248 rows`, with how many fewer than before where rows were not counted as they left."""
    fewer = (before or 0) - counts.rows
    return count(counts.rows, "row") + (
        f" ({fewer:,} fewer)" if fewer > 0 and not counts.left.get(GONE) else ""
    )


def files_text(
    origins: Sequence[Origin],
    known: Mapping[str, int] | None,
    contents: Collection[str],
    counts: RowCounts,
    judged: int | None,
) -> str:
    """`; 50 files, 2 judged anew; 1 gone: 483 rows; 2 new: 966 rows`; nothing where there is one, and was.

    Args:
        origins: Every file that is there.
        known: Digest -> how many files of that content are kept; None or empty where that is not known.
        contents: Digests of the files that were there, as far as they are known.
        counts: Rows that came and left.
        judged: How many files were looked at; None where all rows were judged together.
    """
    there = Counter(origin.digest for origin in origins)
    before = Counter(known or {name: max(there[name], 1) for name in contents})
    gone, new = (before - there).total(), (there - before).total() if before else 0
    if not gone and len(origins) < 2:  # noqa: PLR2004 -- the table's name says it
        return ""
    rows = counts.left.get(GONE, 0)
    parts = [f"{gone:,} gone{_of(rows)}"] if gone else []
    parts += [f"{new:,} new{_of(counts.kept if counts.before else 0)}"] if new else []
    anew = f", {judged:,} judged anew" if judged is not None else ""
    said = [f"{count(len(origins), 'file')}{anew}", *parts]
    return f"; {'; '.join(said)}" if parts or anew else ""


def _of(rows: int) -> str:
    return f": {count(rows, 'row')}" if rows else ""
