"""Which rows of a batch are let in: broken ones are set aside with their reasons, or the batch is refused (Polars).

No row is ever dropped in silence: rows in are rows kept and rows set aside, by reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

import polars as pl
from msgspec.structs import replace

from headway.contract.casting import cast
from headway.contract.columns import check
from headway.contract.judging import judge
from headway.contract.measuring import broken_rows, measure
from headway.contract.report import Report, Result
from headway.contract.state import renumbered
from headway.facts.evidence import Outcome
from headway.spec.contract import Contract

ROW, REASONS = "_row", "_reasons"
"""Columns of the rows that were set aside: their number in the batch (from 1), and why, as a list of texts."""


class Admitted(NamedTuple):
    """A batch, divided.

    Attributes:
        frame: The rows that are let in, as `cast` holds them, in their order; where the report does not
            pass, no caller may take them over.
        quarantined: The rows that were set aside, as they came, with `_row` and `_reasons`.
        report: What the contract says: of the rows that are let in, and how many broke the expectations
            for which rows are set aside. Its row numbers are those of the batch as it came.
        read: Rows that came in; always `frame.height` and the sum of `rejected`.
        rejected: Reason -> rows; a row with several reasons counts under its first.
    """

    frame: pl.DataFrame
    quarantined: pl.DataFrame
    report: Report
    read: int
    rejected: Mapping[str, int]


def admit(frame: pl.DataFrame, contract: Contract, *, now: datetime | None = None) -> Admitted:
    """Judge a batch, and set aside the rows that its contract wants set aside.

    What is expected of columns and of the table as a whole is asked of the rows that are kept. Where an
    expectation has a `mostly`, more broken rows than that refuse the batch.

    Args:
        frame: The rows, as they came.
        contract: What they must be.
        now: The present, for freshness; the system's clock where it is left out.

    Raises:
        SpecError: A rule can never be kept (DC001).
    """
    report = check(frame, contract, now=now)
    aside = [item for item in report.results if item.action == "quarantine" and item.outcome is Outcome.WARN]
    if not aside:
        return Admitted(cast(frame, contract), marked(frame.clear(), [], []), report, frame.height, {})
    masks = broken_rows(frame, contract, [item.key for item in aside])
    broken = pl.DataFrame({str(place): masks[item.key] for place, item in enumerate(aside)})
    rows = broken.select(pl.any_horizontal(pl.all())).to_series()
    words = [reason(item) for item in aside]
    reasons = [
        [word for word, is_broken in zip(words, row, strict=True) if is_broken]
        for row in broken.filter(rows).iter_rows()
    ]
    kept, stays = frame.filter(~rows), (~rows).arg_true()
    left = renumbered(measure(kept, contract, keep_keys=False), lambda row: stays[row - 1] + 1, frame.height)
    return Admitted(
        frame=cast(kept, contract),
        quarantined=marked(frame.filter(rows), (rows.arg_true() + 1).to_list(), reasons),
        report=together(judge(contract, left, now=now), report),
        read=frame.height,
        rejected=counted(reasons),
    )


def reason(item: Result) -> str:
    """Why a row is set aside that breaks a check."""
    named = item.id or ", ".join(f"`{name}`" for name in item.columns)
    return f"{named}: expected {item.wanted}"


def counted(reasons: list[list[str]]) -> dict[str, int]:
    """Reason -> rows that are set aside; each counts under its first."""
    found: dict[str, int] = {}
    for row in reasons:
        found[row[0]] = found.get(row[0], 0) + 1
    return found


def marked(frame: pl.DataFrame, numbers: list[int], reasons: list[list[str]]) -> pl.DataFrame:
    """Rows that are set aside, with their numbers and their reasons."""
    return frame.with_columns(
        pl.Series(ROW, numbers, dtype=pl.Int64), pl.Series(REASONS, reasons, dtype=pl.List(pl.String))
    )


def together(kept: Report, came: Report) -> Report:
    """The verdict on what is kept; on rows that are set aside, or were too many for that, that on what came."""
    found = {item.key: item for item in came.results if item.action == "quarantine"}
    return replace(kept, results=tuple(found.get(item.key, item) for item in kept.results))
