"""Feature functions on NumPy columns: a few rows at request time, or all rows of a table.

The one place that calls them, so that training and serving cannot differ. Light: NumPy only; pandas and
Polars are loaded only for a function whose annotation asks for their series.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from headway.errors import HeadwayError
from headway.errors import features as errors
from headway.features.functions import FeatureFunction, Kind, Parameter, folder_of, needed, place_in

if TYPE_CHECKING:
    from headway.spec.contract import Column

_FLOAT64 = np.dtype(np.float64)

Columns = Mapping[str, np.ndarray]
Give = Callable[[Parameter], Any]
"""Hands a function one of its parameters."""


class RowFunctions:
    """Feature functions, ready to be called on columns.

    Args:
        functions: In the order of `headway.features.functions.load`.
        types: Declarations of columns. They tell a null boolean from a null text, which one row of
            values cannot, and which matters to a Polars series only.

    Raises:
        EngineError: A function takes series of a library that is not installed (FE011).
    """

    def __init__(
        self, functions: Sequence[FeatureFunction], types: Mapping[str, Column] | None = None
    ) -> None:
        self.functions = tuple(functions)
        self._booleans = {name for name, column in (types or {}).items() if column.type == "boolean"}
        self.needed = needed(self.functions)
        self._series = {
            parameter.kind: _series_type(parameter.kind, function)
            for function in self.functions
            for parameter in function.parameters
            if parameter.kind != "numpy"
        }

    def __call__(self, columns: Columns) -> dict[str, np.ndarray]:
        """Every feature, in order.

        Args:
            columns: At least the columns that are needed from outside, n values each: float64 (NaN for
                null), int64, bool, object (text or nullable boolean, None for null) or datetime64 (NaT).
                They are made read-only.

        Returns:
            Feature -> n values: float64 with NaN for null (integers and booleans become numbers), or
            object, text with None for null.

        Raises:
            UserCodeError: A column is missing (FE007), a function raises (FE008), or its result is no
                feature (FE009, FE010).
        """
        for name in self.needed:
            if name not in columns:
                raise self._not_given(name, columns)
            columns[name].setflags(write=False)
        return self.run(lambda parameter: self.hand_over(parameter, columns[parameter.name]))

    def run(self, give: Give) -> dict[str, np.ndarray]:
        """Every feature, in order, from columns that `give` hands over.

        Raises:
            UserCodeError: A function raises (FE008), or its result is no feature (FE009, FE010).
        """
        made: dict[str, np.ndarray] = {}
        for function in self.functions:
            arguments = {
                parameter.name: self.hand_over(parameter, made[parameter.name], made=True)
                if parameter.name in made
                else give(parameter)
                for parameter in function.parameters
            }
            result = _settled(function, _called(function, arguments), arguments)
            result.setflags(write=False)
            made[function.name] = result
        return made

    def hand_over(self, parameter: Parameter, values: np.ndarray, *, made: bool = False) -> Any:
        """A column as a parameter takes it; a missing number is null in a Polars series.

        Args:
            parameter: Says what it is handed as.
            values: The column.
            made: Whether it is a feature, which is never boolean, whatever column has its name too.
        """
        if parameter.kind == "numpy":
            return values
        is_object = values.dtype.kind == "O"
        if parameter.kind == "pandas":
            return self._series["pandas"](values, name=parameter.name, dtype=object if is_object else None)
        if not is_object:
            return self._series["polars"](parameter.name, values, nan_to_null=True)
        kind = bool if not made and self._is_boolean(parameter.name, values) else str
        return self._series["polars"](parameter.name, values.tolist(), dtype=kind)

    def _is_boolean(self, name: str, values: np.ndarray) -> bool:
        return name in self._booleans or any(isinstance(value, bool) for value in values)

    def _not_given(self, name: str, columns: Columns) -> HeadwayError:
        takes = (
            function for function in self.functions if any(name == item.name for item in function.parameters)
        )
        function = next(takes)
        return errors.column_is_not_given(function.title, function.place, name, tuple(columns))


def _series_type(kind: Kind, function: FeatureFunction) -> Any:
    # By name, so that neither library is ever an import of the data plane.
    try:
        return importlib.import_module(kind).Series
    except ImportError as error:
        raise errors.library_is_missing(kind, function.title) from error


def _called(function: FeatureFunction, arguments: Mapping[str, Any]) -> Any:
    try:
        return function.function(**arguments)
    except HeadwayError:
        raise
    except (Exception, SystemExit) as error:  # the user-code boundary: whatever it raises is named
        place = place_in(error, folder_of(function.function))
        raise errors.function_raises(function.title, place, error, _shapes(arguments)) from error


def _settled(function: FeatureFunction, result: Any, arguments: Mapping[str, Any]) -> np.ndarray:
    """A result as a feature: float64 or text."""
    rows = len(next(iter(arguments.values())))
    if type(result) is not np.ndarray:
        result = _from_series(function, result, rows, arguments)
    if result.shape != (rows,):
        raise _misfit(function, f"an array of shape {result.shape}", f"({rows},)", arguments)
    if result.dtype is not _FLOAT64:
        return _converted(function, result, arguments)
    if not (math.isfinite(result[0]) if rows == 1 else np.isfinite(result).all()):
        infinite = int(np.isinf(result).sum())
        if infinite:
            raise errors.result_is_infinite(
                function.title, function.place, infinite, rows, _shapes(arguments)
            )
    return result


def _converted(function: FeatureFunction, result: np.ndarray, arguments: Mapping[str, Any]) -> np.ndarray:
    kind = result.dtype.kind
    if kind == "O":
        return _from_objects(function, result, arguments)
    if kind in "UT":
        return result.astype(object)
    if kind not in "fiub":
        found = f"an array of type `{result.dtype}`"
        raise _misfit(function, found, "numbers, booleans or text", arguments)
    return _settled(function, result.astype(np.float64), arguments)


def _from_objects(function: FeatureFunction, result: np.ndarray, arguments: Mapping[str, Any]) -> np.ndarray:
    """Python objects: all text, or all numbers and booleans; None and NaN are null. All null is text."""
    if set(map(type, result)) <= {str, type(None)}:
        return result
    values = [None if _is_null(value) else value for value in result.tolist()]
    known = [value for value in values if value is not None]
    if all(isinstance(value, str) for value in known):
        return np.array(values, object)
    if all(isinstance(value, bool | int | float | np.number | np.bool_) for value in known):
        return _settled(function, np.array(values, np.float64), arguments)
    kinds = sorted({type(value).__name__ for value in known})[:5]
    raise _misfit(function, f"objects of types {', '.join(kinds)}", "all numbers or all text", arguments)


def _is_null(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value)) or _is_na(value)


def _is_na(value: Any) -> bool:
    return type(value).__name__ in ("NAType", "NaTType")  # pandas' own nulls


def _from_series(
    function: FeatureFunction, result: Any, rows: int, arguments: Mapping[str, Any]
) -> np.ndarray:
    library = type(result).__module__.partition(".")[0]
    is_series = type(result).__name__ == "Series"
    if is_series and library == "polars":
        # Polars knows booleans and categories that are null, NumPy does not.
        if result.dtype.is_numeric() or str(result.dtype) == "Boolean":
            return result.cast(importlib.import_module("polars").Float64).to_numpy()
        return result.to_numpy()
    if is_series and library == "pandas":
        rows_in_order = importlib.import_module("pandas").RangeIndex(len(result))
        if not result.index.equals(rows_in_order):
            raise _misfit(function, "a series with a changed index", "the index of its inputs", arguments)
        kind = getattr(result.dtype, "kind", "O")
        return result.to_numpy(np.float64, na_value=np.nan) if kind in "fiub" else result.to_numpy()
    found = "None" if result is None else f"a `{type(result).__name__}`"
    raise _misfit(function, found, f"an array of {rows} values", arguments)


def _misfit(function: FeatureFunction, found: str, wanted: str, arguments: Mapping[str, Any]) -> HeadwayError:
    return errors.result_does_not_fit(function.title, function.place, found, wanted, _shapes(arguments))


def _shapes(arguments: Mapping[str, Any]) -> dict[str, str]:
    return {name: f"{values.dtype}, {len(values):,} values" for name, values in arguments.items()}
