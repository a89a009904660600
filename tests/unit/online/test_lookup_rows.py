"""Packed rows answer what was known then, and damaged ones are refused."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from headway.errors import BugError, EngineError
from headway.online.lookup import OnlineRows
from headway.online.pack import PackedGroup, pack

NOT_KEYS: list[Any] = [1.5] * 6


def times(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int64)


def weather() -> PackedGroup:
    """JFK measured at 10, 20 (corrected at 40) and 30; EWR at 10."""
    return PackedGroup(
        keys={"origin": ["JFK", "JFK", "EWR", "JFK", "JFK", None]},
        event_time=times(30, 20, 10, 20, 10, 10),
        known_time=times(31, 40, 11, 21, 11, 11),
        features={
            "wind": np.array([3.0, 2.5, 9.0, 2.0, 1.0, 7.0]),
            "sky": ["clear", "rain", None, "snow", "fog", "x"],
        },
    )


def at(moment: int, ttl_us: int | None = None, origin: object = "JFK") -> tuple[float | str | None, ...]:
    return OnlineRows(pack({"weather": weather()})).at("weather", (origin,), moment, ("wind", "sky"), ttl_us)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (11, (1.0, "fog")),
        (20, (1.0, "fog")),
        (21, (2.0, "snow")),
        (31, (3.0, "clear")),
        (40, (3.0, "clear")),
    ],
)
def test_the_newest_event_known_at_the_moment_answers(moment: int, expected: tuple[float, str]) -> None:
    assert at(moment) == expected


def test_a_correction_counts_only_from_when_it_was_known() -> None:
    group = weather()
    rows = slice(1, 5)
    corrected = PackedGroup(
        keys={"origin": group.keys["origin"][rows]},
        event_time=group.event_time[rows],
        known_time=group.known_time[rows],
        features={"wind": np.asarray(group.features["wind"])[rows]},
    )
    online = OnlineRows(pack({"weather": corrected}))
    assert online.at("weather", ("JFK",), 39, ("wind",), None) == (2.0,)
    assert online.at("weather", ("JFK",), 40, ("wind",), None) == (2.5,)


@pytest.mark.parametrize(("moment", "origin"), [(10, "JFK"), (99, "LGA"), (99, None), (99, 1.5)])
def test_what_is_not_known_is_missing(moment: int, origin: object) -> None:
    wind, sky = at(moment, origin=origin)
    assert isinstance(wind, float)
    assert math.isnan(wind)
    assert sky is None


def test_a_null_text_is_none() -> None:
    assert at(99, origin="EWR") == (9.0, None)


def test_a_value_older_than_its_time_to_live_is_missing() -> None:
    assert at(50, ttl_us=20) == (3.0, "clear")
    assert at(51, ttl_us=20)[1] is None


def test_a_key_of_several_columns_is_taken_in_their_order() -> None:
    group = PackedGroup(
        keys={"shop": [1, 1], "till": ["a", "b"]},
        event_time=times(1, 1),
        known_time=times(1, 1),
        features={"n": np.array([1.0, 2.0])},
    )
    online = OnlineRows(pack({"sales": group}))
    assert online.keys("sales") == ("shop", "till")
    assert online.at("sales", (1, "b"), 5, ("n",), None) == (2.0,)
    assert online.at("sales", (1.0, "b"), 5, ("n",), None) == (2.0,)


def test_a_group_without_rows_knows_nobody() -> None:
    empty = PackedGroup(
        keys={"k": []}, event_time=times(), known_time=times(), features={"n": np.array([]), "t": []}
    )
    assert OnlineRows(pack({"g": empty})).at("g", ("x",), 5, ("t",), None) == (None,)


def test_packing_the_same_rows_gives_the_same_bytes() -> None:
    assert pack({"weather": weather()}) == pack({"weather": weather()})


@pytest.mark.parametrize(
    "broken",
    [
        weather()._replace(keys={}),
        weather()._replace(keys={"origin": ["JFK"]}),
        weather()._replace(keys={"origin": NOT_KEYS}),
        weather()._replace(features={"wind": np.array([1.0])}),
    ],
)
def test_rows_that_do_not_fit_are_not_packed(broken: PackedGroup) -> None:
    with pytest.raises(BugError) as caught:
        pack({"weather": broken})
    assert caught.value.code == "SE301"


def test_every_truncation_and_every_changed_byte_is_refused() -> None:
    whole = pack({"weather": weather()})
    for place in range(len(whole)):
        changed = bytearray(whole)
        changed[place] ^= 1
        for data in (whole[:place], bytes(changed)):
            with pytest.raises(EngineError) as caught:
                OnlineRows(data)
            assert caught.value.code == "SE302"
