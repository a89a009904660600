"""Rows that go straight to the model are the rows that the long way makes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headway.bundle.manifest import Answer, Input, Manifest
from headway.bundle.write import write
from headway.model.convert import convert
from headway.model.inputs import ModelInput
from headway.serve.release import LoadedRelease
from headway.spec.contract import Column, Contract

if TYPE_CHECKING:
    from pathlib import Path

KEY = b"a workspace's key"
REQUEST = ("one", "two", "three")
number = st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False))
rows = st.lists(st.fixed_dictionaries(dict.fromkeys(REQUEST, number)), min_size=1, max_size=6)


def release(directory: Path, inputs: tuple[str, ...]) -> LoadedRelease:
    hist = pytest.importorskip("sklearn.ensemble")
    count = len(inputs)
    features = np.random.default_rng(1).normal(size=(300, count))
    model = hist.HistGradientBoostingClassifier(max_iter=5).fit(features, features[:, 0] > 0)
    taken = tuple(ModelInput(name=name, type="number") for name in inputs)
    graph = convert(model, taken, "probability").graph
    assert graph is not None
    contract = Contract(columns={name: Column(type="number", nulls=True) for name in REQUEST})
    manifest = Manifest(
        release="",
        product="p",
        endpoint="e",
        runtime="onnx",
        answer=Answer(kind="probability", positive=True, classes=(False, True), threshold=0.5),
        inputs=tuple(Input(name=name, type="number", origin="request") for name in inputs),
        request=REQUEST,
    )
    files: dict[str, Path | bytes] = {"contract.json": msgspec.json.encode(contract), "model.onnx": graph}
    return LoadedRelease(directory / write(directory, files, manifest, KEY).release, KEY)


@pytest.fixture(scope="module", params=[REQUEST, ("three", "one"), ("two",)], ids="-".join)
def loaded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> LoadedRelease:
    return release(tmp_path_factory.mktemp("releases"), request.param)


@given(sent=rows)
@settings(max_examples=60, deadline=None)
def test_the_straight_way_and_the_long_way_give_the_same_inputs_and_answers(
    loaded: LoadedRelease, sent: list[dict[str, Any]]
) -> None:
    records = loaded.forms["named"].read(msgspec.json.encode({"rows": sent})).records
    straight = loaded.answer(records, 0)
    assert loaded._straight is not None
    long = loaded._assembled(loaded._record.to_columns(records)).inputs
    np.testing.assert_array_equal(straight.inputs.numbers, long.numbers)
    assert straight.inputs.numbers.flags.c_contiguous
    for place, row in enumerate(sent):
        alone = loaded.answer(loaded.forms["named"].read(msgspec.json.encode(row)).records, 0)
        assert alone.answered.probability[0] == straight.answered.probability[place]
