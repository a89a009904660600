from __future__ import annotations

import sys
from types import ModuleType

import numpy as np
import polars as pl
import pytest

from headway.errors import SpecError, UserCodeError
from headway.evidence.evaluate import Judged, evaluate
from headway.evidence.gates import Rivals, judge
from headway.evidence.metrics import BUILT_IN, compute, resolve
from headway.evidence.report import Figure, Report, SliceFigures
from headway.evidence.slices import slices
from headway.facts.evidence import Outcome
from headway.spec.product import Slices

LABEL = np.array([0.0, 0.0, 1.0, 1.0])
PREDICTION = np.array([0.1, 0.35, 0.32, 0.9])


def product_module(monkeypatch: pytest.MonkeyPatch, source: str) -> None:
    module = ModuleType("own_metrics")
    exec(compile(source, "/product/own_metrics.py", "exec"), module.__dict__)
    monkeypatch.setitem(sys.modules, "own_metrics", module)


def test_labels_are_judged_at_the_declared_threshold() -> None:
    assert compute(BUILT_IN["recall"], LABEL, PREDICTION, 0.3) == 1.0
    assert compute(BUILT_IN["recall"], LABEL, PREDICTION, 0.5) == 0.5
    assert compute(BUILT_IN["recall"], LABEL, PREDICTION) == 0.5


def test_a_metric_of_the_product_has_its_own_direction(monkeypatch: pytest.MonkeyPatch) -> None:
    product_module(monkeypatch, "def cost(label, p): return (abs(label - p)).sum()\ncost.direction = 'lower'")
    metric = resolve("own_metrics:cost", "probability")
    assert (metric.name, metric.direction) == ("cost", "lower")
    assert compute(metric, LABEL, LABEL) == 0.0


def test_a_metric_without_a_direction_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    product_module(monkeypatch, "def cost(label, p): return 1.0")
    with pytest.raises(UserCodeError, match="which way is better"):
        resolve("own_metrics:cost", "probability")


@pytest.mark.parametrize("body", ["raise ValueError('no')", "return None", "return 'much'"])
def test_a_metric_that_fails_names_its_line(monkeypatch: pytest.MonkeyPatch, body: str) -> None:
    product_module(monkeypatch, f"def cost(label, p):\n    {body}\ncost.direction = 'lower'")
    with pytest.raises(UserCodeError) as caught:
        compute(resolve("own_metrics:cost", "probability"), LABEL, PREDICTION)
    assert caught.value.where in ("own_metrics.py:2", "metric `own_metrics:cost`")


def test_a_metric_that_sorts_in_place_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    product_module(monkeypatch, "def cost(label, p):\n    p.sort()\n    return 0.0\ncost.direction = 'lower'")
    given = PREDICTION.copy()
    compute(resolve("own_metrics:cost", "probability"), LABEL, given)
    assert np.array_equal(given, PREDICTION)


def test_a_metric_that_answers_nan_has_no_value(monkeypatch: pytest.MonkeyPatch) -> None:
    product_module(monkeypatch, "def cost(label, p): return float('nan')\ncost.direction = 'lower'")
    assert compute(resolve("own_metrics:cost", "probability"), LABEL, PREDICTION) is None


def masks(by: str | dict[str, tuple[float, ...]], **columns: pl.Series) -> dict[str, int]:
    return {part.name: int(part.mask.sum()) for part in slices(Slices(by=(by,)), columns)}


def test_every_row_is_in_exactly_one_bin_or_listed_outside_or_missing() -> None:
    hour = pl.Series([0.0, 6.0, 11.0, 12.0, 24.0, -1.0, None])
    found = masks({"hour": (0, 6, 12)}, hour=hour)
    assert found == {"0 <= hour < 6": 1, "6 <= hour < 12": 2, "hour outside 0 to 12": 3, "hour = missing": 1}
    assert sum(found.values()) == len(hour)


def test_every_value_is_a_slice_and_null_too() -> None:
    assert masks("carrier", carrier=pl.Series(["DL", None, "AA", "DL"])) == {
        "carrier = AA": 1,
        "carrier = DL": 2,
        "carrier = missing": 1,
    }


@pytest.mark.parametrize("edges", [(), (1.0,), (0.0, 0.0), (0.0, 12.0, 6.0)])
def test_edges_that_do_not_ascend_are_refused(edges: tuple[float, ...]) -> None:
    with pytest.raises(SpecError, match="do not ascend"):
        masks({"hour": edges}, hour=pl.Series([1.0]))


def test_bins_of_text_are_refused() -> None:
    with pytest.raises(SpecError, match="cannot be put into bins"):
        masks({"carrier": (0, 1)}, carrier=pl.Series(["AA"]))


def test_an_unknown_column_names_the_nearest() -> None:
    with pytest.raises(SpecError) as caught:
        masks("origim", origin=pl.Series(["JFK"]))
    assert "origin" in caught.value.mend


def test_an_identifier_is_no_slice() -> None:
    with pytest.raises(SpecError, match="500 values"):
        masks("id", id=pl.Series(range(500)))


def test_a_slice_of_one_class_is_listed_and_not_applicable() -> None:
    report = evaluate(
        kind="probability",
        metrics=[BUILT_IN["accuracy"]],
        test=Judged(LABEL, PREDICTION),
        declared=Slices(by=("x",), min_rows=1),
        columns={"x": pl.Series(["a", "a", "b", "b"])},
    )
    assert [(part.rows, part.metrics, part.reason) for part in report.slices] == [
        (2, {}, "only one class")
    ] * 2


# -- gates -----------------------------------------------------------------------------------


def figures(auc: float | None, *by_slice: float) -> Report:
    parts = tuple(
        SliceFigures(name=f"s = {index}", rows=500, metrics={"roc_auc": value})
        for index, value in enumerate(by_slice)
    )
    metrics = {"roc_auc": Figure(direction="higher", test=auc), "mae": Figure(direction="lower", test=3.0)}
    return Report(kind="probability", rows={"test": 1000}, metrics=metrics, slices=parts)


@pytest.mark.parametrize(
    "gate", ["roc_auc >", "roc_auc", ">= 0.5", "roc_auc >= 0.5 0.6", "", "median(slice.x) > 1"]
)
def test_a_gate_that_is_no_condition_is_a_spec_error(gate: str) -> None:
    with pytest.raises(SpecError, match="is no condition"):
        judge([gate], figures(0.7), Rivals())


def test_champion_means_the_same_slices_where_slices_stand_on_the_left() -> None:
    gate = ["worst(slice.roc_auc) >= champion"]
    rivals = Rivals(champion=figures(0.9, 0.5, 0.8))
    assert judge(gate, figures(0.7, 0.55, 0.6), rivals)[0].outcome is Outcome.PASS
    assert judge(gate, figures(0.7, 0.45, 0.6), rivals)[0].outcome is Outcome.FAIL


def test_both_models_are_compared_on_the_rows_that_the_champion_has_not_seen() -> None:
    rivals = Rivals(champion=figures(0.7), same_rows=figures(0.6))
    verdicts = judge(["roc_auc >= champion", "roc_auc >= 0.65"], figures(0.8), rivals)
    assert [verdict.outcome for verdict in verdicts] == [Outcome.FAIL, Outcome.PASS]


@pytest.mark.parametrize(
    "gate",
    [
        "roc_auc >= stable",
        "latency_p99 <= 50ms",
        "worst(slice.f1) >= 0.5",
        "roc_auc >= baseline",
        "champion <= roc_auc",
        "roc_auc / (mae - 3) >= 0.1",
    ],
)
def test_what_nobody_measured_is_not_run_and_says_why(gate: str) -> None:
    verdict = judge([gate], figures(0.7, 0.6), Rivals(champion=figures(0.6)))[0]
    assert verdict.outcome is Outcome.NOT_RUN
    assert verdict.reason


@pytest.mark.parametrize(
    ("gate", "outcome", "observed", "wanted"),
    [
        ("latency_p99 <= 50ms", Outcome.PASS, "12.3 ms", "<= 50 ms"),
        ("latency_p99 * 10 <= 100ms", Outcome.FAIL, "123 ms", "<= 100 ms"),
        ("latency_p99 / latency_p50 <= 10", Outcome.FAIL, "12.3", "<= 10"),
        ("latency_p99 <= champion * 1.2", Outcome.PASS, "12.3 ms", "<= 14.4 ms"),
    ],
)
def test_a_measured_latency_is_judged_in_milliseconds(
    gate: str, outcome: Outcome, observed: str, wanted: str
) -> None:
    rivals = Rivals(champion=figures(0.6), seconds={"latency_p99": 0.012})
    verdict = judge([gate], figures(0.7), rivals, {"latency_p99": 0.0123, "latency_p50": 0.001})[0]
    assert (verdict.outcome, verdict.observed, verdict.wanted) == (outcome, observed, wanted)
    assert verdict.values["latency_p99"] == 0.0123


def test_a_latency_is_not_compared_with_a_champion_that_was_not_measured() -> None:
    gate, seconds = "latency_p99 <= champion", {"latency_p99": 0.01}
    assert judge([gate], figures(0.7), Rivals(), seconds)[0].outcome is Outcome.NOT_APPLICABLE
    assert judge([gate], figures(0.7), Rivals(same=True), seconds)[0].outcome is Outcome.NOT_APPLICABLE
    verdict = judge([gate], figures(0.7), Rivals(champion=figures(0.6)), seconds)[0]
    assert (verdict.outcome, verdict.reason) == (
        Outcome.NOT_RUN,
        "`latency_p99` of the champion is not measured",
    )


def test_a_metric_without_a_value_is_never_a_pass() -> None:
    assert judge(["roc_auc >= 0"], figures(None), Rivals())[0].outcome is Outcome.NOT_RUN


@pytest.mark.parametrize(("function", "wanted"), [("worst", 0.4), ("best", 0.8), ("mean", 0.6)])
def test_slices_are_summed_up_by_direction(function: str, wanted: float) -> None:
    verdict = judge([f"{function}(slice.roc_auc) >= 0"], figures(0.7, 0.4, 0.6, 0.8), Rivals())[0]
    assert verdict.values[f"{function}(slice.roc_auc)"] == pytest.approx(wanted)
