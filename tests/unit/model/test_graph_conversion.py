from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from headway.errors import EngineError
from headway.model.agreement import compare
from headway.model.container import columns_of
from headway.model.convert import convert
from headway.model.inputs import ModelInput
from headway.model.native import NativeModel
from headway.model.onnx import OnnxModel

Encoded = Callable[[Any], Pipeline]
Inputs = tuple[ModelInput, ...]


def agrees(model: Any, inputs: Inputs, features: pl.DataFrame, kind: Any = "probability") -> bool:
    conversion = convert(model, inputs, kind)
    assert conversion.graph is not None, conversion.reason
    native = NativeModel(model, inputs, kind, "polars")
    return compare(native, OnnxModel(conversion.graph, inputs, kind), columns_of(features), kind).ok


def test_boosting_behind_an_encoder_converts_and_agrees(
    boosting: Pipeline, features: pl.DataFrame, inputs: Inputs
) -> None:
    """Holds the pins of skl2onnx and protobuf: without them this conversion fails."""
    assert agrees(boosting, inputs, features)


@pytest.mark.parametrize(
    "estimator",
    [RandomForestClassifier(10, random_state=1), GradientBoostingClassifier(n_estimators=10, random_state=1)],
)
def test_other_trees_convert_and_agree(
    estimator: Any, encoded: Encoded, features: pl.DataFrame, label: np.ndarray, inputs: Inputs
) -> None:
    whole = features.with_columns(pl.col("wind").fill_null(0.0))
    assert agrees(encoded(estimator).fit(whole, label), inputs, whole)


def test_one_hot_and_scaled_columns_convert_and_agree(
    features: pl.DataFrame, label: np.ndarray, inputs: Inputs
) -> None:
    prepared = ColumnTransformer(
        [
            ("text", OneHotEncoder(handle_unknown="ignore"), ["carrier"]),
            ("number", make_pipeline(SimpleImputer(), StandardScaler()), ["temperature", "wind"]),
        ]
    )
    assert agrees(make_pipeline(prepared, LogisticRegression()).fit(features, label), inputs, features)


@pytest.mark.parametrize(
    "estimator",
    [
        HistGradientBoostingRegressor(max_iter=20),
        make_pipeline(SimpleImputer(), RandomForestRegressor(5, random_state=1)),
        make_pipeline(SimpleImputer(), StandardScaler(), LinearRegression()),
    ],
)
def test_regressions_convert_and_agree(estimator: Any, features: pl.DataFrame, numbers: Inputs) -> None:
    taken = features.select("temperature", "wind")
    value = 30 * taken["temperature"].to_numpy() + taken["wind"].fill_null(0).to_numpy()
    assert agrees(estimator.fit(taken, value), numbers, taken, "value")


def test_a_forest_that_learnt_from_missing_values_converts_wrongly_and_is_caught(
    features: pl.DataFrame, numbers: Inputs
) -> None:
    """skl2onnx leaves out which way a missing value goes in a forest."""
    taken = features.select("temperature", "wind")
    value = 30 * taken["temperature"].to_numpy() + 50 * taken["wind"].fill_null(0).to_numpy()
    assert not agrees(RandomForestRegressor(5, random_state=1).fit(taken, value), numbers, taken, "value")


@pytest.mark.parametrize("labels", [["late", "on time"], [0, 1], [0.0, 1.0], [False, True]])
def test_labels_of_every_type_convert(
    labels: list[Any], features: pl.DataFrame, label: np.ndarray, numbers: Inputs
) -> None:
    taken = features.select("temperature", "wind")
    model = HistGradientBoostingClassifier(max_iter=5).fit(taken, np.array(labels)[label.astype(int)])
    assert agrees(model, numbers, taken)


def test_three_classes_convert(features: pl.DataFrame, numbers: Inputs) -> None:
    taken = features.select("temperature", "wind")
    classes = np.digitize(taken["temperature"].to_numpy(), [50, 70])
    assert agrees(HistGradientBoostingClassifier(max_iter=10).fit(taken, classes), numbers, taken)


def thresholds(model: Any) -> np.ndarray:
    nodes = np.concatenate([tree.nodes for iteration in model._predictors for tree in iteration])
    return np.unique(nodes["num_threshold"][~nodes["is_leaf"].astype(bool)])


def test_no_row_takes_another_branch_even_one_ulp_from_a_split(
    features: pl.DataFrame, label: np.ndarray
) -> None:
    """skl2onnx rounds the splits of boosting to floats; half of such rows would go wrong."""
    column = features.select("temperature")
    model = HistGradientBoostingClassifier(max_iter=30).fit(column, label)
    at = thresholds(model)
    rows = {"temperature": np.concatenate([at, np.nextafter(at, np.inf), np.nextafter(at, -np.inf)])}
    one = (ModelInput(name="temperature", type="number"),)
    graph = convert(model, one, "probability").graph
    assert graph is not None
    found = compare(
        NativeModel(model, one, "probability", "polars"),
        OnnxModel(graph, one, "probability"),
        rows,
        "probability",
    )
    assert found.ok
    assert found.worst is not None
    assert found.worst < 1e-6


def test_columns_with_names_that_are_no_identifiers_keep_apart(
    features: pl.DataFrame, label: np.ndarray
) -> None:
    names = {"temperature": "label", "wind": "größe in m/s", "carrier": "a.b"}
    renamed = features.rename(names)
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    prepared = ColumnTransformer([("text", encoder, ["a.b"])], remainder="passthrough")
    model = make_pipeline(prepared, HistGradientBoostingClassifier(max_iter=5)).fit(renamed, label)
    inputs = (
        ModelInput(name="label", type="number"),
        ModelInput(name="größe in m/s", type="number"),
        ModelInput(name="a.b", type="text"),
    )
    assert agrees(model, inputs, renamed)


def test_categorical_features_are_refused_because_they_convert_silently_wrong(
    encoded: Encoded, features: pl.DataFrame, label: np.ndarray, inputs: Inputs
) -> None:
    model = encoded(HistGradientBoostingClassifier(max_iter=5, categorical_features=[0])).fit(features, label)
    conversion = convert(model, inputs, "probability")
    assert conversion.graph is None
    assert "categorical_features=" in conversion.reason


class Own(ClassifierMixin, BaseEstimator):
    """An estimator that no converter knows."""

    def fit(self, x: Any, y: Any) -> Own:
        self.classes_ = np.unique(y)
        self.n_features_in_ = x.shape[1]
        return self

    def predict_proba(self, x: Any) -> np.ndarray:
        return np.full((len(x), 2), 0.5)


def test_what_no_converter_knows_gives_a_bounded_reason(
    features: pl.DataFrame, label: np.ndarray, inputs: Inputs
) -> None:
    conversion = convert(Own().fit(features, label), inputs, "probability")
    assert conversion.graph is None
    assert "Own" in conversion.reason
    assert "\n" not in conversion.reason
    assert len(conversion.reason) < 300


def test_what_is_no_estimator_gives_a_reason(inputs: Inputs) -> None:
    assert convert(object(), inputs, "probability") == (None, "object is no scikit-learn estimator")


SCRIPT = """
import numpy as np, polars as pl
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder
from headway.core.digest import of_bytes
from headway.model.convert import convert
from headway.model.inputs import ModelInput
rng = np.random.default_rng(0)
x = pl.DataFrame({"a": rng.normal(size=300), "b": rng.choice(["x", "y"], 300)})
prepared = ColumnTransformer([("t", OrdinalEncoder(), ["b"])], remainder="passthrough")
model = make_pipeline(prepared, HistGradientBoostingClassifier(max_iter=5)).fit(x, x["a"] > 0)
inputs = (ModelInput(name="a", type="number"), ModelInput(name="b", type="text"))
print(of_bytes(convert(model, inputs, "probability").graph))
"""


def test_the_same_model_gives_the_same_bytes_in_two_processes_and_hash_seeds() -> None:
    found = {
        subprocess.run(
            [sys.executable, "-c", SCRIPT],
            env={"PYTHONHASHSEED": seed, "OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(found) == 1


def test_bytes_that_are_no_graph_are_a_named_error(inputs: Inputs) -> None:
    with pytest.raises(EngineError, match="the ONNX graph cannot be loaded") as caught:
        OnnxModel(b"not a graph", inputs, "probability")
    assert caught.value.code == "MO001"


def test_a_number_beyond_single_precision_is_answered(
    features: pl.DataFrame, label: np.ndarray, numbers: Inputs
) -> None:
    taken = features.select("temperature", "wind").with_columns(pl.col("wind").fill_null(0.0))
    model = RandomForestClassifier(3, random_state=1).fit(taken, label)
    graph = convert(model, numbers, "probability").graph
    assert graph is not None
    found = OnnxModel(graph, numbers, "probability").predict(
        {"temperature": np.array([1e300]), "wind": np.array([0.0])}
    )
    assert np.isfinite(found).all()
