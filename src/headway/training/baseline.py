"""The trivial rival that a model must beat, fitted on the same rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from sklearn.dummy import DummyClassifier, DummyRegressor

from headway.errors import training as errors
from headway.training.fit import Fitted

if TYPE_CHECKING:
    from headway.model.inputs import Kind
    from headway.training.parts import Part

Rule = Literal["majority", "median", "mean"]


def fit_baseline(rule: Rule, train: Part, kind: Kind) -> Fitted:
    """Fit a rule that looks at labels only.

    `majority` answers the commonest class, and as probabilities the shares of the classes in the
    training rows; `median` and `mean` answer that of the training labels.

    Raises:
        SpecError: The rule answers another kind of question than the model.
    """
    if (rule == "majority") != (kind == "probability"):
        raise errors.baseline_does_not_fit(rule, kind)
    dummy = DummyClassifier(strategy="prior") if rule == "majority" else DummyRegressor(strategy=rule)
    return Fitted(dummy.fit(train.features, train.label.to_numpy()), "polars")
