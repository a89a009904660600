"""The columns that a model takes, in order, as every form of it agrees on them. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from msgspec import Struct

if TYPE_CHECKING:
    import numpy as np

Kind = Literal["probability", "value"]
"""What a model answers: probabilities of its classes, or a value."""

Container = Literal["polars", "pandas", "numpy"]
"""What a native model was fitted on, and therefore wants again."""


class ModelInput(Struct, frozen=True, kw_only=True):
    """One column that a model takes.

    Attributes:
        type: `number` (float64; a missing one is NaN) or `text` (object array of `str`; a missing one
            is the empty string), in training and in serving alike.
    """

    name: str
    type: Literal["number", "text"]


class InputRows(NamedTuple):
    """The inputs of n rows as the model takes them; see `ModelInput` for what is missing.

    Attributes:
        numbers: float64 (n, count of number inputs), in the order of the inputs, contiguous.
        texts: `str` objects (n, count of text inputs), likewise.
    """

    numbers: np.ndarray
    texts: np.ndarray


def names(inputs: tuple[ModelInput, ...], wanted: Literal["number", "text"]) -> tuple[str, ...]:
    """Names of the inputs of one type, in order."""
    return tuple(item.name for item in inputs if item.type == wanted)
