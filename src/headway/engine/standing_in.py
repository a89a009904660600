"""Sources that could not be read the last time, so that an earlier version stands in: never in silence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headway.facts.evidence import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable

    from headway.store.ports import LedgerReader

READ = "read"
"""The check that each reading of a source leaves as evidence."""


def standing_in(reader: LedgerReader, sources: Iterable[str]) -> dict[str, str]:
    """Node of a source -> when the version that stands in was read, as text; only those that need one."""
    found = {}
    for node in sources:
        runs = reader.executions(node)
        if not runs or runs[0].output is None:
            continue
        checks = (item for _, item in reader.evidence(runs[0].output) if item.node == node)
        last = next((item for item in checks if item.check == READ), None)
        if last is not None and last.outcome is Outcome.WARN:
            found[node] = str(last.values["read_at"])
    return found
