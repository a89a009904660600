"""How the model is fitted: a weight for each thing that is seen of a page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import polars as pl
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

Params = Mapping[str, Any]


class Part(Protocol):
    """Rows of one part of the split."""

    features: pl.DataFrame
    label: pl.Series


def fit(train: Part, validate: Part, params: Params, seed: int) -> Pipeline:  # noqa: ARG001
    """Fit on `train`; nothing is chosen on `validate`, so its figures are as honest as those of the test."""
    model = make_pipeline(StandardScaler(), LogisticRegression(**params, random_state=seed))
    return model.fit(train.features, train.label.to_numpy())
