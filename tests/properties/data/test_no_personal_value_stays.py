"""No value of a personal column stays in a text, whole or cut; what is none of them stays as it is."""

from __future__ import annotations

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from headway.data.personal import mask_of
from headway.errors.masking import MASK

VALUES = st.text("abcé@.-'", min_size=6, max_size=40)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(VALUES, min_size=1, max_size=5), st.text("XYZ ;=", min_size=1, max_size=12), st.integers(24, 40)
)
def test_no_value_of_a_personal_column_stays_in_a_text(values: list[str], around: str, cut: int) -> None:
    mask = mask_of(lambda: [pl.Series("email", values)])
    text = around.join(["", *values, *(value[:cut] for value in values), ""])
    said = mask(text)
    assert all(value not in said for value in values)
    assert set(said.replace(MASK, "")) <= set(around)


@settings(deadline=None, max_examples=30)
@given(st.text("XYZ 0123", max_size=60))
def test_a_text_without_personal_values_stays_as_it_is(text: str) -> None:
    mask = mask_of(lambda: [pl.Series("email", ["abcdef", "abcd"]), pl.Series("age", [1, 23, None])])
    assert mask(text) == text


def test_a_short_value_counts_as_a_word_of_its_own_only() -> None:
    mask = mask_of(lambda: [pl.Series("name", ["main"])])
    assert mask("model.domain of main, not mainly") == f"model.domain of {MASK}, not mainly"
