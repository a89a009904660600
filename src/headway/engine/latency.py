"""How long a model takes for one row: the part of an answer that the model alone decides.

Measured when a gate asks for it, and kept with the gate's verdict: a figure that differs from call to
call may be no part of an evaluation, whose digest says what it is.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
import polars as pl

from headway.data import tables
from headway.engine.models import predictor_of
from headway.engine.opened import Opened
from headway.engine.stages.names import ROWS
from headway.engine.user_code import importable
from headway.features.layout import view
from headway.model.container import columns_of
from headway.model.inputs import InputRows
from headway.model.predictor import Predictor
from headway.model.rows import rows_of
from headway.spec.references import LATENCIES

CALLS = 1_000
"""Calls of one round."""
ROUNDS = 3
ROUND_SECONDS = 1.0
"""When a round ends early; a model that is slower than that a row is still called once."""

_WARM_UP = 20
_PERCENTILES = dict(zip(LATENCIES, (50, 90, 99), strict=True))


def of_model(opened: Opened, model: str, dataset: str) -> dict[str, float]:
    """Seconds for one test row of a dataset; nothing when either is not in the ledger any more.

    Args:
        opened: The product.
        model: Digest of the model.
        dataset: Digest of the dataset.

    Raises:
        EngineError: A blob is missing or damaged, or a library that the model needs is missing.
    """
    found, rows = opened.reader.artifact(model), opened.reader.artifact(dataset)
    if found is None or rows is None:
        return {}
    blobs = opened.workspace.blobs()
    test = view(tables.read(blobs.path(rows.file(ROWS).digest)), "test")
    with importable(opened.root):
        return measure(predictor_of(found, blobs), test.features)


def measure(predictor: Predictor, features: pl.DataFrame) -> dict[str, float]:
    """Seconds that the model takes for one row, in this process.

    Each call gets one row, laid out as a server lays it out. Look-ups, on-demand features and HTTP are
    not in it. Whatever else the machine does only adds, so the smallest figure of three rounds counts.
    Percentiles are nearest-rank (the smallest duration that at least so many calls did not exceed).

    Args:
        predictor: The model, in the form that serves.
        features: Rows to ask for, at least one; columns named as its inputs.

    Returns:
        `latency_p50`, `latency_p90` and `latency_p99`; nothing without rows.
    """
    if not features.height:
        return {}
    step = max(1, features.height // CALLS)
    columns = columns_of(features.gather_every(step).head(CALLS).select(i.name for i in predictor.inputs))
    whole = rows_of(columns, predictor.inputs)
    rows = [
        InputRows(whole.numbers[at : at + 1], whole.texts[at : at + 1]) for at in range(len(whole.numbers))
    ]
    for row in rows[:_WARM_UP]:
        predictor.answer(row)
    rounds = [_round(predictor, rows) for _ in range(ROUNDS)]
    return {
        name: min(float(np.percentile(took, share, method="inverted_cdf")) for took in rounds)
        for name, share in _PERCENTILES.items()
    }


def _round(predictor: Predictor, rows: Sequence[InputRows]) -> list[float]:
    """Seconds of each call."""
    took: list[float] = []
    ends = time.perf_counter() + ROUND_SECONDS
    while len(took) < CALLS and (not took or time.perf_counter() < ends):
        row = rows[len(took) % len(rows)]
        begun = time.perf_counter()
        predictor.answer(row)
        took.append(time.perf_counter() - begun)
    return took
