from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from headway.model.agreement import compare
from headway.model.inputs import ModelInput

if TYPE_CHECKING:
    from collections.abc import Mapping

COLUMNS = {"x": np.zeros(4)}


class Fixed:
    """A model that always answers the same."""

    inputs = (ModelInput(name="x", type="number"),)

    def __init__(self, answers: list[float] | list[list[float]]) -> None:
        self.answers = np.array(answers, dtype=np.float64)

    def predict(self, columns: Mapping[str, np.ndarray]) -> np.ndarray:  # noqa: ARG002 -- its answers are fixed
        return self.answers


def both(*positive: float) -> Fixed:
    return Fixed([[1 - share, share] for share in positive])


def test_equal_probabilities_agree() -> None:
    found = compare(both(0.1, 0.9), both(0.1, 0.90009), COLUMNS, "probability")
    assert (found.ok, found.rows, found.flips, found.example) == (True, 2, 0, None)


def test_a_probability_beyond_the_tolerance_disagrees_and_is_shown() -> None:
    found = compare(both(0.1, 0.9), both(0.1, 0.9002), COLUMNS, "probability")
    assert not found.ok
    assert found.example is not None
    assert found.example["row"] == 1


def test_a_flipped_label_disagrees_however_near_the_probabilities_are() -> None:
    found = compare(both(0.500001), both(0.499999), COLUMNS, "probability")
    assert (found.ok, found.flips) == (False, 1)


def test_the_declared_threshold_decides_what_a_flip_is() -> None:
    found = compare(both(0.300001), both(0.299999), COLUMNS, "probability", threshold=0.3, positive=1)
    assert (found.ok, found.flips) == (False, 1)


@pytest.mark.parametrize("one_sided", [(np.nan, 1.0), (1.0, np.nan), (np.inf, 1.0)])
def test_a_number_on_one_side_only_disagrees(one_sided: tuple[float, float]) -> None:
    found = compare(Fixed([one_sided[0]]), Fixed([one_sided[1]]), COLUMNS, "value")
    assert (found.ok, found.worst) == (False, None)


def test_values_are_compared_relative_to_their_size() -> None:
    assert compare(Fixed([1e6, 2e6]), Fixed([1e6 + 5, 2e6]), COLUMNS, "value").ok
    assert not compare(Fixed([1e6, 2e6]), Fixed([1e6 + 50, 2e6]), COLUMNS, "value").ok


def test_a_value_that_happens_to_be_zero_is_compared_to_the_size_of_the_others() -> None:
    assert compare(Fixed([0.0, 100.0, 120.0]), Fixed([1e-6, 100.0, 120.0]), COLUMNS, "value").ok


def test_another_number_of_classes_disagrees() -> None:
    found = compare(both(0.5), Fixed([[0.2, 0.3, 0.5]]), COLUMNS, "probability")
    assert not found.ok


def test_no_rows_agree() -> None:
    assert compare(Fixed([]), Fixed([]), {"x": np.zeros(0)}, "value").ok
