"""Records of numbers alone become columns through one array; they are the columns that they were."""

from __future__ import annotations

import numpy as np
import pytest

from headway.contract.record import compile_record
from headway.spec.contract import Column, Contract


@pytest.mark.parametrize("rows", [1, 2, 7])
def test_columns_of_numbers_are_the_same_with_and_without_a_text_beside_them(rows: int) -> None:
    numbers = {f"x{place}": Column(type="number", nulls=place % 2 == 1) for place in range(5)}
    mixed = {**numbers, "word": Column(type="text")}
    sent = [
        {
            name: None if column.nulls and row % 2 else row * 1.5 + place
            for place, (name, column) in enumerate(numbers.items())
        }
        for row in range(rows)
    ]
    alone, beside = (
        compile_record(Contract(columns=numbers), tuple(numbers)),
        compile_record(Contract(columns=mixed), tuple(mixed)),
    )
    fast = alone.to_columns(alone.from_rows(sent))
    slow = beside.to_columns(beside.from_rows([row | {"word": "a"} for row in sent]))
    assert list(fast) == list(numbers)
    for name, column in fast.items():
        assert column.dtype == np.float64
        np.testing.assert_array_equal(column, slow[name])
