"""Rows of files that a contract sets aside: which row of which file each is, for as long as the file is there. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from headway.contract.admission import REASONS, ROW
from headway.data.loaders.asked import Origin

FILE, CONTENT = "_file", "_content"
"""Columns beside the rows: the file's name, and the digest of what is in it."""


def in_files(rows: pl.DataFrame, came: Sequence[Origin]) -> pl.DataFrame:
    """Rows that were set aside, numbered in their files, with the file of each.

    Args:
        rows: Numbered over all files that were read, from 1.
        came: Those files, with all of their rows, in the order of the rows; none where rows come from elsewhere.
    """
    if rows.is_empty() or not came:
        return rows
    ends = pl.Series([origin.rows or 0 for origin in came], dtype=pl.Int64).cum_sum()
    place = ends.search_sorted(rows[ROW], side="left")
    starts = pl.Series([0, *ends[:-1]], dtype=pl.Int64)
    names = pl.Series([origin.name for origin in came])
    digests = pl.Series([origin.digest for origin in came])
    return rows.select(
        pl.exclude(ROW, REASONS, FILE, CONTENT),
        names.gather(place).alias(FILE),
        (rows[ROW] - starts.gather(place)).alias(ROW),
        REASONS,
        digests.gather(place).alias(CONTENT),
    )


def still_there(rows: pl.DataFrame, known: Sequence[Origin]) -> pl.DataFrame:
    """Rows that an earlier reading set aside, of files that were not read again, under the names that those have now.

    Args:
        rows: As `in_files` gave them.
        known: The files.
    """
    if CONTENT not in rows.columns:
        return rows.clear()
    names = pl.DataFrame(
        {FILE: [origin.name for origin in known], CONTENT: [origin.digest for origin in known]},
        schema={FILE: pl.String, CONTENT: pl.String},
    )
    once = rows.filter(pl.col(FILE) == pl.col(FILE).first().over(CONTENT))
    found = names.join(once.drop(FILE), on=CONTENT, how="inner", maintain_order="left_right")
    return found.select(rows.columns)
