"""In which columns two tables differ, in words. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

import polars as pl

from headway.contract.casting import type_words
from headway.core.wording import few

_SHOWN = 3


def difference(earlier: Mapping[str, pl.DataType], later: Mapping[str, pl.DataType]) -> tuple[str, str]:
    """What another table has that is not as in an earlier one, and how that may have come; both empty where all is.

    Args:
        earlier: Column -> type of the table to compare with.
        later: Of the other one.

    Returns:
        ("lacks `v`, has `w`", "`w` may be `v` under another name"), ("`id` is text, was integer", "").
    """
    lacks = [name for name in earlier if name not in later]
    extra = [name for name in later if name not in earlier]
    other = [
        f"`{name}` is {type_words(later[name])}, was {type_words(kind)}"
        for name, kind in earlier.items()
        if name in later and later[name] != kind
    ]
    parts = [
        f"{word} {few([f'`{name}`' for name in names], _SHOWN)}"
        for word, names in (("lacks", lacks), ("has", extra))
        if names
    ]
    return ", ".join([*parts, *other[:_SHOWN]]), _renamed(lacks, extra, earlier, later)


def _renamed(
    lacks: list[str], extra: list[str], earlier: Mapping[str, pl.DataType], later: Mapping[str, pl.DataType]
) -> str:
    for name in lacks:
        alike = [other for other in extra if later[other] == earlier[name]]
        near = difflib.get_close_matches(name, extra, n=1, cutoff=0.6) or (
            alike if len(lacks) == len(extra) == 1 else []
        )
        if near:
            return f"`{near[0]}` may be `{name}` under another name"
    return ""
