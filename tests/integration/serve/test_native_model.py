"""A model that has no ONNX form serves in its own, once its bundle is verified."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from headway.bundle.manifest import Answer, Input, Manifest
from headway.bundle.write import write
from headway.errors import EngineError, UserCodeError
from headway.model import native
from headway.serve.core import Core, Request
from headway.serve.embedded import EmbeddedModel
from headway.serve.watch import serve_bundle
from headway.spec.contract import Column, Contract

if TYPE_CHECKING:
    from pathlib import Path

KEY = b"the workspace's key"
CONTRACT = Contract(columns={"size": Column(type="number", nulls=True), "rooms": Column(type="integer")})


def rents(tmp_path: Path, **changes: Any) -> Path:
    """A regression, rent = 10 size + 100 rooms, in its native form."""
    x = np.array([[50.0, 2.0], [80.0, 3.0], [100.0, 3.0]])
    native.save(LinearRegression().fit(x, x @ [10.0, 100.0]), tmp_path / "model")
    manifest = Manifest(
        release="",
        product="rents",
        endpoint="rents",
        runtime="native",
        why_native="a test wants it",
        container="numpy",
        answer=Answer(kind="value", unit="EUR"),
        inputs=(
            Input(name="size", type="number", origin="request"),
            Input(name="rooms", type="number", origin="request"),
        ),
        request=("size", "rooms"),
        libraries={"scikit-learn": version("scikit-learn")},
        meaning={"model.joblib": "c" * 64},
    )
    files: dict[str, Path | bytes] = {
        "contract.json": msgspec.json.encode(CONTRACT),
        "model.joblib": tmp_path / "model",
    }
    releases = tmp_path / "releases"
    return releases / write(releases, files, msgspec.structs.replace(manifest, **changes), KEY).release


def test_a_native_model_answers_values(tmp_path: Path) -> None:
    (answer,) = EmbeddedModel(rents(tmp_path), KEY).predict([{"size": 60, "rooms": 2}])
    assert answer["value"] == pytest.approx(800.0)


def test_metadata_says_that_the_native_form_serves_and_why(tmp_path: Path) -> None:
    core = Core(serve_bundle(rents(tmp_path), KEY))
    value = msgspec.json.decode(core.handle(Request("GET", "/v2/models/rents")).body)
    assert value["platform"] == "sklearn_joblib"
    assert (value["parameters"]["runtime"], value["parameters"]["why_native"]) == (
        "native",
        "a test wants it",
    )
    assert [output["name"] for output in value["outputs"]] == ["value", "prediction_id"]


def test_a_native_model_is_not_loaded_without_the_key(tmp_path: Path) -> None:
    with pytest.raises(EngineError) as caught:
        EmbeddedModel(rents(tmp_path), None)
    assert caught.value.code == "RL508"


def test_a_native_model_needs_the_libraries_that_it_was_trained_with(tmp_path: Path) -> None:
    for libraries in ({"scikit-learn": "0.1"}, {"no-such-library": "1.0"}):
        with pytest.raises(EngineError) as caught:
            EmbeddedModel(rents(tmp_path, libraries=libraries), KEY)
        assert caught.value.code == "SE102"


def test_what_a_native_model_raises_is_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A linear regression takes no missing value."""
    bundle = rents(tmp_path)
    with pytest.raises(UserCodeError) as caught:
        EmbeddedModel(bundle, KEY).predict([{"size": None, "rooms": 2}])
    assert caught.value.code == "SE019"
    core = Core(serve_bundle(bundle, KEY))
    reply = core.handle(Request("POST", "/predict/rents", b'{"size": null, "rooms": 2}'))
    assert reply.status == 500
    assert b"NaN" not in reply.body
    assert "NaN" in caplog.text
