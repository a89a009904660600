"""Gates come to six outcomes; what could not run never shows as passed."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from headway.errors import ContractError, SpecError
from headway.evidence.evaluate import Judged, evaluate
from headway.evidence.gates import Rivals, judge
from headway.evidence.metrics import BUILT_IN, resolve
from headway.evidence.report import Report
from headway.facts.evidence import Outcome
from headway.spec.product import Slices

RNG = np.random.default_rng(3)
LABEL = (RNG.random(400) < 0.3).astype(float)
GOOD = np.clip(LABEL * 0.25 + RNG.random(400) * 0.7, 0.01, 0.99)
METRICS = [BUILT_IN["roc_auc"], BUILT_IN["log_loss"]]
COLUMNS = {
    "place": pl.Series(["a"] * 200 + ["b"] * 190 + ["c"] * 10),
    "hour": pl.Series([float(i % 24) for i in range(400)]),
}


def report(prediction: np.ndarray = GOOD, declared: Slices | None = None) -> Report:
    half = Judged(LABEL, np.full(400, 0.3))
    return evaluate(
        kind="probability",
        metrics=METRICS,
        test=Judged(LABEL, prediction),
        baseline=half,
        declared=declared,
        columns=COLUMNS,
        threshold=0.5,
    )


SLICED = report(declared=Slices(by=("place", {"hour": (0, 12, 24)}), min_rows=50))


def outcome(gate: str, found: Report = SLICED, rivals: Rivals = Rivals()) -> Outcome:
    return judge([gate], found, rivals)[0].outcome


@pytest.mark.parametrize(
    ("gate", "wanted"),
    [
        ("roc_auc >= 0.6", Outcome.PASS),
        ("roc_auc >= 0.999", Outcome.FAIL),
        ("log_loss <= baseline", Outcome.PASS),
        ("worst(slice.roc_auc) >= 0.5", Outcome.PASS),
        ("worst(slice.roc_auc) >= 0.999", Outcome.FAIL),
        ("roc_auc >= champion - 0.01", Outcome.NOT_APPLICABLE),
        ("mae <= 3", Outcome.NOT_RUN),
    ],
)
def test_a_gate_comes_to_its_outcome(gate: str, wanted: Outcome) -> None:
    assert outcome(gate) is wanted


def test_a_champion_is_compared_on_the_same_rows() -> None:
    better = report(LABEL * 0.9 + 0.05)
    assert outcome("roc_auc >= champion - 0.01", rivals=Rivals(champion=better)) is Outcome.FAIL
    assert outcome("roc_auc >= champion - 0.9", rivals=Rivals(champion=better)) is Outcome.PASS


def test_a_champion_that_could_not_be_judged_is_not_a_pass() -> None:
    rivals = Rivals(why_no_champion="it needs a feature that is gone")
    assert outcome("roc_auc >= champion", rivals=rivals) is Outcome.NOT_RUN


def test_a_model_is_not_compared_with_itself() -> None:
    assert outcome("roc_auc >= champion", rivals=Rivals(same=True)) is Outcome.NOT_APPLICABLE


def test_the_worst_slice_is_named() -> None:
    verdict = judge(["worst(slice.roc_auc) >= 0.999"], SLICED, Rivals())[0]
    assert verdict.reason.startswith("in slice ")


def test_a_small_slice_is_listed_as_not_applicable() -> None:
    small = next(part for part in SLICED.slices if part.name == "place = c")
    assert (small.rows, small.metrics, small.reason) == (10, {}, "fewer than 50 rows")


def test_a_gate_over_slices_that_are_all_too_small_is_not_run() -> None:
    assert (
        outcome("worst(slice.roc_auc) >= 0.1", report(declared=Slices(by=("place",), min_rows=500)))
        is Outcome.NOT_RUN
    )


def test_bins_are_half_open_on_the_right() -> None:
    names = {part.name: part.rows for part in SLICED.slices}
    assert names["0 <= hour < 12"] + names["12 <= hour < 24"] == 400


def test_a_slice_with_one_class_has_no_auc_and_says_so() -> None:
    found = evaluate(
        kind="probability",
        metrics=[BUILT_IN["roc_auc"]],
        test=Judged(np.zeros(60), np.linspace(0, 1, 60)),
        declared=Slices(by=("x",), min_rows=1),
        columns={"x": pl.Series(["a"] * 60)},
    )
    assert found.metrics["roc_auc"].test is None
    assert found.slices[0].reason == "only one class"


def test_a_prediction_that_is_not_a_number_is_an_error_of_its_own() -> None:
    bad = GOOD.copy()
    bad[3] = np.nan
    with pytest.raises(ContractError, match="1 of 400 predictions"):
        report(bad)


def test_a_metric_of_the_other_kind_is_refused() -> None:
    with pytest.raises(SpecError, match="does not judge a probability"):
        resolve("mae", "probability")


@pytest.mark.parametrize("name", BUILT_IN)
def test_every_built_in_metric_prefers_the_better_prediction(name: str) -> None:
    metric = BUILT_IN[name]
    good = metric.function(LABEL, LABEL * 0.98 + 0.01)
    bad = metric.function(LABEL, 1 - LABEL * 0.98 - 0.01)
    assert (good > bad) == (metric.direction == "higher")
