"""A rents product whose model notes what it is asked, for tests of how requests share its calls."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec
import numpy as np

from headway.bundle.manifest import Answer, Input, Manifest
from headway.bundle.route import Endpoint, Served
from headway.bundle.write import write
from headway.model import native
from headway.serve.core import Core, Reply, Request
from headway.serve.watch import RouteWatch
from headway.spec.contract import Column, Contract

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

KEY = b"the workspace's key"
CONTRACT = Contract(columns={"size": Column(type="number", max=1e6), "street": Column(type="text")})
FAILS, INFINITE, EXITS = 13.0, 17.0, 19.0


class Rent:
    """10 a square metre, 1 a letter of the street, and what the release says; notes what it is asked."""

    asked: ClassVar[list[int]] = []
    meanwhile: ClassVar[list[Callable[[], None]]] = []

    def __init__(self, base: float) -> None:
        self.base = base

    def predict(self, x: np.ndarray) -> np.ndarray:
        Rent.asked.append(len(x))
        for happens in Rent.meanwhile:
            happens()
        sizes = x[:, 0].astype(float)
        if (sizes == FAILS).any():
            raise ValueError("an unlucky size")
        if (sizes == EXITS).any():
            raise SystemExit("the model wants to end the process")
        rents = self.base + 10 * sizes + [len(street) for street in x[:, 1]]
        return np.where(sizes == INFINITE, np.inf, rents)


def release(releases: Path, base: float = 0.0, code: bytes | None = None, **changes: Any) -> str:
    """Write a release, with the archive of the product's own classes where there is one; its digest."""
    releases.mkdir(parents=True, exist_ok=True)
    native.save(Rent(base), releases.parent / "model")
    origin: Any = "request"
    manifest = Manifest(
        release="",
        product="rents",
        endpoint="rents",
        runtime="native",
        why_native="a test wants it",
        container="numpy",
        rows_independent=True,
        answer=Answer(kind="value", unit="EUR"),
        inputs=(
            Input(name="size", type="number", origin=origin),
            Input(name="street", type="text", origin=origin),
        ),
        request=("size", "street"),
        libraries={"numpy": version("numpy")},
        meaning={"model.joblib": f"{int(base):064x}"},
    )
    files: dict[str, Path | bytes] = {
        "contract.json": msgspec.json.encode(CONTRACT),
        "model.joblib": releases.parent / "model",
    }
    files |= {} if code is None else {"model_code.zip": code}
    return write(releases, files, msgspec.structs.replace(manifest, **changes), KEY).release


def routed(environment: Any, *shares: tuple[str, float], **limits: Any) -> Core:
    served = tuple(Served(release=digest, weight=weight) for digest, weight in shares)
    environment.publish_endpoints(Endpoint(name="rents", releases=served, **limits))
    return Core(RouteWatch(environment.directory, environment.key).load(None))


def named(*sizes: float, caller: str | None = None) -> Request:
    rows = [{"size": size, "street": "a" * (place + 1)} for place, size in enumerate(sizes)]
    body = {"rows": rows} | ({} if caller is None else {"id": caller})
    return Request("POST", "/predict/rents", msgspec.json.encode(body))


def tensors(*sizes: float) -> Request:
    count = len(sizes)
    size = {"name": "size", "shape": [count], "datatype": "FP64", "data": sizes}
    street = {"name": "street", "shape": [count], "datatype": "BYTES", "data": ["b"] * count}
    return Request("POST", "/v2/models/rents/infer", msgspec.json.encode({"inputs": [size, street]}))


def told(reply: Reply) -> Any:
    """Status and values; the code of a refusal."""
    body = msgspec.json.decode(reply.body)
    if reply.status != 200:
        return reply.status, body["code"]
    if "outputs" in body:
        return [value for output in body["outputs"] if output["name"] == "value" for value in output["data"]]
    return [prediction["value"] for prediction in body["predictions"]]
