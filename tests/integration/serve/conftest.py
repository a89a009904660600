"""A small real product, released by hand: two numbers and two texts in, a probability out."""

from __future__ import annotations

import importlib.util
import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from zipfile import ZipFile, ZipInfo

import msgspec
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from headway.bundle.manifest import Answer, Input, Lookup, Manifest
from headway.bundle.route import Endpoint, Route, Served, publish
from headway.bundle.write import write
from headway.model.onnx import NUMBERS
from headway.online.pack import PackedGroup, pack
from headway.serve.core import Core, Reply, Request
from headway.serve.watch import serve_bundle
from headway.spec.contract import Column, Contract

if TYPE_CHECKING:
    from collections.abc import Generator

# Test modules here are imported by their path, so their neighbours are not found by name.
spec = importlib.util.spec_from_file_location("letting", Path(__file__).with_name("letting.py"))
assert spec is not None
assert spec.loader is not None
sys.modules["letting"] = module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)

KEY = b"the workspace's key"
HOUR = 3_600_000_000
DAY = 1_767_225_600_000_000  # 2026-01-01T00:00:00Z
ROW = {"scheduled_at": "2026-01-01T12:00:00Z", "origin": "JFK", "distance": 2.0, "seats": None}
CONTRACT = Contract(
    columns={
        "scheduled_at": Column(type="time"),
        "origin": Column(type="text", in_=("JFK", "EWR", "größe")),
        "distance": Column(type="number", min=0, max=5000),
        "seats": Column(type="integer", nulls=True),
    }
)
FEATURES = """
import threading
import numpy as np
from delay.constants import FACTOR

def scaled(distance):
    if (distance == 13.0).any():
        raise RuntimeError("distance is\\nunlucky")
    if (distance == 19.0).any():
        raise SystemExit("the code wants to end the process")
    if (distance == 17.0).any():
        threading.Event().wait()  # a service that never answers
    return distance * FACTOR

def rainy(sky):
    return np.array([text == "rain" for text in sky])
"""


def graph(bias: float) -> bytes:
    """P = sigmoid(scaled + wind + rainy + bias); a missing number makes it missing."""
    nodes = [
        helper.make_node("MatMul", [NUMBERS, "ones"], ["plain"]),
        helper.make_node("Add", ["plain", "bias"], ["sum"]),
        helper.make_node("Sigmoid", ["sum"], ["yes"]),
        helper.make_node("Sub", ["one", "yes"], ["no"]),
        helper.make_node("Concat", ["no", "yes"], ["probabilities"], axis=1),
    ]
    made = helper.make_graph(
        nodes,
        "delay",
        [helper.make_tensor_value_info(NUMBERS, TensorProto.FLOAT, [None, 3])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [None, 2])],
        [
            helper.make_tensor("ones", TensorProto.FLOAT, [3, 1], [1.0, 1.0, 1.0]),
            helper.make_tensor("bias", TensorProto.FLOAT, [1, 1], [bias]),
            helper.make_tensor("one", TensorProto.FLOAT, [1, 1], [1.0]),
        ],
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    return model.SerializeToString()


def weather() -> PackedGroup:
    """JFK: wind 1 at 09:00, 3 (rain) at 11:00; both known ten minutes later."""
    event = np.array([DAY + 9 * HOUR, DAY + 11 * HOUR], dtype=np.int64)
    return PackedGroup(
        keys={"origin": ["JFK", "JFK"]},
        event_time=event,
        known_time=event + HOUR // 6,
        features={"wind": np.array([1.0, 3.0]), "sky": ["clear", "rain"]},
    )


def code(factor: float) -> bytes:
    buffer = io.BytesIO()
    with ZipFile(buffer, "w") as archive:
        archive.writestr(ZipInfo("delay/constants.py"), f"FACTOR = {factor}\n")
        archive.writestr(ZipInfo("delay/features.py"), FEATURES)  # without the time of day: bytes repeat
    return buffer.getvalue()


def release(
    releases: Path,
    *,
    bias: float = 0.0,
    factor: float = 0.0,
    endpoint: str = "delay",
    contract: Contract = CONTRACT,
    **changes: Any,
) -> str:
    """Write a release; its digest."""
    manifest = Manifest(
        release="",
        product="flights",
        endpoint=endpoint,
        runtime="onnx",
        answer=Answer(kind="probability", positive=True, classes=(False, True), threshold=0.5),
        inputs=(
            Input(name="scaled", type="number", origin="on_demand"),
            Input(name="wind", type="number", origin="group"),
            Input(name="rainy", type="number", origin="on_demand"),
        ),
        lookups=(
            Lookup(group="weather", keys={"origin": "origin"}, features={"wind": "wind", "sky": "sky"}),
        ),
        request=tuple(CONTRACT.columns),
        on_demand="delay.features",
        predict_column="scheduled_at",
        predict_offset_seconds=-7200.0,
    )
    contents: dict[str, Path | bytes] = {
        "contract.json": msgspec.json.encode(contract),
        "model.onnx": graph(bias),
        "code.zip": code(factor),
        "online.msgpack": pack({"weather": weather()}),
    }
    return write(releases, contents, msgspec.structs.replace(manifest, **changes), KEY).release


class Environment:
    """A serving directory that a test publishes to."""

    key = KEY
    row = ROW

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.revision = 0

    def release(self, **changes: Any) -> str:
        return release(self.directory / "releases", **changes)

    def bundle(self, digest: str) -> Path:
        return self.directory / "releases" / digest

    def publish(self, *shares: tuple[str, float], **limits: Any) -> Route:
        """Publish one endpoint as the next revision; without shares it is stopped."""
        served = tuple(Served(release=digest, weight=weight) for digest, weight in shares)
        return self.publish_endpoints(Endpoint(name="delay", releases=served, **limits))

    def publish_endpoints(self, *endpoints: Endpoint) -> Route:
        self.revision += 1
        route = Route(
            product="flights", environment="prod", revision=self.revision, head="h", endpoints=endpoints
        )
        return publish(route, self.directory, KEY)


class Ask(Protocol):
    def __call__(self, body: object, path: str = "/predict/delay", **fields: Any) -> Reply: ...


def asking(core: Core) -> Ask:
    """Asks a core: bytes go as they are, everything else as JSON."""

    def ask(body: object, path: str = "/predict/delay", **fields: Any) -> Reply:
        sent = body if isinstance(body, bytes) else msgspec.json.encode(body)
        return core.handle(Request("POST", path, sent, **fields))

    return ask


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    return Environment(tmp_path / "prod")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Core:
    """A core with one release, from its bundle alone."""
    releases = tmp_path_factory.mktemp("releases")
    return Core(serve_bundle(releases / release(releases), KEY))


@pytest.fixture(scope="module")
def ask(served: Core) -> Ask:
    return asking(served)


@pytest.fixture
def rents() -> Generator[Any]:
    """What the rents model was asked, and what happens meanwhile; forgotten afterwards."""
    rent = sys.modules["letting"].Rent
    yield rent
    rent.asked.clear()
    rent.meanwhile.clear()
