"""A look-up equals the slow oracle: filter what was known, take the newest."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from headway.online.lookup import OnlineRows
from headway.online.pack import PackedGroup, pack

Row = tuple[str | None, int, int]
ROWS = st.lists(
    st.tuples(st.sampled_from(["a", "b", None]), st.integers(-9, 9), st.integers(-9, 9)), max_size=30
)


def oracle(rows: list[Row], key: str, moment: int, ttl: int | None) -> int | None:
    """The place of the row that answers, by the definition."""
    known = [
        (event, noted, place)
        for place, (entity, event, noted) in enumerate(rows)
        if entity == key and event <= moment and noted <= moment
    ]
    if not known:
        return None
    event, _, place = max(known)
    return None if ttl is not None and moment - event > ttl else place


@given(ROWS, st.sampled_from(["a", "b", "c"]), st.integers(-12, 12), st.none() | st.integers(0, 12))
def test_a_look_up_equals_the_oracle(rows: list[Row], key: str, moment: int, ttl: int | None) -> None:
    group = PackedGroup(
        keys={"k": [entity for entity, _, _ in rows]},
        event_time=np.array([event for _, event, _ in rows], dtype=np.int64),
        known_time=np.array([noted for _, _, noted in rows], dtype=np.int64),
        features={
            "place": np.arange(len(rows), dtype=np.float64),
            "name": [f"row {i}" for i in range(len(rows))],
        },
    )
    place, name = OnlineRows(pack({"g": group})).at("g", (key,), moment, ("place", "name"), ttl)
    expected = oracle(rows, key, moment, ttl)
    assert isinstance(place, float)
    assert name == (None if expected is None else f"row {expected}")
    assert np.isnan(place) if expected is None else place == expected
