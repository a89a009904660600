"""A feature group's own contract: judges all of its rows before they are committed, and changes none."""

from __future__ import annotations

from datetime import datetime

import polars as pl

from headway.contract.columns import check
from headway.core.wording import count
from headway.data.times import EVENT_TIME, KNOWN_TIME
from headway.errors import contract as errors
from headway.facts.evidence import Evidence, Outcome
from headway.spec.contract import Contract

_LINES = 10


def judge(rows: pl.DataFrame, contract: Contract, node: str, now: datetime) -> Evidence:
    """What a contract says of a group's rows; the engine binds it to their commit.

    Args:
        rows: All rows of the group as they would be committed; the two times need not be declared.
        contract: What they must be.
        node: The group (`feature_group.spend`).
        now: The run's time.

    Raises:
        ContractError: The rows break it (DC003).
        SpecError: A rule can never be kept (DC001).
    """
    report = check(rows.drop({EVENT_TIME, KNOWN_TIME} - contract.columns.keys()), contract)
    if not report.passed:
        where = f"feature group `{node.partition('.')[2]}`; its table is as it was"
        lines = report.lines(_LINES)
        raise errors.data_breaks_contract(where, len(report.failures), len(report.results), lines)
    return Evidence(
        check="contract",
        node=node,
        about="",
        outcome=Outcome.WARN if report.warnings else Outcome.PASS,
        at=now,
        observed=f"{count(len(report.results), 'check')} on {count(rows.height, 'row')}",
        reason="; ".join(result.line for result in report.warnings[:_LINES]),
    )
