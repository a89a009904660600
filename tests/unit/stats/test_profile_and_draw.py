"""A profile says what was seen; rows drawn from it stay within what may come."""

from __future__ import annotations

import subprocess
import sys

import msgspec
import numpy as np
import pytest

from headway.spec.contract import Column
from headway.stats.draw import LEAST_NULLS, UNKNOWN, draw
from headway.stats.profile import CATEGORIES, QUANTILES, decode, encode, profile

NUMBERS = np.array([0.0, 10.0, np.nan, 5.0, 5.0])
TEXTS = np.array(["b", "a", None, "b", ""], object)


def test_a_profile_counts_numbers_and_text() -> None:
    found = profile({"x": NUMBERS, "s": TEXTS}).columns
    x = found["x"]
    assert (x.rows, x.nulls, x.min, x.max, x.mean) == (5, 1, 0.0, 10.0, 5.0)
    assert x.stdev == pytest.approx(np.nanstd(NUMBERS))
    assert len(x.quantiles) == QUANTILES
    assert (x.quantiles[0], x.quantiles[-1]) == (0.0, 10.0)
    s = found["s"]
    assert (s.rows, s.nulls, s.counts, s.other, s.min) == (5, 1, {"b": 2, "": 1, "a": 1}, 0, None)


def test_a_profile_keeps_the_most_frequent_texts_only() -> None:
    texts = [f"t{number:04}" for number in range(CATEGORIES + 5)]
    found = profile({"s": np.array([*texts, "t1004"], object)}).columns["s"]
    assert next(iter(found.counts)) == "t1004"
    assert len(found.counts) == CATEGORIES
    assert found.other == 5


@pytest.mark.parametrize(
    "values", [np.array([]), np.array([np.nan]), np.array([], object), np.array([None], object)]
)
def test_nothing_seen_has_no_figures(values: np.ndarray) -> None:
    found = profile({"x": values}).columns["x"]
    assert (found.min, found.mean, found.quantiles, found.counts) == (None, None, (), {})


def test_integers_and_booleans_are_numbers() -> None:
    assert profile({"x": np.array([1, 3])}).columns["x"].mean == 2.0
    assert profile({"x": np.array([True, False])}).columns["x"].mean == 0.5


def test_huge_numbers_do_not_overflow() -> None:
    huge = np.finfo(np.float64).max
    found = profile({"x": np.array([-huge, huge, huge, 0.0])}).columns["x"]
    assert (found.min, found.max) == (-huge, huge)
    assert np.isfinite([found.mean, found.stdev, *found.quantiles]).all()


def test_infinity_is_a_bug_of_the_caller() -> None:
    with pytest.raises(ValueError, match="'x' holds infinite"):
        profile({"x": np.array([1.0, np.inf])})


def test_equal_columns_give_equal_bytes_that_read_back() -> None:
    random = np.random.default_rng(1)
    columns = {"x": random.normal(size=1000), "s": random.choice(np.array(["a", "b", "ü"], object), 1000)}
    found = profile(columns)
    assert encode(found) == encode(profile(columns))
    assert decode(encode(found)) == found
    with pytest.raises(msgspec.DecodeError):
        decode(encode(found)[:-1])


# -- drawing -----------------------------------------------------------------------------------


def drawn(values: np.ndarray, column: Column | None = None, n: int = 4000) -> np.ndarray:
    bounds = {} if column is None else {"x": column}
    return draw(profile({"x": values}), bounds, n, seed=1)["x"]


def test_the_same_seed_draws_the_same_rows() -> None:
    seen = profile({"x": NUMBERS, "s": TEXTS})
    one, two, other = draw(seen, {}, 100, seed=1), draw(seen, {}, 100, seed=1), draw(seen, {}, 100, seed=2)
    np.testing.assert_array_equal(one["x"], two["x"])
    assert one["s"].tolist() == two["s"].tolist()
    assert not np.array_equal(one["x"], other["x"], equal_nan=True)


def test_numbers_without_a_contract_reach_a_tenth_further_and_may_be_null() -> None:
    found = drawn(np.linspace(0, 10, 100))
    assert np.nanmin(found) == -1.0
    assert np.nanmax(found) == 11.0
    assert np.isnan(found).mean() == pytest.approx(LEAST_NULLS, abs=0.01)
    assert np.isnan(drawn(NUMBERS)).mean() == pytest.approx(0.2, abs=0.05)


def test_the_contract_bounds_what_is_drawn_and_its_bounds_are_drawn() -> None:
    found = drawn(NUMBERS, Column(type="number", min=-5, max=7))
    assert (found.min(), found.max()) == (-5.0, 7.0)
    assert not np.isnan(found).any()
    assert 5.0 in found, "observed values are mixed in"


def test_whole_numbers_stay_whole_and_booleans_two_values() -> None:
    found = drawn(np.array([1.0, 9.0]), Column(type="integer", min=1))
    assert set(found) <= set(range(1, 10))
    assert set(drawn(np.array([1.0]), Column(type="boolean"))) == {0.0, 1.0}
    assert set(drawn(np.array([1.0]), Column(type="integer", in_=(3, 4)))) == {3.0, 4.0}


def test_a_column_that_was_never_seen_is_still_drawn() -> None:
    assert np.isnan(drawn(np.array([np.nan]))).all(), "null as often as it was seen"
    found = drawn(np.array([np.nan]), Column(type="number", min=5, max=6))
    assert found.min() >= 5.0
    assert set(drawn(np.array([None], object))) == {"", UNKNOWN}


def test_the_widest_bounds_do_not_overflow() -> None:
    huge = np.finfo(np.float64).max
    assert np.isfinite(drawn(np.array([0.0]), Column(type="number", min=-huge, max=huge))).all()
    assert np.isfinite(np.nan_to_num(drawn(np.array([-huge, huge])))).all()


def test_text_is_known_empty_or_unknown_as_far_as_the_contract_allows() -> None:
    seen = np.array(["a", "b"], object)
    assert set(drawn(seen)) == {"a", "b", "", UNKNOWN}
    assert set(drawn(seen, Column(type="text"))) == {"a", "b", "", UNKNOWN}
    assert set(drawn(seen, Column(type="text", in_=("a", "b", "c")))) == {"a", "b", "c"}
    assert set(drawn(seen, Column(type="text", in_=("a",), nulls=True))) == {"a", ""}
    assert set(drawn(seen, Column(type="text", matches="^[ab]$"))) == {"a", "b"}


def test_no_rows_can_be_drawn_too() -> None:
    assert len(drawn(NUMBERS, n=0)) == 0


def test_statistics_load_no_frame_library() -> None:
    code = "import headway.stats.draw, sys; print({'polars', 'pandas', 'scipy'} & set(sys.modules))"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "set()"
