"""Batches of rows: those that are declared, and answering one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from headway.engine.delivery.batches import Done, Listed


def batches(folder: Path, environment: str = "dev") -> list[Listed]:
    """The declared batches, each with its newest run in an environment."""
    from headway.engine.delivery.batches import declared_batches
    from headway.engine.recall import find_product

    return declared_batches(find_product(folder), environment)


def predict(
    folder: Path, name: str, environment: str = "dev", *, who: str = "", progress: Callable[[int, int], None]
) -> Done:
    """Answer the rows of a declared batch with the release that an environment serves."""
    from headway.core.who import who as present
    from headway.engine.delivery.batches import predict as answer
    from headway.engine.recall import find_product

    return answer(find_product(folder), name, environment, who or present(), progress)


def predict_bundle(
    bundle: Path, rows: Path, to: Path, *, skips: bool = False, progress: Callable[[int, int], None]
) -> Done:
    """Answer the rows of a file with one release from its directory, without a product."""
    from headway.engine.delivery.batches import predict_bundle as answer

    return answer(bundle, rows, to, skips=skips, progress=progress)
