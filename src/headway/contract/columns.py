"""A contract as one columnar pass over a frame; the heavy one of its two compilers (Polars).

`cast` holds values in their types; `check` reports, `require` raises. On a table of one row the verdict
is that of `headway.contract.record`, but for rules on the table as a whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from headway.contract.casting import cast
from headway.contract.judging import judge
from headway.contract.measuring import measure
from headway.contract.report import Report
from headway.errors import contract as errors

if TYPE_CHECKING:
    from datetime import datetime

    import polars as pl

    from headway.spec.contract import Contract

__all__ = ["Report", "cast", "check", "require"]

_LINES = 10


def require(frame: pl.DataFrame, contract: Contract, *, where: str, now: datetime | None = None) -> None:
    """Refuse a frame that breaks its contract.

    Args:
        frame: The rows.
        contract: What they must be.
        where: Whose rows they are, for the message (``source `flights` ``).
        now: The present, for freshness; the system's clock where it is left out.

    Raises:
        ContractError: A check failed (DC003); at most ten are listed.
        SpecError: A rule can never be kept (DC001).
    """
    refuse(check(frame, contract, now=now), where=where)


def refuse(report: Report, *, where: str) -> None:
    """Raise with a report that does not pass.

    Raises:
        ContractError: A check failed (DC003); at most ten are listed.
    """
    if not report.passed:
        raise errors.data_breaks_contract(
            where, len(report.failures), len(report.results), report.lines(_LINES)
        )


def check(frame: pl.DataFrame, contract: Contract, *, now: datetime | None = None) -> Report:
    """Judge a frame by its contract: one pass decides, a second counts only what failed.

    Args:
        frame: The rows; columns are read as `cast` would hold them.
        contract: What they must be.
        now: The present, for freshness; the system's clock where it is left out.

    Raises:
        SpecError: A rule can never be kept (DC001).
    """
    return judge(contract, measure(frame, contract, keep_keys=False), now=now)
