"""What was found of a group's `window:`, as evidence: increments are made only where they equal a backfill."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec.structs import replace

from headway.core.wording import count
from headway.data.agreement import Agreement, Disagreement
from headway.engine.work import Past
from headway.errors.masking import masked
from headway.facts.evidence import Evidence, Outcome
from headway.spec.quantities import duration_text

CHECK = "window"


def verdict(found: Agreement, window: timedelta, node: str, now: datetime) -> Evidence:
    """What comparing rows that were computed twice said: the same, or rounded otherwise.

    Args:
        found: The comparison; no feature differs by more than rounding.
        window: As declared.
        node: The group.
        now: The run's time.
    """
    written = f"`window: {duration_text(window)}`"
    observed = f"{count(found.rows, 'row')} came out the same within {written}"
    if found.example is not None:
        observed = (
            f"computed in full: within {written} the code rounds {count(found.rounded, 'row')} otherwise "
            f"({said(found.example, written)}); round the feature to compute less"
        )
    return Evidence(
        check=CHECK,
        node=node,
        about="",
        outcome=Outcome.PASS if found.is_equal else Outcome.WARN,
        at=now,
        observed=masked(observed),
        values={"rows": found.rows, "rounded": found.rounded},
    )


def said(example: Disagreement, written: str) -> str:
    """A disagreement in words: `customer ann, at 2026-03-01 ...: `day` is 10.0, and 7.0 within `window: 1d``."""
    one, other = example.values
    what = f"`{example.feature}`" if example.feature else "its row"
    return f"{example.row}: {what} is {one}, and {other} within {written}"


def rounded_before(past: Past, commit: str, now: datetime) -> Evidence | None:
    """What was said when rows came out rounded otherwise the last time; None where they did not.

    Args:
        past: The ledger.
        commit: The group as it was computed last, by this very code.
        now: The run's time.
    """
    known = (item for _, item in past.evidence(commit) if item.check == CHECK)
    last = next(known, None)
    return replace(last, at=now, about="") if last is not None and last.outcome is Outcome.WARN else None
