"""Columns laid out as a model takes them: one matrix of numbers, one of texts; and back. Light: NumPy only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from headway.model.inputs import InputRows, names

if TYPE_CHECKING:
    from collections.abc import Mapping

    from headway.model.inputs import ModelInput


def rows_of(columns: Mapping[str, np.ndarray], inputs: tuple[ModelInput, ...]) -> InputRows:
    """Columns of n values side by side.

    Args:
        columns: Input -> n values; further columns are not looked at.
        inputs: What the model takes, in order.
    """
    count = len(columns[inputs[0].name])
    return InputRows(
        _matrix(columns, names(inputs, "number"), count, np.float64),
        _matrix(columns, names(inputs, "text"), count, object),
    )


def columns_of(rows: InputRows, inputs: tuple[ModelInput, ...]) -> dict[str, np.ndarray]:
    """Input -> n values, contiguous, in the order of the inputs."""
    numbers, texts = np.ascontiguousarray(rows.numbers.T), np.ascontiguousarray(rows.texts.T)
    number, text = iter(numbers), iter(texts)
    return {item.name: next(number if item.type == "number" else text) for item in inputs}


def _matrix(columns: Mapping[str, np.ndarray], wanted: tuple[str, ...], count: int, dtype: Any) -> np.ndarray:
    if not wanted:
        return np.empty((count, 0), dtype)
    joined = np.concatenate([columns[name] for name in wanted], dtype=dtype)
    if count == 1:
        return joined.reshape(1, -1)
    return np.ascontiguousarray(joined.reshape(len(wanted), -1).T)
