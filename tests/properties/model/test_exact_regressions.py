"""Boosted regressions as graphs: every row takes its own branch, and every plain link is there."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from headway.model.convert import convert
from headway.model.inputs import ModelInput
from headway.model.onnx import OnnxModel

INPUTS = tuple(ModelInput(name=name, type="number") for name in ("a", "b"))
LOSSES = ["squared_error", "absolute_error", "quantile", "gamma", "poisson"]
SINGLE = float(np.finfo(np.float32).eps)


def fitted(
    loss: str, seed: int, scale: float, rounds: int
) -> tuple[HistGradientBoostingRegressor, np.ndarray]:
    chance = np.random.default_rng(seed)
    x = np.column_stack([chance.normal(size=400) * scale, chance.exponential(size=400)])
    x[::7, 1] = np.nan
    y = np.exp(np.tanh(x[:, 0] / scale) + chance.normal(size=400) * 0.1)
    quantile: dict[str, Any] = {"quantile": 0.8} if loss == "quantile" else {}
    model = HistGradientBoostingRegressor(loss=loss, max_iter=rounds, random_state=seed, **quantile)
    return model.fit(x, y), x


def at_the_splits(model: HistGradientBoostingRegressor) -> np.ndarray:
    """Rows whose numbers are a split, or the next number on either side of one."""
    nodes = np.concatenate([tree.nodes for trees in model._predictors for tree in trees])
    splits = np.unique(nodes["num_threshold"][~nodes["is_leaf"].astype(bool)])
    near = np.concatenate([splits, np.nextafter(splits, np.inf), np.nextafter(splits, -np.inf), [np.nan]])
    return np.column_stack([near, near[::-1]])


@settings(max_examples=25, deadline=None)
@given(
    loss=st.sampled_from(LOSSES),
    seed=st.integers(0, 10_000),
    scale=st.sampled_from([1e-3, 1.0, 1e6]),
    rounds=st.integers(1, 12),
)
def test_a_regression_answers_as_its_graph_to_the_float_that_the_operator_gives(
    loss: str, seed: int, scale: float, rounds: int
) -> None:
    model, x = fitted(loss, seed, scale, rounds)
    rows = np.vstack([x, at_the_splits(model)])
    conversion = convert(model, INPUTS, "value")
    assert conversion.graph is not None, conversion.reason
    found = OnnxModel(conversion.graph, INPUTS, "value").predict({"a": rows[:, 0], "b": rows[:, 1]})
    wanted = model.predict(rows)
    if loss in ("gamma", "poisson"):
        found, wanted = np.log(found), np.log(wanted)
    # Summed in double, in another order, and rounded once to a float.
    size = np.maximum(np.abs(wanted), np.abs(model._baseline_prediction).max())
    assert (np.abs(found - wanted) <= SINGLE * size).all()


def test_the_same_regression_gives_the_same_bytes() -> None:
    one, two = (convert(fitted("poisson", 3, 1.0, 5)[0], INPUTS, "value").graph for _ in range(2))
    assert one == two
    assert one is not None
    onnx.checker.check_model(onnx.load_from_string(one), full_check=True)


def test_a_regression_behind_a_step_keeps_its_link() -> None:
    model, x = fitted("gamma", 5, 1.0, 5)
    whole = make_pipeline(FunctionTransformer(), model).fit(x, model.predict(x))
    graph = convert(whole, INPUTS, "value").graph
    assert graph is not None
    found = OnnxModel(graph, INPUTS, "value").predict({"a": x[:, 0], "b": x[:, 1]})
    assert np.allclose(found, whole.predict(x), rtol=1e-6)


def test_a_link_that_is_not_known_is_refused_and_never_guessed_at(monkeypatch: pytest.MonkeyPatch) -> None:
    model, _ = fitted("squared_error", 1, 1.0, 2)

    class OddLink(type(model._loss.link)):
        """A link of somebody's own loss."""

    monkeypatch.setattr(model._loss, "link", OddLink())
    conversion = convert(model, INPUTS, "value")
    assert conversion.graph is None
    assert "link of its own" in conversion.reason


def test_a_step_that_knows_no_doubles_leaves_a_link_to_the_native_form() -> None:
    """In floats skl2onnx converts without the link: that graph is not even tried."""
    model, x = fitted("poisson", 5, 1.0, 5)
    whole = make_pipeline(SimpleImputer(), model).fit(x, model.predict(x))
    conversion = convert(whole, INPUTS, "value")
    assert conversion.graph is None
    assert conversion.reason
