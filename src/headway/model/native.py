"""A model in the form in which it was fitted, kept with joblib.

`load` runs what the file says, so it may be called only on a file whose digest and signature the caller
has verified (`headway.bundle.read` does); a file from a stranger never comes here.
"""

from __future__ import annotations

import pickle
import re
from typing import TYPE_CHECKING, Any

import joblib
import numpy as np

from headway.errors import model as errors
from headway.model.container import fill
from headway.model.rows import columns_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from headway.model.inputs import Container, InputRows, Kind, ModelInput


class NativeModel:
    """A fitted estimator that is given the kind of table that it was fitted on.

    Args:
        model: Anything with `predict_proba` (kind `probability`) or `predict` (kind `value`).
        inputs: The columns that it takes, in order.
        kind: What it answers.
        container: What it was fitted on.
    """

    def __init__(self, model: Any, inputs: tuple[ModelInput, ...], kind: Kind, container: Container) -> None:
        self.model = model
        self.kind: Kind = kind
        self.container: Container = container
        self._inputs = inputs

    @property
    def inputs(self) -> tuple[ModelInput, ...]:
        """The columns that it takes, in order."""
        return self._inputs

    def predict(self, columns: Mapping[str, np.ndarray]) -> np.ndarray:
        """The answers to n rows; see `headway.model.predictor.Predictor.predict`.

        What the estimator raises comes through: whoever runs the product's model names it.
        """
        return self._told(fill(columns, self._inputs, self.container))

    def answer(self, rows: InputRows) -> np.ndarray:
        """The answers to n rows; see `headway.model.predictor.Predictor.answer`."""
        return self.predict(columns_of(rows, self._inputs))

    def _told(self, table: Any) -> np.ndarray:
        if self.kind == "probability":
            return np.asarray(self.model.predict_proba(table), dtype=np.float64)
        answer = np.asarray(self.model.predict(table), dtype=np.float64)
        return answer[:, 0] if answer.shape[1:] == (1,) else answer


def save(model: Any, path: Path) -> None:
    """Write a fitted model; its bytes differ from call to call, so they name nothing.

    Raises:
        UserCodeError: It holds something that cannot be written (a lambda, an open file).
    """
    try:
        joblib.dump(model, path, compress=3)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise errors.model_cannot_be_kept(type(model).__name__, str(error)) from error


def load(path: Path, inputs: tuple[ModelInput, ...], kind: Kind, container: Container) -> NativeModel:
    """Read a model that `save` wrote, and that the caller has verified.

    Raises:
        EngineError: A library or a module that it needs is missing, or the file is damaged.
    """
    try:
        model = joblib.load(path)
    except ImportError as error:
        raise errors.model_needs_a_library(error.name or _named(error), str(error)) from error
    except (pickle.UnpicklingError, AttributeError, EOFError, ValueError, KeyError, OSError) as error:
        raise errors.model_cannot_be_read(path.name, f"{type(error).__name__}: {error}") from error
    return NativeModel(model, inputs, kind, container)


def _named(error: ImportError) -> str:
    found = re.search(r"'([\w.]+)'", str(error))
    return found[1] if found else "a library"
