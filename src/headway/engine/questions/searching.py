"""Find features, groups, sources, datasets and models by name, description and tag; forgives a typing mistake."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any, NamedTuple

from headway.engine.questions.catalogue import KINDS, Catalogue, Entry, catalogue
from headway.errors import governance as errors
from headway.lineage.carried import bears

_WORD = re.compile(r"[^\W_]+")
_NEAR = 0.75
"""Likeness from which a word counts as a mistyped one (Ratcliff and Obershelp, as difflib has it)."""
_WEIGHTS = (3.0, 2.5, 1.0, 0.5)
"""Of the name, the tags, the description, and the product's name."""


class Results(NamedTuple):
    """What was found, best first.

    Attributes:
        total: How many there are, shown or not.
        products: Those that were searched.
        skipped: Product file -> why it could not be read.
    """

    entries: tuple[Entry, ...]
    total: int
    products: tuple[str, ...]
    skipped: dict[str, str]

    def to_json(self) -> dict[str, Any]:
        """The documented schema of `search --json`."""
        return {
            "total": self.total,
            "products": list(self.products),
            "skipped": self.skipped,
            "results": [entry.to_json() for entry in self.entries],
        }


def search(
    folder: Path,
    words: Sequence[str],
    *,
    tags: Collection[str] = (),
    kind: str | None = None,
    limit: int = 20,
) -> Results:
    """What the products of the workspace around a folder declare under these words.

    Args:
        folder: Where to look for the product.
        words: All of them must be found in a name, a tag or a description; none finds everything.
        tags: All of them must be borne or carried; `licence` is also every `licence:...`.
        kind: One of `KINDS`.
        limit: How many are listed.

    Raises:
        UsageError: There is no product, or no such kind.
        SpecError: The nearest product file is wrong.
    """
    if kind is not None and kind not in KINDS:
        raise errors.unknown_kind(kind, KINDS)
    read: Catalogue = catalogue(folder)
    asked = [word for text in words for word in _words(text)]
    scored = [
        (score, entry)
        for entry in read.entries
        if (kind is None or entry.kind == kind)
        and all(bears((*entry.tags, *entry.carries), tag) for tag in tags)
        and (score := _score(entry, asked)) > 0
    ]
    scored.sort(key=_order)
    best = tuple(entry for _, entry in scored[: max(limit, 0)])
    return Results(best, len(scored), read.products, read.skipped)


def _order(item: tuple[float, Entry]) -> tuple[Any, ...]:
    """The best fit first; of equal ones what is in use, then by kind and name."""
    score, entry = item
    return -score, -len(entry.environments), KINDS.index(entry.kind), entry.product, entry.name


def _words(text: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(text)]


def _score(entry: Entry, asked: Sequence[str]) -> float:
    """How well an entry fits: 0 where a word is found nowhere in it."""
    fields = [_words(text) for text in (entry.name, " ".join(entry.tags), entry.description, entry.product)]
    total = 1.0
    for word in asked:
        best = max(
            (
                weight * _likeness(word, known)
                for weight, field in zip(_WEIGHTS, fields, strict=True)
                for known in field
            ),
            default=0.0,
        )
        if not best:
            return 0.0
        total += best
    return total


def _likeness(word: str, known: str) -> float:
    if word == known:
        return 1.0
    if known.startswith(word):
        return 0.9
    if word in known:
        return 0.8
    if min(len(word), len(known)) < 4:  # noqa: PLR2004 -- in a short word every letter makes another one
        return 0.0
    ratio = SequenceMatcher(None, word, known).ratio()
    return 0.7 * ratio if ratio >= _NEAR else 0.0
