"""Gates and slices over every kind of figure and row."""

from __future__ import annotations

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from headway.evidence.evaluate import Judged, evaluate
from headway.evidence.gates import Rivals, judge
from headway.evidence.metrics import BUILT_IN
from headway.evidence.report import Figure, Report
from headway.evidence.slices import slices
from headway.facts.evidence import Outcome
from headway.spec.product import Slices

FIGURES = st.none() | st.floats(0, 1)


def report(figure: float | None) -> Report:
    metrics = {"roc_auc": Figure(direction="higher", test=figure)}
    return Report(kind="probability", rows={"test": 10}, metrics=metrics)


@given(FIGURES, st.floats(0, 1))
def test_a_gate_passes_exactly_when_its_opposite_fails_and_never_without_a_figure(
    figure: float | None, bound: float
) -> None:
    gates = [f"roc_auc >= {bound:.6f}", f"roc_auc < {bound:.6f}"]
    outcomes = {verdict.outcome for verdict in judge(gates, report(figure), Rivals())}
    assert outcomes == ({Outcome.NOT_RUN} if figure is None else {Outcome.PASS, Outcome.FAIL})


@given(st.lists(st.none() | st.floats(-100, 100), min_size=1, max_size=40))
def test_bins_take_every_row_once(values: list[float | None]) -> None:
    series = pl.Series("x", values, dtype=pl.Float64)
    parts = list(slices(Slices(by=({"x": (-10.0, 0.0, 7.5)},)), {"x": series}))
    assert np.sum([part.mask for part in parts], axis=0).tolist() == [1] * len(values)


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 1)), min_size=1, max_size=40))
def test_the_confusion_counts_every_row_once(rows: list[tuple[bool, float]]) -> None:
    label = np.array([float(row[0]) for row in rows])
    test = Judged(label, np.array([row[1] for row in rows]))
    found = evaluate(kind="probability", metrics=[BUILT_IN["accuracy"]], test=test, threshold=0.3)
    assert sum(found.confusion.values()) == len(rows)
    right = found.confusion["true_positive"] + found.confusion["true_negative"]
    assert found.metrics["accuracy"].test == right / len(rows)
