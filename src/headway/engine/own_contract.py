"""The contract of rows that Headway computed: judges all of them before they are kept, and changes none."""

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
_KEPT = {
    "feature_group": "feature group `{}`; its table is as it was",
    "dataset": "features of dataset `{}`; none is made of them",
}


def judge(rows: pl.DataFrame, contract: Contract, node: str, now: datetime) -> Evidence:
    """What a contract says of a node's rows; the engine binds it to their artifact.

    Args:
        rows: All rows of a group as they would be committed, or all features of a dataset; the two times
            of a group need not be declared.
        contract: What they must be.
        node: Whose they are (`feature_group.spend`).
        now: The run's time.

    Raises:
        ContractError: The rows break it (DC003).
        SpecError: A rule can never be kept (DC001).
    """
    times = {EVENT_TIME, KNOWN_TIME} - contract.columns.keys()
    report = check(rows.drop(times, strict=False), contract)
    if not report.passed:
        kind, _, name = node.partition(".")
        where = _KEPT[kind].format(name)
        lines = report.lines(_LINES)
        raise errors.data_breaks_contract(where, len(report.failures), len(report.results), lines)
    checked, told = f"{count(len(report.results), 'check')} on {count(rows.height, 'row')}", report.in_short()
    return Evidence(
        check="contract",
        node=node,
        about="",
        outcome=Outcome.WARN if report.warnings else Outcome.PASS,
        at=now,
        observed=f"{checked}; {told}" if told else checked,
        reason="; ".join(result.line for result in report.warnings[:_LINES]),
    )
