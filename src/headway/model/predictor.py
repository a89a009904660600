"""What every form of a model can do, so that nobody asks which form answers. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from headway.model.inputs import InputRows, ModelInput


class Predictor(Protocol):
    """A fitted model that answers; it holds no state that a call changes."""

    @property
    def inputs(self) -> tuple[ModelInput, ...]:
        """The columns that it takes, in order."""
        ...

    def predict(self, columns: Mapping[str, np.ndarray]) -> np.ndarray:
        """The answers to n rows, given column by column.

        Args:
            columns: Input -> n values: float64 with NaN for missing, or `str` objects with the empty
                string for missing. Further columns are not looked at.

        Returns:
            Probabilities (n, k), float64, in the order of the classes; or values (n,), float64.
        """
        ...

    def answer(self, rows: InputRows) -> np.ndarray:
        """The same answers, for rows that are laid out as the model takes them."""
        ...
