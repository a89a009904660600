"""Drawn rows are rows that the contract lets through, whatever was seen."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from headway.spec.contract import Column
from headway.stats.draw import draw
from headway.stats.profile import decode, encode, profile

numbers = st.floats(allow_infinity=False, allow_nan=False)
bounds = st.one_of(st.none(), st.floats(-1e6, 1e6))


@settings(max_examples=80, deadline=None)
@given(
    seen=st.lists(numbers | st.just(float("nan")), max_size=20),
    one=bounds,
    two=bounds,
    seed=st.integers(0, 9),
    nulls=st.booleans(),
)
def test_numbers_stay_within_their_bounds(
    seen: list[float], one: float | None, two: float | None, seed: int, *, nulls: bool
) -> None:
    low, high = (one, two) if one is None or two is None else sorted((one, two))
    kept = [value for value in seen if (low is None or value >= low) and (high is None or value <= high)]
    found = draw(
        decode(encode(profile({"x": np.array(kept, np.float64)}))),
        {"x": Column(type="number", min=low, max=high, nulls=nulls)},
        50,
        seed,
    )["x"]
    assert not np.isinf(found).any()
    assert nulls or not np.isnan(found).any()
    known = found[~np.isnan(found)]
    assert low is None or (known >= low).all()
    assert high is None or (known <= high).all()
