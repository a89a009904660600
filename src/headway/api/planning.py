"""Plan and apply, from a directory; each only delegates."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path

    from headway.engine.apply import Applied
    from headway.engine.events import Event
    from headway.plan.plan import Plan


def plan(
    folder: Path, environment: str = "dev", only: Collection[str] = (), refresh: Collection[str] = ()
) -> Plan:
    """What is out of date in an environment of the product at or above `folder`, and why.

    Args:
        folder: Where to look for `headway.yaml`.
        environment: Its name.
        only: Nodes to look at, with what they need; empty means all.
        refresh: Nodes to compute again.
    """
    from headway.engine.recall import find_product, recalled

    file = find_product(folder)
    stored = None if only or refresh else recalled(file, environment)
    if stored is not None:
        return stored
    from headway.engine.opened import open_product
    from headway.engine.opened import plan as make

    return make(open_product(file), environment, only, refresh)


def apply(
    folder: Path,
    environment: str = "dev",
    *,
    only: Collection[str] = (),
    refresh: Collection[str] = (),
    who: str = "",
    why: str = "",
    report: Callable[[Event], None] | None = None,
) -> Applied:
    """Make an environment what the product file wants; see `headway.engine.apply.apply`."""
    from headway.engine.converge import converge
    from headway.engine.events import unheard
    from headway.engine.recall import find_product

    file, report = find_product(folder), report or unheard
    return converge(file, environment, only=only, refresh=refresh, who=who, why=why, report=report)
