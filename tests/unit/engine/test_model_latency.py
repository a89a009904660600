"""How long a model takes for one row, with models whose slowness is known."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

from headway.engine import latency
from headway.model.inputs import InputRows, ModelInput

INPUTS = (ModelInput(name="words", type="text"), ModelInput(name="a", type="number"))


class Slow:
    """Takes as long as its row says, in milliseconds, and remembers the rows; it is its own clock."""

    inputs = INPUTS

    def __init__(self) -> None:
        self.now = 0.0
        self.rows: list[InputRows] = []

    def predict(self, columns: Mapping[str, np.ndarray]) -> np.ndarray:  # noqa: ARG002 -- as the protocol has it
        raise AssertionError("a server asks for rows that are laid out")

    def answer(self, rows: InputRows) -> np.ndarray:
        self.rows.append(rows)
        self.now += rows.numbers[0, 0] / 1000
        return rows.numbers[:, 0]


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Slow:
    model = Slow()
    monkeypatch.setattr(latency, "time", SimpleNamespace(perf_counter=lambda: model.now))
    return model


def features(milliseconds: list[float]) -> pl.DataFrame:
    return pl.DataFrame({"a": milliseconds, "words": ["x"] * len(milliseconds)})


def test_percentiles_are_those_of_the_slow_rows(model: Slow) -> None:
    found = latency.measure(model, features([0.01] * 85 + [4.0] * 13 + [12.0] * 2))
    expected = {"latency_p50": 0.00001, "latency_p90": 0.004, "latency_p99": 0.012}
    assert found == pytest.approx(expected)


def test_each_call_gets_one_row_laid_out_as_a_server_does(model: Slow) -> None:
    latency.measure(model, features([0.0, 0.1]))
    assert {(rows.numbers.shape, rows.texts.shape) for rows in model.rows} == {((1, 1), (1, 1))}


def test_a_machine_that_is_busy_for_a_round_is_not_held_against_the_model(model: Slow) -> None:
    busy = iter([0.5] * (1_000 + 1) + [0.0] * 2_000)
    answer = model.answer

    def late(rows: InputRows) -> np.ndarray:
        model.now += next(busy) / 1000
        return answer(rows)

    model.answer = late  # ty: ignore[invalid-assignment]
    assert latency.measure(model, features([0.25]))["latency_p99"] == pytest.approx(0.00025)


def test_a_model_that_is_slower_than_a_round_is_called_once_a_round(model: Slow) -> None:
    found = latency.measure(model, features([5_000.0]))
    assert found["latency_p50"] == pytest.approx(5)
    assert len(model.rows) == 1 + latency.ROUNDS


def test_without_rows_nothing_is_measured(model: Slow) -> None:
    assert latency.measure(model, features([])) == {}
