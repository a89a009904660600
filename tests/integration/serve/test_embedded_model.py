"""The embedded model gives the server's answers, to rows and frames alike."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import polars as pl
import pytest

from headway.errors import ContractError, EngineError, UserCodeError
from headway.serve.core import Core, Request
from headway.serve.embedded import EmbeddedModel
from headway.serve.watch import serve_bundle

ROW = {"scheduled_at": "2026-01-01T12:00:00Z", "origin": "JFK", "distance": 2.0, "seats": None}
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def model(environment: Any) -> EmbeddedModel:
    return EmbeddedModel(environment.bundle(environment.release(factor=0.5)), environment.key)


def answers(model: EmbeddedModel, rows: Any) -> list[tuple[float, bool]]:
    return [(item["probability"], item["label"]) for item in model.predict(rows)]


def test_the_embedded_model_answers_as_the_server_does(model: EmbeddedModel, environment: Any) -> None:
    rows = [ROW, ROW | {"distance": 0}]
    core = Core(serve_bundle(environment.bundle(model.release), environment.key))
    reply = core.handle(Request("POST", "/predict/delay", msgspec.json.encode({"rows": rows})))
    served = msgspec.json.decode(reply.body)["predictions"]
    assert answers(model, rows) == [(item["probability"], item["label"]) for item in served]
    assert (model.endpoint, model.columns) == ("delay", tuple(ROW))


def test_rows_and_frames_are_answered_alike(model: EmbeddedModel) -> None:
    rows: list[dict[str, Any]] = [
        {"scheduled_at": NOON, "origin": "JFK", "distance": 2.0, "seats": 3},
        {"scheduled_at": NOON, "origin": "JFK", "distance": 4.0, "seats": 5},
    ]
    expected = answers(model, rows)
    assert answers(model, iter(rows)) == expected
    assert answers(model, pl.DataFrame(rows)) == expected
    assert answers(model, pd.DataFrame(rows)) == expected
    scalars = [
        row | {"distance": np.float64(row["distance"]), "seats": np.int64(row["seats"])} for row in rows
    ]
    assert answers(model, scalars) == expected


def test_a_pandas_column_of_integers_with_a_null_is_still_of_integers(model: EmbeddedModel) -> None:
    rows: list[dict[str, Any]] = [ROW | {"seats": 3}, ROW]
    assert answers(model, pd.DataFrame(rows).astype({"seats": "float64"})) == answers(model, rows)
    with pytest.raises(ContractError):
        model.predict(pd.DataFrame([ROW | {"seats": 2.5}]))


def test_missing_values_are_null_whatever_they_are_called(model: EmbeddedModel) -> None:
    expected = answers(model, [ROW])
    for missing in (float("nan"), np.float64("nan"), pd.NA, pd.NaT):
        assert answers(model, [ROW | {"seats": missing}]) == expected


def test_a_row_that_breaks_the_contract_raises(model: EmbeddedModel) -> None:
    for rows in ([ROW | {"distance": "2"}], [], [ROW | {"distance": object()}], [7], 7):
        with pytest.raises(ContractError):
            model.predict(rows)


def test_a_failing_feature_raises_with_its_cause(model: EmbeddedModel) -> None:
    with pytest.raises(UserCodeError) as caught:
        model.predict([ROW | {"distance": 13.0}])
    assert isinstance(caught.value.__cause__, RuntimeError)


def test_a_bundle_of_another_workspace_is_refused(model: EmbeddedModel, environment: Any) -> None:
    with pytest.raises(EngineError) as caught:
        EmbeddedModel(environment.bundle(model.release), b"another key")
    assert caught.value.code == "RL507"
