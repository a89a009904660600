"""Making things again."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from headway.engine.reproduction.parity import Parity
    from headway.engine.reproduction.reproduce import Reproduced


def reproduce(folder: Path, reference: str) -> Reproduced:
    """Run a recorded result again in a clean process, and compare."""
    from headway.engine.delivery.serving import workspace_at
    from headway.engine.reproduction.reproduce import reproduce as make_again

    return make_again(workspace_at(folder), reference)


def parity(
    folder: Path,
    environment: str = "dev",
    limit: int = 1000,
    *,
    tolerance: float | None = None,
    stored: bool = False,
) -> Parity:
    """Compute the features of logged predictions again, and compare them with what was logged."""
    from headway.engine.delivery.serving import workspace_at
    from headway.engine.reproduction.parity import TOLERANCE
    from headway.engine.reproduction.parity import parity as compare

    workspace = workspace_at(folder, environment)
    within = TOLERANCE if tolerance is None else tolerance
    return compare(workspace, environment, limit, tolerance=within, stored=stored)
