"""Finding what the products of a workspace declare."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from headway.engine.questions.searching import Results


def search(
    folder: Path,
    words: Sequence[str],
    *,
    tags: Collection[str] = (),
    kind: str | None = None,
    limit: int = 20,
) -> Results:
    """Features, groups, sources, datasets, models by name, description and tag, with who reads them."""
    from headway.engine.questions.searching import search as find

    return find(folder, words, tags=tags, kind=kind, limit=limit)
