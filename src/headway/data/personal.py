"""Keeps the values of personal columns out of every text while they are worked on; looks them up only then."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import polars as pl

from headway.errors.masking import MASK, Mask

_SHORTEST = {"text": 4, "other": 6}
"""Characters from which a value is looked for; shorter ones stand in too many texts by chance."""
_HEAD = 24
"""Characters by which a value is found, so that one that was cut is found too."""
_WORD = 6
"""A value shorter than this counts only where it stands as a word of its own."""


def mask_of(columns: Callable[[], Iterable[pl.Series]]) -> Mask:
    """A function that takes the values of columns out of a text.

    Args:
        columns: Gives the columns; called when the first text comes, for most runs never.
    """
    known: list[pl.DataFrame] = []

    def mask(text: str) -> str:
        if not text:
            return text
        if not known:
            known.append(_values(columns()))
        found = known[0].filter(pl.lit(text).str.contains(pl.col("head"), literal=True))
        for value in sorted(found["value"].to_list(), key=len, reverse=True):
            text = _without(text, value)
        return text

    return mask


def _values(columns: Iterable[pl.Series]) -> pl.DataFrame:
    """Every value once, as it is written in a text, with the head that finds it."""
    texts = [
        written.filter(written.str.len_chars() >= shortest)
        for series in columns
        if series.dtype not in (pl.Boolean, pl.Null)
        for shortest in [_SHORTEST["text" if series.dtype == pl.String else "other"]]
        for written in [series.drop_nulls().unique().cast(pl.String).alias("value")]
    ]
    values = pl.concat([pl.Series("value", [], dtype=pl.String), *texts]).unique()
    return pl.DataFrame({"value": values, "head": values.str.slice(0, _HEAD)})


def _without(text: str, value: str) -> str:
    """A text without a value, whole or cut after its head."""
    head, start = value[:_HEAD], 0
    while (at := text.find(head, start)) >= 0:
        end = at + len(head)
        while end - at < len(value) and text[end : end + 1] == value[end - at]:
            end += 1
        around = text[at - 1 : at] + text[end : end + 1] if at else text[end : end + 1]
        if len(value) < _WORD and any(sign.isalnum() for sign in around):
            start = end
            continue
        text = f"{text[:at]}{MASK}{text[end:]}"
        start = at + len(MASK)
    return text
