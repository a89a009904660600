"""The flights product's model, small: it is trained, converted, and answers alike in both forms."""

from __future__ import annotations

import importlib
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import polars as pl
import pytest

from headway.data import datasets, groups
from headway.features.functions import load as load_functions
from headway.model.agreement import compare
from headway.model.container import columns_of
from headway.model.convert import convert
from headway.model.inputs import ModelInput
from headway.model.native import NativeModel
from headway.model.onnx import OnnxModel
from headway.spec.load import load

PARAMETERS = {"max_iter": 20, "learning_rate": 0.3, "max_leaf_nodes": 15}


@pytest.fixture
def built(flights: Path) -> datasets.BuiltDataset:
    """Four weeks of March to train on, with the day on which the clock changes."""
    loaded = load(flights / "headway.yaml")
    product, contracts = loaded.product, loaded.contracts
    start, end = (datetime(2013, month, 1, tzinfo=UTC) for month in (3, 4))
    frames = {
        name: pl.read_parquet(flights / source.load).filter(
            pl.col(source.event_time or "").is_between(start, end)
        )
        for name, source in product.sources.items()
    }
    sources = {
        name: groups.SourceTable(
            frame, product.sources[name], contracts[product.sources[name].contract or ""]
        )
        for name, frame in frames.items()
    }
    group = product.feature_groups["weather_hourly"]
    weather = groups.compute(
        group, "weather_hourly", sources, functions=load_functions("delay.features.weather")
    )
    return datasets.build(
        product.datasets["delay"],
        "delay",
        rows=frames["flights"],
        source=product.sources["flights"],
        contract=sources["flights"].contract,
        now=datetime(2020, 1, 1, tzinfo=UTC),
        groups={"weather_hourly": weather.frame},
        declared_groups={"weather_hourly": group},
        on_demand=load_functions("delay.features.on_demand"),
    )


def part(built: datasets.BuiltDataset, name: str) -> SimpleNamespace:
    rows = built.frame.filter(pl.col("part") == name)
    features = rows.select(pl.col("^feature\\..*$").name.map(lambda column: column.removeprefix("feature.")))
    return SimpleNamespace(features=features, label=rows["label"], rows=rows)


def test_the_model_answers_alike_as_onnx_on_rows_that_it_never_saw(built: datasets.BuiltDataset) -> None:
    training = importlib.import_module("delay.training")
    model = training.fit(part(built, "train"), part(built, "validate"), PARAMETERS, seed=7)
    inputs = tuple(ModelInput(name=item.name, type=item.type) for item in built.inputs)
    graph = convert(model, inputs, "probability").graph
    assert graph is not None
    agreement = compare(
        NativeModel(model, inputs, "probability", "polars"),
        OnnxModel(graph, inputs, "probability"),
        columns_of(part(built, "test").features),
        "probability",
        threshold=0.5,
        positive=1,
    )
    assert agreement.rows > 6_000
    assert agreement.ok
    assert agreement.flips == 0
    assert agreement.worst is not None
    assert agreement.worst < 1e-6


def test_a_carrier_that_was_never_seen_is_answered_in_both_forms(built: datasets.BuiltDataset) -> None:
    training = importlib.import_module("delay.training")
    model = training.fit(part(built, "train"), part(built, "validate"), PARAMETERS, seed=7)
    inputs = tuple(ModelInput(name=item.name, type=item.type) for item in built.inputs)
    graph = convert(model, inputs, "probability").graph
    assert graph is not None
    unseen = part(built, "test").features.head(50).with_columns(carrier=pl.lit("ZZ"), temperature=None)
    columns = columns_of(unseen.with_columns(pl.col("temperature").cast(pl.Float64)))
    native = NativeModel(model, inputs, "probability", "polars").predict(columns)
    assert OnnxModel(graph, inputs, "probability").predict(columns) == pytest.approx(native, abs=1e-6)
