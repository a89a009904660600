"""Feature functions on a whole frame (Polars), by the same calls as one row at request time."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import polars as pl

from headway.errors import features as errors
from headway.features.arrays import to_numpy, to_series
from headway.features.row import RowFunctions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from headway.features.functions import FeatureFunction
    from headway.spec.contract import Column


def compute(
    functions: Sequence[FeatureFunction],
    frame: pl.DataFrame,
    types: Mapping[str, Column] | None = None,
) -> pl.DataFrame:
    """The features of every row.

    Args:
        functions: In the order of `headway.features.functions.load`.
        frame: Has the columns that they take from outside; n rows.
        types: Declarations of the columns, which say where null may occur, so that functions see the
            same types here and at request time. Without one a column's own values say it.

    Returns:
        Features only, n rows: Float64 (NaN is null) or String.

    Raises:
        UserCodeError: A column is missing (FE007), a function raises (FE008), or its result is no
            feature (FE009, FE010).
        EngineError: A function takes series of a library that is not installed (FE011).
    """
    declared = types or {}
    row = RowFunctions(functions, declared)

    @cache
    def array(name: str) -> NDArray[Any]:
        values = to_numpy(frame[name], declared.get(name))
        values.flags.writeable = False
        return values

    for function in row.functions:
        for parameter in function.parameters:
            if parameter.name in row.needed and parameter.name not in frame.columns:
                raise errors.column_is_not_given(
                    function.title, function.place, parameter.name, frame.columns
                )
    made = row.run(lambda parameter: row.hand_over(parameter, array(parameter.name)))
    return pl.DataFrame({name: to_series(name, values) for name, values in made.items()})
