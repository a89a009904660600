"""A product as Python sees it: plan and apply, as on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from headway.engine.apply import Applied
    from headway.engine.events import Event
    from headway.plan.plan import Plan


class Product:
    """One ML product.

    Args:
        file: The product file, or the directory that it is in.
    """

    def __init__(self, file: str | Path = "headway.yaml") -> None:
        path = Path(file).resolve()
        self.folder = path if path.is_dir() else path.parent

    def plan(self, env: str = "dev", *, only: Collection[str] = (), refresh: Collection[str] = ()) -> Plan:
        """What is out of date in an environment, and why; changes nothing."""
        from headway.api.planning import plan

        return plan(self.folder, env, only, refresh)

    def apply(
        self,
        env: str = "dev",
        *,
        why: str = "",
        only: Collection[str] = (),
        refresh: Collection[str] = (),
        report: Callable[[Event], None] | None = None,
    ) -> Applied:
        """Compute what is missing, judge it, move the pointers; a refusal by evidence is in the result."""
        from headway.api.planning import apply
        from headway.core.who import who

        return apply(self.folder, env, only=only, refresh=refresh, who=who(), why=why, report=report)
