"""How the model is fitted: weights for words, district and numbers, on the logarithm of the rent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
import polars as pl
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

Params = Mapping[str, Any]

SELDOM = 5
"""Offers below which a word is not learnt."""


class Part(Protocol):
    """Rows of one part of the split."""

    features: pl.DataFrame
    label: pl.Series


def fit(train: Part, validate: Part, params: Params, seed: int) -> TransformedTargetRegressor:  # noqa: ARG001
    """Fit on `train`; nothing is chosen on `validate`.

    The name of the building is not learnt: in no other part is there the same building.
    """
    numbers = [name for name, kind in train.features.schema.items() if kind == pl.Float64]
    prepare = ColumnTransformer(
        [
            ("words", TfidfVectorizer(ngram_range=(1, 2), min_df=SELDOM, sublinear_tf=True), "plain"),
            ("district", OneHotEncoder(handle_unknown="ignore"), ["district"]),
            ("numbers", make_pipeline(SimpleImputer(), StandardScaler()), numbers),
        ]
    )
    weights = Pipeline([("prepare", prepare), ("weights", Ridge(**params, random_state=seed))])
    model = TransformedTargetRegressor(weights, func=np.log, inverse_func=np.exp)
    return model.fit(train.features, train.label.to_numpy())
