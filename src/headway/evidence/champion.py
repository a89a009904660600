"""Which test rows may judge the champion: those that it was not trained on. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from headway.errors import evidence as errors
from headway.evidence.report import Report  # noqa: TC001 -- msgspec reads it at run time

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import polars as pl


class Champion(Struct, frozen=True, kw_only=True):
    """The model that serves now, evaluated again on the challenger's test rows.

    Attributes:
        digest: Its digest.
        report: Its report on the rows that it has not seen; None when it could not be evaluated.
        same_rows: The challenger's report on these same rows; None when the champion has seen none, so
            that the challenger's own report is on the same rows already.
        seen: Test rows left out because the champion was trained on them.
        reason: Why there is no report.
    """

    digest: str
    report: Report | None
    same_rows: Report | None = None
    seen: int = 0
    reason: str = ""


def unseen(test: pl.DataFrame, trained: pl.DataFrame, on: Sequence[str]) -> np.ndarray:
    """Which test rows are not among the training rows of another model.

    Args:
        test: n rows.
        trained: Rows that the other model was trained on.
        on: Columns that tell rows apart; null equals null.

    Returns:
        Mask (n,), True for a row that is not in `trained`.

    Raises:
        ContractError: A column is missing on one side, or of another type there.
    """
    columns = list(on)
    for column in columns:
        types = [str(frame.schema.get(column, "missing")) for frame in (test, trained)]
        if types[0] != types[1] or "missing" in types:
            raise errors.rows_cannot_be_compared(column, types[0], types[1])
    known = trained.select(columns).unique()
    indexed = test.select(columns).with_row_index("headway.row")
    fresh = indexed.join(known, on=columns, how="anti", nulls_equal=True)["headway.row"]
    mask = indexed["headway.row"].is_in(fresh.implode())
    return mask.to_numpy()
