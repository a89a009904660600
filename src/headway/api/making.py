"""Making things again."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from headway.engine.reproduce import Reproduced


def reproduce(folder: Path, reference: str) -> Reproduced:
    """Run a recorded result again in a clean process, and compare."""
    from headway.engine.reproduce import reproduce as make_again
    from headway.engine.serving import workspace_at

    return make_again(workspace_at(folder), reference)
