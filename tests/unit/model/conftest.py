from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OrdinalEncoder
from threadpoolctl import threadpool_limits

from headway.model.inputs import ModelInput

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROWS = 600


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> Iterator[None]:
    """Threads of several workers on few cores cost more than they give."""
    with threadpool_limits(limits=1):
        yield


@pytest.fixture(scope="session")
def features() -> pl.DataFrame:
    """Two numbers, one of them with missing values, and a text."""
    rng = np.random.default_rng(5)
    wind = rng.normal(12, 5, ROWS)
    wind[::17] = np.nan
    return pl.DataFrame(
        {
            "temperature": rng.normal(60, 20, ROWS),
            "wind": pl.Series(wind, nan_to_null=True),
            "carrier": rng.choice(["AA", "DL", "Überland", ""], ROWS),
        }
    )


@pytest.fixture(scope="session")
def label(features: pl.DataFrame) -> np.ndarray:
    rng = np.random.default_rng(6)
    return features["temperature"].to_numpy() + rng.normal(0, 10, ROWS) > 65


@pytest.fixture(scope="session")
def inputs() -> tuple[ModelInput, ...]:
    return (
        ModelInput(name="temperature", type="number"),
        ModelInput(name="wind", type="number"),
        ModelInput(name="carrier", type="text"),
    )


@pytest.fixture(scope="session")
def numbers() -> tuple[ModelInput, ...]:
    return (ModelInput(name="temperature", type="number"), ModelInput(name="wind", type="number"))


@pytest.fixture(scope="session")
def encoded() -> Callable[[Any], Pipeline]:
    """An estimator behind an encoder of the text column."""

    def pipeline(estimator: Any) -> Pipeline:
        encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
        return make_pipeline(
            ColumnTransformer([("text", encoder, ["carrier"])], remainder="passthrough"), estimator
        )

    return pipeline


@pytest.fixture(scope="session")
def boosting(features: pl.DataFrame, label: np.ndarray, encoded: Callable[[Any], Pipeline]) -> Pipeline:
    return encoded(HistGradientBoostingClassifier(max_iter=30, random_state=1)).fit(features, label)
