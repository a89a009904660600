"""The digest of a model's parameters is a function of what they mean, and of nothing else."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from headway.model.identity import parameters

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary()
ARRAYS = st.lists(st.floats(allow_nan=False), max_size=5).map(np.array)
VALUES = st.recursive(
    SCALARS | ARRAYS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_a_copy_has_the_same_digest(value: Any) -> None:
    assert parameters(copy.deepcopy(value)).digest == parameters(value).digest


@given(VALUES)
def test_a_value_that_was_pickled_has_the_same_digest(value: Any) -> None:
    assert parameters(pickle.loads(pickle.dumps(value))).digest == parameters(value).digest


@given(st.dictionaries(st.text(max_size=3), VALUES, max_size=5))
def test_the_order_of_a_dictionary_does_not_count(value: dict[str, Any]) -> None:
    turned = dict(reversed(list(value.items())))
    assert parameters(turned).digest == parameters(value).digest


@given(st.lists(st.text(max_size=3), max_size=5), st.lists(st.text(max_size=3), max_size=5))
def test_only_equal_lists_share_a_digest(one: list[str], other: list[str]) -> None:
    assert (parameters(one).digest == parameters(other).digest) == (one == other)
