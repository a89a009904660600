"""A unit sticks to its release, shares are kept, and growing a share takes nobody away."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from headway.serve.assignment import choose, point, salt_of

SALT = salt_of("prod", "delay", ["a" * 64, "b" * 64])
SHARES = st.floats(0, 100)


@given(st.text(), SHARES)
def test_the_same_unit_meets_the_same_release(unit: str, share: float) -> None:
    weights = [100 - share, share]
    assert choose(weights, unit, SALT) == choose(weights, unit, SALT)


@given(st.text(), SHARES, SHARES)
def test_a_growing_share_keeps_the_units_that_it_had(unit: str, one: float, other: float) -> None:
    small, large = sorted((one, other))
    if choose([100 - small, small], unit, SALT) == 1:
        assert choose([100 - large, large], unit, SALT) == 1


@given(st.text())
def test_a_share_of_nothing_gets_nobody_and_of_everything_everybody(unit: str) -> None:
    assert choose([100.0, 0.0], unit, SALT) == 0
    assert choose([0.0, 100.0], unit, SALT) == 1
    assert choose([0.0, 0.0, 100.0], unit, SALT) == 2


@given(st.text())
def test_a_unit_lies_between_nothing_and_below_everything(unit: str) -> None:
    assert 0 <= point(unit, SALT) < 100


def test_shares_are_kept() -> None:
    drawn = [choose([70.0, 20.0, 10.0], f"customer {number}", SALT) for number in range(10_000)]
    assert [round(drawn.count(place) / 100) for place in range(3)] == [70, 20, 10]


def test_another_experiment_is_another_draw_and_other_weights_are_the_same_one() -> None:
    assert salt_of("prod", "delay", ["b" * 64, "a" * 64]) == SALT
    assert (
        len(
            {
                SALT,
                salt_of("prod", "delay", ["a" * 64, "c" * 64]),
                salt_of("dev", "delay", ["a" * 64, "b" * 64]),
            }
        )
        == 3
    )


def test_a_draw_does_not_depend_on_the_process() -> None:
    assert round(point("customer 7", salt_of("prod", "delay", ["a", "b"])), 9) == 83.495688386
