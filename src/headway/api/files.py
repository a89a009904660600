"""Product files: write a first one, check one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from headway.engine.authoring.scaffold import Begun
    from headway.engine.questions.checked import Checked


def init(
    folder: Path,
    *,
    data: Path | None = None,
    label: str | None = None,
    time: str | None = None,
    positive: str | None = None,
    name: str | None = None,
) -> Begun:
    """Write a first product into `folder`; the result lists the paths written, and what was chosen."""
    from headway.engine.authoring.scaffold import begin

    return begin(folder, data=data, label=label, time=time, positive=positive, name=name)


def check(file: Path | None, folder: Path) -> Checked:
    """Read a product file and its contracts, and say what they declare and what is not built yet."""
    from headway.engine.questions.checked import check_file
    from headway.engine.recall import find_product

    return check_file(file if file is not None else find_product(folder))
