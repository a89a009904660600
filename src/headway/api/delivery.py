"""Promote, roll back, stop: moves of pointers that people ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from headway.engine.delivery.serving import Ended, FeaturesBack
    from headway.engine.promotion import Promoted


def roll_back(
    folder: Path,
    environment: str,
    *,
    endpoint: str | None = None,
    who: str = "",
    why: str = "",
    hold: str | None = None,
    ledger: bool = True,
) -> Ended:
    """Bring back the release before, with all its pointers, and hold the present one."""
    from headway.engine.delivery import serving

    workspace, request = serving.workspace_at(folder, environment), serving.request(who, why, hold)
    return serving.roll_back(workspace, environment, endpoint, request, ledger=ledger)


def bring_features_back(folder: Path, environment: str) -> FeaturesBack:
    """Let servers look up the features of the commits that an environment points at again."""
    from headway.engine.delivery import serving

    return serving.bring_features_back(serving.workspace_at(folder, environment), environment)


def stop(folder: Path, environment: str, *, who: str = "", why: str = "", ledger: bool = True) -> Ended:
    """Take every endpoint of an environment out of service."""
    from headway.engine.delivery import serving

    workspace = serving.workspace_at(folder, environment)
    return serving.stop(workspace, environment, serving.request(who, why), ledger=ledger)


def promote(
    folder: Path, source: str, target: str, *, who: str = "", why: str = "", unhold: bool = False
) -> Promoted:
    """Point `target` at what `source` points at, through the gates of `target`; computes nothing."""
    from headway.engine.promotion import promote as move
    from headway.engine.recall import find_product

    return move(find_product(folder), source, target, who=who, why=why, unhold=unhold)
