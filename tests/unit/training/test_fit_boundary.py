from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression

from headway.errors import ContractError, HeadwayError, SpecError, UserCodeError
from headway.features.layout import view
from headway.model.inputs import ModelInput
from headway.training.baseline import fit_baseline
from headway.training.fit import Fitted, fit, require
from headway.training.labels import check_labels
from headway.training.parts import PandasPart, Part, inputs_of, part_of

if TYPE_CHECKING:
    from collections.abc import Callable

FEATURES = pl.DataFrame({"a": [1.0, 2.0, 3.0, 4.0], "b": [0.5, 0.1, 0.7, 0.2]})
PART = Part(
    features=FEATURES,
    label=pl.Series("label", [True, False, True, False]),
    rows=pl.DataFrame({"id": [1, 2, 3, 4], "name": ["p", "q", "r", None]}),
)


def run(function: Callable[..., Any], seed: int = 7) -> Fitted:
    return fit("delay.training:fit", PART, PART, {"C": 2.0}, seed, resolve=lambda _: function)


def logistic(train: Part, validate: Part, params: dict[str, Any], seed: int) -> Any:
    assert validate.label.len() == 4
    return LogisticRegression(**params, random_state=seed).fit(train.features, train.label)


def test_a_training_function_gets_both_parts_the_params_and_the_seed() -> None:
    fitted = run(logistic)
    assert fitted.container == "polars"
    assert (fitted.model.C, fitted.model.random_state) == (2.0, 7)


def test_parameters_that_are_not_needed_may_be_left_out_and_stand_in_any_order() -> None:
    def short(seed: int, train: Part) -> Any:
        return LogisticRegression(random_state=seed).fit(train.features, train.label)

    assert run(short).model.random_state == 7


def test_four_parameters_of_other_names_are_filled_in_order() -> None:
    def named(x: Part, y: Part, p: dict[str, Any], s: int) -> Any:
        return logistic(x, y, p, s)

    assert run(named).model.C == 2.0


def test_a_parameter_that_nobody_gives_is_a_named_error() -> None:
    def needy(train: Part, depth: int) -> None: ...

    with pytest.raises(UserCodeError, match="depth") as caught:
        run(needy)
    assert caught.value.code == "TR004"


def test_a_pandas_annotation_gets_pandas_and_the_model_gets_pandas_again() -> None:
    def frames(train: PandasPart) -> Any:
        assert isinstance(train.features, pd.DataFrame)
        assert isinstance(train.label, pd.Series)
        assert list(train.rows["name"])[:3] == ["p", "q", "r"]
        return LogisticRegression().fit(train.features, train.label)

    assert run(frames).container == "pandas"


def test_a_model_fitted_on_an_array_is_given_arrays() -> None:
    def arrays(train: Part) -> Any:
        return LogisticRegression().fit(train.features.to_numpy(), train.label.to_numpy())

    assert run(arrays).container == "numpy"


def raising(train: Part) -> None:
    raise ValueError("the learning rate is negative")


def test_an_exception_names_the_line_of_the_product_and_the_inputs() -> None:
    with pytest.raises(UserCodeError, match="the learning rate is negative") as caught:
        run(raising)
    line = raising.__code__.co_firstlineno + 1
    assert caught.value.where.endswith(f"test_fit_boundary.py:{line}")
    assert caught.value.evidence[0] == "train: 4 rows, with `features` (2 columns), `label` and `rows`"
    assert isinstance(caught.value.__cause__, ValueError)


def test_an_exception_inside_a_library_names_the_line_of_the_product() -> None:
    def misfit(train: Part) -> Any:
        return LogisticRegression().fit(train.features, [1])

    with pytest.raises(UserCodeError) as caught:
        run(misfit)
    assert "test_fit_boundary.py:" in caught.value.where


def test_none_is_no_model() -> None:
    with pytest.raises(UserCodeError, match="returned None") as caught:
        run(lambda: None)
    assert caught.value.code == "TR002"


def test_an_object_without_predict_is_no_model() -> None:
    with pytest.raises(UserCodeError, match="`dict`, which has no `predict`"):
        run(lambda: {"weights": [1]})


@pytest.mark.parametrize("kind", ["probability", "value"])
def test_a_model_that_cannot_give_the_answer_is_refused(kind: Any) -> None:
    model = LinearRegression() if kind == "probability" else object()
    with pytest.raises(UserCodeError, match="has no `predict") as caught:
        require("m:fit", Fitted(model, "polars"), kind, ())
    assert caught.value.code == "TR003"


def test_a_model_fitted_on_some_of_the_features_is_refused() -> None:
    def some(train: Part) -> Any:
        return LogisticRegression().fit(train.features.select("a"), train.label)

    with pytest.raises(UserCodeError, match="on `a`, not on the 2 features"):
        require("m:fit", run(some), "probability", inputs_of(FEATURES))


def test_global_generators_are_seeded_and_put_back() -> None:
    drawn: list[tuple[float, float]] = []

    def draws(train: Part) -> Any:
        drawn.append((random.random(), float(np.random.random())))
        return LogisticRegression().fit(train.features, train.label)

    random.seed(99)
    np.random.seed(99)
    wanted = random.random(), float(np.random.random())
    random.seed(99)
    np.random.seed(99)
    run(draws)
    run(draws)
    assert drawn[0] == drawn[1]
    assert (random.random(), float(np.random.random())) == wanted


def test_an_error_of_ours_inside_the_function_keeps_its_name() -> None:
    def ours(train: Part) -> None:
        raise SpecError(code="XX001", what="ours", mend="nothing")

    with pytest.raises(SpecError):
        run(ours)


def test_an_interruption_is_no_failure_of_the_product() -> None:
    def interrupted(train: Part) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(interrupted)


# -- labels, baselines, parts ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("label", "kind", "code"),
    [
        (pl.Series([], dtype=pl.Boolean), "probability", "TR009"),
        (pl.Series([True, True]), "probability", "TR010"),
        (pl.Series(["a", "b"]), "value", "TR011"),
        (pl.Series([1.0, float("nan")]), "value", "TR012"),
        (pl.Series([1.0, float("inf")]), "value", "TR012"),
    ],
)
def test_a_label_that_nothing_can_be_learnt_from_is_refused(label: pl.Series, kind: Any, code: str) -> None:
    with pytest.raises(ContractError) as caught:
        check_labels(label, kind, "model.delay")
    assert (caught.value.code, caught.value.exit_code) == (code, 3)


def test_labels_that_can_be_learnt_from_pass() -> None:
    check_labels(pl.Series([True, False]), "probability", "model.delay")
    check_labels(pl.Series([1, 2]), "value", "model.rent")


def test_the_majority_answers_with_the_shares_of_the_training_rows() -> None:
    label = pl.Series([True, False, False, False])
    fitted = fit_baseline("majority", Part(features=FEATURES, label=label, rows=FEATURES), "probability")
    assert isinstance(fitted.model, DummyClassifier)
    assert fitted.model.predict_proba(FEATURES)[0].tolist() == [0.75, 0.25]


@pytest.mark.parametrize(("rule", "wanted"), [("median", 2.5), ("mean", 4.0)])
def test_a_regression_baseline_answers_the_middle_of_the_training_labels(rule: Any, wanted: float) -> None:
    label = pl.Series([1.0, 2.0, 3.0, 10.0])
    fitted = fit_baseline(rule, Part(features=FEATURES, label=label, rows=FEATURES), "value")
    assert isinstance(fitted.model, DummyRegressor)
    assert fitted.model.predict(FEATURES)[0] == wanted


def test_a_baseline_of_the_other_kind_is_a_spec_error() -> None:
    with pytest.raises(HeadwayError, match="`baseline: median` cannot answer a probability"):
        fit_baseline("median", PART, "probability")


def test_a_part_keeps_what_the_model_never_sees_apart() -> None:
    frame = pl.DataFrame(
        {
            "part": ["train", "test"],
            "label": [True, False],
            "predict_at": [None, None],
            "row.id": [1, 2],
            "feature.hour": [6.0, None],
            "feature.carrier": [None, "AA"],
        },
        schema_overrides={"feature.carrier": pl.String},
    )
    part = part_of(view(frame, "train"))
    assert part.features.to_dict(as_series=False) == {"hour": [6.0], "carrier": [""]}
    assert part.rows.columns == ["id", "predict_at"]
    assert inputs_of(part.features) == (
        ModelInput(name="hour", type="number"),
        ModelInput(name="carrier", type="text"),
    )
