"""How the model is fitted: boosted trees on what a payment is, and what is known of its customer and terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import polars as pl
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import Pipeline

Params = Mapping[str, Any]

ONLY_TO_COMPUTE_WITH = ("x_km", "y_km", "usual_x", "usual_y")
"""Places serve the distance; a tree that splits the map by them would learn last month's thieves."""


class Part(Protocol):
    """Rows of one part of the split."""

    features: pl.DataFrame
    label: pl.Series


def fit(train: Part, validate: Part, params: Params, seed: int) -> Pipeline:
    """Fit on `train`, and stop adding trees when `validate` no longer gains from them.

    Names of customers and terminals are not learnt: in no other part is there the same customer.
    """
    kinds = train.features.schema
    numbers = [
        name for name, kind in kinds.items() if kind == pl.Float64 and name not in ONLY_TO_COMPUTE_WITH
    ]
    prepare = ColumnTransformer([("numbers", "passthrough", numbers)])
    trees = HistGradientBoostingClassifier(**params, early_stopping=True, random_state=seed)
    trees.fit(
        prepare.fit_transform(train.features),
        train.label.to_numpy(),
        X_val=prepare.transform(validate.features),
        y_val=validate.label.to_numpy(),
    )
    return Pipeline([("prepare", prepare), ("trees", trees)])
