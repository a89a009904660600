"""Rows may share a call only if their answers do not know of each other, not even in the last bit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression

from headway.model.convert import convert
from headway.model.independence import dependence
from headway.model.inputs import ModelInput
from headway.model.native import NativeModel
from headway.model.onnx import OnnxModel

if TYPE_CHECKING:
    from collections.abc import Callable

INPUTS = tuple(ModelInput(name=name, type="number") for name in "abcdefgh")
TEXTS = (*INPUTS, ModelInput(name="text", type="text"))
ROWS = 500


class Model:
    """Answers by a function of a matrix."""

    def __init__(self, function: Callable[[np.ndarray], np.ndarray]) -> None:
        self.predict = function


@pytest.fixture(scope="module")
def columns() -> dict[str, Any]:
    numbers = np.random.default_rng(3)
    made: dict[str, Any] = {item.name: numbers.normal(size=ROWS) for item in INPUTS}
    return made | {"text": np.array([f"a{number % 5}" for number in range(ROWS)], object)}


def tried(function: Callable[[np.ndarray], np.ndarray], columns: dict[str, Any], inputs: Any = INPUTS) -> str:
    return dependence(NativeModel(Model(function), inputs, "value", "numpy"), columns, seed=7)


def test_a_model_that_sees_only_the_row_is_independent(columns: dict[str, Any]) -> None:
    assert tried(lambda x: x[:, 0] * 2 + x[:, 1], columns) == ""
    assert tried(lambda x: np.array([len(row[-1]) + row[0] for row in x]), columns, TEXTS) == ""


@pytest.mark.parametrize(
    "function",
    [
        pytest.param(lambda x: x[:, 0] - x[:, 0].mean(), id="centred"),
        pytest.param(lambda x: x[:, 0].argsort().argsort(), id="ranked"),
        pytest.param(lambda x: x[:, 0] + x[0, 1], id="by the first row"),
        pytest.param(lambda x: np.arange(len(x)), id="by the place"),
        pytest.param(lambda x: x[:, 0] + (len(x) > 3), id="by the count"),
        pytest.param(lambda x: x[:, 0] + np.finfo(float).eps * x[:, 0].max(), id="in the last bits"),
        pytest.param(lambda x: x[:, 0] * np.random.default_rng().random(), id="by chance"),
    ],
)
def test_a_model_that_sees_other_rows_is_found(
    function: Callable[[np.ndarray], np.ndarray], columns: dict[str, Any]
) -> None:
    assert "answered otherwise" in tried(function, columns)


def test_a_model_that_cannot_answer_a_few_rows_is_not_independent(columns: dict[str, Any]) -> None:
    def whole(x: np.ndarray) -> np.ndarray:
        if len(x) == 1:
            raise ValueError("at least two")
        return x[:, 0]

    assert tried(whole, columns) == "a row alone raises ValueError"


def test_trees_are_independent_in_both_forms_and_a_matrix_product_need_not_be(
    columns: dict[str, Any],
) -> None:
    x = np.stack([columns[item.name] for item in INPUTS], axis=1)
    trees = HistGradientBoostingRegressor(max_iter=10).fit(x, x[:, 0] + x[:, 1] ** 2)
    graph = convert(trees, INPUTS, "value").graph
    assert graph is not None
    for model in (NativeModel(trees, INPUTS, "value", "numpy"), OnnxModel(graph, INPUTS, "value")):
        assert dependence(model, columns, seed=7) == ""
    linear = NativeModel(LogisticRegression().fit(x, x[:, 0] > 0), INPUTS, "probability", "numpy")
    alone = np.concatenate(
        [linear.predict({name: v[i : i + 1] for name, v in columns.items()}) for i in range(64)]
    )
    if alone.tobytes() != linear.predict(columns)[:64].tobytes():  # as its linear algebra rounds here
        assert "answered otherwise" in dependence(linear, columns, seed=7)


def test_the_proof_does_not_change_from_run_to_run_and_needs_no_row(columns: dict[str, Any]) -> None:
    assert len({tried(lambda x: x[:, 0] + (len(x) > 3), columns) for _ in range(3)}) == 1
    assert tried(lambda x: x[:, 0], {name: values[:1] for name, values in columns.items()}) == ""
