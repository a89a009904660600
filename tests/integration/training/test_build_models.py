"""A declared model becomes files that serve, or a named reason why not."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import polars as pl
import pytest
from msgspec.structs import replace
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder

from headway.errors import GateError, SpecError, UserCodeError
from headway.model.container import columns_of
from headway.model.native import load
from headway.model.onnx import OnnxModel
from headway.spec.contract import Column
from headway.spec.product import Answer, Model
from headway.training.build import GRAPH, NATIVE, BuiltModel, Material, build, build_baseline
from headway.training.parts import Part, inputs_of

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

LATE = Model(
    dataset="delay",
    train="delay.training:fit",
    answer=Answer(probability_of=True, threshold=0.4),
    baseline="majority",
    seed=3,
)
CONTRACT = {"distance": Column(type="number", min=0, max=5000), "carrier": Column(type="text")}


def part(rows: int, seed: int) -> Part:
    rng = np.random.default_rng(seed)
    is_missing = rng.random(rows) < 0.1
    features = pl.DataFrame(
        {
            "distance": rng.gamma(2, 500, rows),
            "carrier": rng.choice(["AA", "DL", "UA"], rows),
            "wind": pl.Series(np.where(is_missing, np.nan, rng.normal(12, 4, rows)), nan_to_null=True),
        }
    )
    late = features["distance"].to_numpy() / 1000 + rng.normal(0, 0.5, rows) > 1
    return Part(features=features, label=pl.Series("label", late), rows=pl.DataFrame({"id": range(rows)}))


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> Material:
    train, test = part(1500, 1), part(400, 3)
    return Material(
        node="model.delay",
        folder=tmp_path_factory.mktemp("model"),
        train=train,
        validate=part(400, 2),
        test=columns_of(test.features),
        contract=CONTRACT,
        inputs=inputs_of(train.features),
    )


def boosting(train: Part, seed: int) -> Any:
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    prepared = ColumnTransformer([("text", encoder, ["carrier"])], remainder="passthrough")
    model = make_pipeline(prepared, HistGradientBoostingClassifier(max_iter=20, random_state=seed))
    return model.fit(train.features, train.label)


def made(function: Callable[..., Any], material: Material, declared: Model = LATE) -> BuiltModel:
    return build(declared, material, resolve=lambda _: function)


def test_a_model_that_agrees_serves_as_onnx_and_keeps_its_native_form(material: Material) -> None:
    built = made(boosting, material)
    assert (built.runtime, built.why_native) == ("onnx", "")
    assert set(built.files) == {GRAPH, NATIVE}
    assert (built.classes, built.positive, built.positive_index) == ((False, True), True, 1)
    assert built.agreement["evaluation"]["rows"] == 800
    assert built.agreement["contract"]["rows"] == 10_000
    graph, path = built.files[GRAPH], built.files[NATIVE]
    assert isinstance(graph, bytes)
    assert isinstance(path, Path)
    served = OnnxModel(graph, material.inputs, "probability").predict(material.test)
    kept = load(path, material.inputs, "probability", built.container).predict(material.test)
    assert np.abs(served - kept).max() < 1e-6


def test_building_twice_gives_one_digest(material: Material) -> None:
    assert made(boosting, material).digest == made(boosting, material).digest


def test_native_is_served_where_it_is_declared_and_another_identity(material: Material) -> None:
    as_native = replace(LATE, serve_as="native")
    one, other = made(boosting, material, as_native), made(boosting, material, as_native)
    assert (one.runtime, one.why_native) == ("native", "`serve_as: native` is declared")
    assert set(one.files) == {NATIVE}
    assert one.digest == other.digest
    assert one.digest != made(boosting, material).digest


def test_the_native_form_says_what_it_needs(material: Material) -> None:
    built = made(boosting, material)
    assert {"joblib", "numpy", "polars", "scikit-learn"} <= set(built.libraries)
    assert built.own_modules == ()


def test_pandas_is_what_a_model_fitted_on_pandas_needs(material: Material) -> None:
    def fit(train: pd.DataFrame, seed: int) -> Any:
        assert type(train.features).__module__.startswith("pandas")
        return boosting(cast("Part", train), seed)

    built = made(fit, material)
    assert (built.runtime, built.container) == ("onnx", "pandas")
    assert "pandas" in built.libraries


class Constant(ClassifierMixin, BaseEstimator):
    """A classifier that no converter knows, fitted on nothing."""

    classes_ = np.array([False, True])

    def __init__(self, answer: Any = 0.25) -> None:
        self.answer = answer

    def predict(self, x: Any) -> np.ndarray:
        return np.zeros(len(x), bool)

    def predict_proba(self, x: Any) -> np.ndarray:
        return np.tile([1 - self.answer, self.answer], (len(x), 1))


def test_a_model_that_cannot_be_converted_serves_natively_and_says_why(material: Material) -> None:
    built = made(Constant, material)
    assert built.runtime == "native"
    assert "skl2onnx cannot convert Constant" in built.why_native
    assert built.own_modules == (Constant.__module__,)


class Ranking(Constant):
    """Answers by the row's place among those beside it."""

    def predict_proba(self, x: Any) -> np.ndarray:
        share = np.arange(len(x)) / len(x)
        return np.stack([1 - share, share], axis=1)


def test_a_model_whose_rows_depend_on_each_other_says_so(material: Material) -> None:
    assert made(Constant, material).dependence == ""
    assert made(boosting, material).dependence == ""
    assert "answered otherwise" in made(Ranking, material).dependence


def forest(train: Part, seed: int) -> Any:
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    prepared = ColumnTransformer([("text", encoder, ["carrier"])], remainder="passthrough")
    return make_pipeline(prepared, RandomForestClassifier(5, random_state=seed)).fit(
        train.features, train.label
    )


def test_a_graph_that_disagrees_is_never_served(material: Material) -> None:
    """A forest that learnt from missing values is converted wrongly by skl2onnx."""
    built = made(forest, material)
    assert built.runtime == "native"
    assert "the ONNX graph differs" in built.why_native
    assert not built.agreement["evaluation"]["ok"]
    with pytest.raises(GateError, match="cannot be served as ONNX") as caught:
        made(forest, material, replace(LATE, serve_as="onnx"))
    assert caught.value.code == "TR015"


def test_an_encoder_that_refuses_unknown_values_is_found_before_a_request_finds_it(
    material: Material,
) -> None:
    def brittle(train: Part, seed: int) -> Any:
        prepared = ColumnTransformer(
            [("text", OneHotEncoder(), ["carrier"])], remainder="passthrough", sparse_threshold=0
        )
        model = make_pipeline(prepared, HistGradientBoostingClassifier(max_iter=2, random_state=seed))
        return model.fit(train.features, train.label)

    with pytest.raises(UserCodeError, match="rows that the contract allows") as caught:
        made(brittle, material)
    assert (caught.value.code, caught.value.where) == ("TR006", "`delay.training:fit`")


def test_answers_that_are_not_finite_are_refused(material: Material) -> None:
    with pytest.raises(UserCodeError, match="are NaN or infinite"):
        made(lambda: Constant(float("nan")), material)


def test_a_positive_class_that_is_none_of_the_classes_is_refused(material: Material) -> None:
    with pytest.raises(SpecError, match="`probability_of: late` is none of the classes"):
        made(boosting, material, replace(LATE, answer=Answer(probability_of="late")))


def test_a_regression_serves_values(material: Material) -> None:
    def fit(train: Part, seed: int) -> Any:
        encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
        prepared = ColumnTransformer([("text", encoder, ["carrier"])], remainder="passthrough")
        model = make_pipeline(prepared, HistGradientBoostingRegressor(max_iter=20, random_state=seed))
        return model.fit(train.features, train.label)

    value = replace(LATE, answer=Answer(value="minutes"), baseline="median")
    rents = material._replace(
        train=Part(
            features=material.train.features,
            label=material.train.features["distance"] * 0.1 + 20,
            rows=material.train.rows,
        )
    )
    built = made(fit, rents, value)
    assert (built.runtime, built.kind, built.classes, built.positive_index) == ("onnx", "value", (), None)
    assert build_baseline(value, rents).kind == "value"


def test_a_baseline_is_a_model_like_any_other(material: Material) -> None:
    built = build_baseline(LATE, material)
    assert (built.runtime, built.classes, built.positive) == ("native", (False, True), True)
    assert built.digest == build_baseline(LATE, material).digest
