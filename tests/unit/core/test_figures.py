"""Figures for people: digits, not exponents, where people read them without."""

from __future__ import annotations

import math

import pytest

from headway.core.wording import figure


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (13234.56, "13,235"),
        (1_234_567.0, "1,234,567"),
        (0.742123, "0.7421"),
        (12.5, "12.5"),
        (9.99996, "10"),
        (999.96, "1,000"),
        (100.0, "100"),
        (-4321.987, "-4,322"),
        (0.0001234, "0.0001234"),
        (0.0, "0"),
        (1.5e-7, "1.5e-07"),
        (2e20, "2e+20"),
        (math.inf, "inf"),
        (math.nan, "nan"),
    ],
)
def test_a_figure_has_the_digits_that_tell(value: float, text: str) -> None:
    assert figure(value) == text
