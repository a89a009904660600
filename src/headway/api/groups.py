"""Feature groups over time: history, rows, differences, restore, and the removal of what nothing refers to."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    import polars as pl

    from headway.engine.collecting import Swept
    from headway.engine.group_restore import Restored
    from headway.engine.questions.group_history import Compared, Entry
    from headway.facts.commits import Committed


def history(folder: Path, name: str) -> list[Entry]:
    """Every commit of a feature group, oldest first."""
    from headway.engine.delivery.serving import workspace_at
    from headway.engine.questions import group_history

    return group_history.history(workspace_at(folder), name)


def rows(folder: Path, reference: str) -> tuple[Committed, pl.LazyFrame]:
    """A commit of a feature group (`NAME@3`, `NAME@2026-03-01`, `NAME@prod`, `NAME`) and its rows."""
    from headway.engine.delivery.serving import workspace_at
    from headway.engine.questions import group_history

    return group_history.rows(workspace_at(folder), reference)


def compare(folder: Path, first: str, second: str) -> Compared:
    """Which rows came, changed and went between two commits of a feature group."""
    from headway.engine.delivery.serving import workspace_at
    from headway.engine.questions import group_history

    return group_history.compare(workspace_at(folder), first, second)


def restore(folder: Path, reference: str, *, who: str = "", why: str = "") -> Restored:
    """Make a group hold the rows of an earlier commit, as a new commit."""
    from headway.core.who import who as present
    from headway.engine.group_restore import restore as bring_back
    from headway.engine.recall import find_product

    return bring_back(find_product(folder), reference, who or present(), why)


def collect(folder: Path, *, dry_run: bool = False, who: str = "", now: datetime | None = None) -> Swept:
    """Remove what nothing refers to from the disk, and what is too old; or only say what that is."""
    from headway.core.who import who as present
    from headway.engine.collecting import collect_in
    from headway.engine.recall import find_product

    return collect_in(find_product(folder), who or present(), dry_run=dry_run, now=now)
