"""Calls into the product's own functions: frames go in, a Polars frame comes out, failures get a name."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import polars as pl

from headway.errors import HeadwayError
from headway.errors import data as errors
from headway.features.functions import folder_of, place_in

Resolve = Callable[[str], Callable[..., Any]]
"""Finds the function that a reference `module:function` names."""


def call(
    reference: str,
    resolve: Resolve,
    *,
    where: str,
    frames: Sequence[pl.DataFrame] = (),
    options: Mapping[str, Any] | None = None,
) -> Any:
    """Call a function of the product with frames and options; whatever it returns comes back.

    A parameter annotated `pd.DataFrame` gets its frame as pandas, every other one Polars.

    Raises:
        UserCodeError: The function raised; the original exception is the cause.
    """
    function = resolve(reference)
    wanted = _annotations(function)
    given = [
        _to_pandas(frame, where) if index < len(wanted) and _is_pandas(wanted[index]) else frame
        for index, frame in enumerate(frames)
    ]
    try:
        return function(*given, **(options or {}))
    except HeadwayError:
        raise
    except Exception as error:  # the user-code boundary: whatever it raises is named
        place = place_in(error, folder_of(function))
        raise errors.function_failed(reference, where, place, error) from error


def to_polars(value: Any, reference: str, *, where: str) -> pl.DataFrame:
    """A returned table as a Polars frame.

    It may be a Polars frame or lazy frame, a pandas frame, an Arrow table or record batch, anything
    else that streams Arrow (`__arrow_c_stream__`), or a list of dictionaries. A pandas index without a name is left out; a named one is refused.

    Raises:
        UserCodeError: It is none of these, or cannot be held as a frame.
        EngineError: pyarrow, which the conversion needs, is not installed.
    """
    if isinstance(value, pl.DataFrame):
        return value
    try:
        frame = _converted(value, reference, where)
    except ImportError as error:
        raise errors.library_is_missing(error.name or "pyarrow", where, str(error)) from error
    except (pl.exceptions.PolarsError, TypeError, ValueError, OverflowError) as error:
        found = f"{type(value).__name__}: {error}"
        raise errors.function_returned_no_frame(reference, where, found) from error
    if frame is None:
        raise errors.function_returned_no_frame(reference, where, type(value).__name__)
    return frame


def _converted(value: Any, reference: str, where: str) -> pl.DataFrame | None:
    if isinstance(value, pl.LazyFrame):
        return value.collect()
    if _is_from("pandas", value, "DataFrame"):
        names = [str(name) for name in value.index.names if name is not None]
        if names:
            raise errors.index_would_be_lost(reference, where, names)
        return pl.from_pandas(value)
    if _is_from("pyarrow", value, "Table") or _is_from("pyarrow", value, "RecordBatch"):
        frame = pl.from_arrow(value)
        return frame if isinstance(frame, pl.DataFrame) else None
    if isinstance(value, list) and all(isinstance(row, dict) for row in value):
        return from_rows(value)
    if hasattr(value, "__arrow_c_stream__"):
        return pl.DataFrame(value)
    return None


def from_rows(rows: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """Dictionaries as rows; a key that a row lacks is null.

    Raises:
        TypeError: A column holds values of several types; integers beside numbers are numbers.
    """
    names = dict.fromkeys(name for row in rows for name in row)
    return from_columns({name: [row.get(name) for row in rows] for name in names})


def from_columns(columns: Mapping[str, Sequence[Any]]) -> pl.DataFrame:
    """Lists of values as columns; null is `None`.

    Raises:
        TypeError: A column holds values of several types; integers beside numbers are numbers.
    """
    return pl.DataFrame([_from_values(name, values) for name, values in columns.items()])


def _from_values(name: str, values: Sequence[Any]) -> pl.Series:
    # Inference over whole rows would turn 1 beside "x" into "1", and 1 beside {} into null.
    mixed = {type(value) for value in values if value is not None} == {int, float}
    return pl.Series(name, values, dtype=pl.Float64 if mixed else None, strict=True)


def _is_from(library: str, value: Any, name: str) -> bool:
    # A value of a library that was never imported cannot exist, so nothing is imported to ask.
    module = sys.modules.get(library)
    return module is not None and isinstance(value, getattr(module, name))


def _annotations(function: Callable[..., Any]) -> list[str]:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # some built-in functions do not tell
        return []
    return [_written(parameter.annotation) for parameter in parameters]


def _written(annotation: Any) -> str:
    if isinstance(annotation, str):
        return annotation
    return f"{getattr(annotation, '__module__', '')}.{getattr(annotation, '__qualname__', '')}"


def _is_pandas(annotation: str) -> bool:
    return annotation.startswith(("pd.", "pandas.")) and annotation.endswith("DataFrame")


def _to_pandas(frame: pl.DataFrame, where: str) -> Any:
    try:
        return frame.to_pandas()
    except ImportError as error:
        raise errors.library_is_missing(error.name or "pandas", where, str(error)) from error
