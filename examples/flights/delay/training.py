"""How the model is fitted: one-hot encoded words, numbers as they are, boosted trees."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import polars as pl
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder

Params = Mapping[str, Any]


class Part(Protocol):
    """Rows of one part of the split."""

    features: pl.DataFrame
    label: pl.Series


def fit(train: Part, validate: Part, params: Params, seed: int) -> Pipeline:
    """Fit on `train`, and stop adding trees when `validate` no longer gains from them."""
    words = [name for name, kind in train.features.schema.items() if kind == pl.String]
    prepare = ColumnTransformer(
        [("words", OneHotEncoder(handle_unknown="ignore", sparse_output=False), words)],
        remainder="passthrough",
    )
    trees = HistGradientBoostingClassifier(**params, early_stopping=True, random_state=seed)
    trees.fit(
        prepare.fit_transform(train.features),
        train.label.to_numpy(),
        X_val=prepare.transform(validate.features),
        y_val=validate.label.to_numpy(),
    )
    return Pipeline([("prepare", prepare), ("trees", trees)])
