"""Whether a model answers a row alike, whatever rows stand beside it; heavy only by the model's own calls.

Only then may requests of several callers be answered by one call. It is tried, not believed: a model may
rank or scale its rows against each other, and even a plain matrix product may round otherwise in another
shape, so that the least difference in any bit counts.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from headway.model.inputs import InputRows
from headway.model.rows import rows_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from headway.model.predictor import Predictor

GROUPS = MappingProxyType({1: 64, 2: 32, 3: 16, 7: 16, 16: 16, 64: 16})
"""Rows in a call -> such calls that are tried."""


def dependence(model: Predictor, columns: Mapping[str, np.ndarray], seed: int) -> str:
    """What shows that the answer to a row depends on the rows beside it; empty when nothing does.

    Rows are answered alone and in shuffled groups, and compared bit by bit with their answers among all.

    Args:
        model: The form that serves.
        columns: Input -> (n,) values; it must answer to all of them at once.
        seed: Of the groups.
    """
    rows = rows_of(columns, model.inputs)
    answers = model.answer(rows)
    for places in _groups(len(answers), seed):
        beside = "alone" if len(places) == 1 else f"beside {len(places) - 1} others"
        try:
            found = model.answer(InputRows(rows.numbers[places], rows.texts[places]))
        except Exception as reason:  # noqa: BLE001 -- the user-code boundary: a native model raises what it likes
            return f"a row {beside} raises {type(reason).__name__}"
        if found.tobytes() != answers[places].tobytes():
            return f"a row is answered otherwise {beside} than among {len(answers):,}"
    return ""


def _groups(rows: int, seed: int) -> Iterator[np.ndarray]:
    """Places of rows to be answered together, the smallest groups first."""
    order = np.random.default_rng(seed)
    for size, calls in GROUPS.items():
        for _ in range(min(calls, rows // size)):
            yield order.choice(rows, size, replace=False)
