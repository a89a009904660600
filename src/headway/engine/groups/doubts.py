"""What is doubtful in a group's rows though nothing refuses it: warnings, kept as evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import polars as pl

from headway.core.wording import count, few
from headway.data.earliest import TooEarly, too_early, without_values
from headway.data.groups import SourceTable
from headway.errors.masking import masked
from headway.facts.evidence import Evidence, Outcome


def doubts(
    rows: pl.DataFrame,
    order: Sequence[str],
    sources: Mapping[str, SourceTable],
    node: str,
    now: datetime,
) -> list[Evidence]:
    """Features without any value, and rows that count as known before what they are made of.

    Args:
        rows: All rows of the group.
        order: Columns that identify a row: the key and two times.
        sources: Sources of a group whose code says itself when its rows were known; empty for other groups.
        node: The group.
        now: The run's time.
    """
    features = [name for name in rows.columns if name not in order]
    empty = without_values(rows, features)
    early = too_early(rows, order[:-2], sources) if sources else None
    said = []
    if empty:
        named = few([f"`{name}`" for name in empty])
        what = f"{named} {'is' if len(empty) == 1 else 'are'} null in all {count(rows.height, 'row')}"
        said.append(("null features", what, {"features": empty}))
    if early is not None:
        said.append(("known_time", _words(early, rows.height), {"rows": early.rows}))
    return [
        Evidence(
            check=check,
            node=node,
            about="",
            outcome=Outcome.WARN,
            at=now,
            observed=masked(what),
            values=values,
        )
        for check, what, values in said
    ]


def _words(early: TooEarly, rows: int) -> str:
    return (
        f"{early.rows:,} of {count(rows, 'row')} {'counts' if early.rows == 1 else 'count'} as known before all "
        f"that they can be made of ({early.entity}, at {_time(early.event)}: `known_time` {_time(early.known)}, "
        f"and its first row became known {_time(early.earliest)}); return the `known_time` of the newest row read"
    )


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
