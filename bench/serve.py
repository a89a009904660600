"""One-row serving against a raw uvicorn echo in the same run: ratios, not absolute figures.

    python bench/serve.py [--seconds 2] [--rounds 2] [--connections 16] [--json]

Contestants answer the same request of 30 named numbers, one process each, access logs off: `echo`
returns a fixed body of the same size without looking; `headway` validates, predicts with ONNX Runtime
and logs; `look-up` also looks up a group and runs on-demand functions; `native` is gradient boosting served
as scikit-learn has it, whose requests share calls, and `native, alone` the same model without the proof that
they may. Server and load share the machine's cores, so read the server's CPU per request first.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from importlib import metadata
from pathlib import Path
from typing import NamedTuple
from zipfile import ZipFile

import msgspec
import numpy as np
import onnx
from onnx import TensorProto, helper
from serving_load import load, post
from sklearn.ensemble import HistGradientBoostingClassifier

from headway.bundle.manifest import Answer, Input, Lookup, Manifest
from headway.bundle.write import write
from headway.model.independence import dependence
from headway.model.inputs import ModelInput
from headway.model.native import NativeModel, save
from headway.model.onnx import NUMBERS
from headway.online.pack import PackedGroup, pack
from headway.serve.core import Core, Request
from headway.serve.watch import serve_bundle
from headway.spec.contract import Column, Contract

KEY = b"bench"
NAMES = tuple(f"feature_{number:02d}" for number in range(30))
ECHO = """
import sys, uvicorn, socket
BODY = b"x" * 160
HEADERS = [(b"content-type", b"application/json"), (b"content-length", b"160")]
async def app(scope, receive, send):
    message = await receive()
    while message.get("more_body"):
        message = await receive()
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": BODY})
listening = socket.create_server(("127.0.0.1", 0))
print(listening.getsockname()[1], flush=True)
config = uvicorn.Config(app, loop="uvloop", http="httptools", ws="none", lifespan="off", log_config=None,
                        access_log=False, server_header=False, date_header=False)
uvicorn.Server(config).run(sockets=[listening])
"""
SERVE = """
import sys
from pathlib import Path
from headway.serve.server import serve
serve(Path(sys.argv[1]), key=b"bench", port=0, log_directory=Path(sys.argv[2]),
      ready=lambda ready: print(ready.url.rpartition(":")[2], flush=True))
"""
FEATURES = """
import numpy as np

def hour(at):
    return (at.astype("datetime64[h]").astype(np.int64) % 24).astype(np.float64)

def windy(wind):
    return wind > 10
"""


class Figures(NamedTuple):
    """Of one contestant, median over the rounds."""

    per_second: float
    cpu_us: float
    p50_ms: float
    p99_ms: float
    failed: int


def graph(count: int) -> bytes:
    """A logistic regression over a matrix of numbers."""
    nodes = [
        helper.make_node("MatMul", [NUMBERS, "weights"], ["sum"]),
        helper.make_node("Sigmoid", ["sum"], ["yes"]),
        helper.make_node("Sub", ["one", "yes"], ["no"]),
        helper.make_node("Concat", ["no", "yes"], ["probabilities"], axis=1),
    ]
    weights = [0.1 * (-1) ** number for number in range(count)]
    made = helper.make_graph(
        nodes,
        "bench",
        [helper.make_tensor_value_info(NUMBERS, TensorProto.FLOAT, [None, count])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [None, 2])],
        [
            helper.make_tensor("weights", TensorProto.FLOAT, [count, 1], weights),
            helper.make_tensor("one", TensorProto.FLOAT, [1, 1], [1.0]),
        ],
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    return onnx.ModelProto.SerializeToString(model)


def plain_bundle(releases: Path) -> Path:
    """Thirty bounded numbers in, a probability out."""
    contract = Contract(columns={name: Column(type="number", min=-100, max=100) for name in NAMES})
    manifest = Manifest(
        release="",
        product="bench",
        endpoint="bench",
        runtime="onnx",
        answer=Answer(kind="probability", positive=1, classes=(0, 1), threshold=0.5),
        inputs=tuple(Input(name=name, type="number", origin="request") for name in NAMES),
        request=NAMES,
    )
    files: dict[str, Path | bytes] = {
        "contract.json": msgspec.json.encode(contract),
        "model.onnx": graph(len(NAMES)),
    }
    return releases / write(releases, files, manifest, KEY).release


def look_up_bundle(releases: Path) -> Path:
    """The same, with a time and a key, a group of 26,000 rows, and two on-demand functions."""
    columns = {name: Column(type="number", min=-100, max=100) for name in NAMES}
    contract = Contract(columns=columns | {"at": Column(type="time"), "origin": Column(type="text")})
    made = ("hour", "windy", "wind")
    origins = ("on_demand", "on_demand", "group")
    inputs = [Input(name=name, type="number", origin="request") for name in NAMES]
    inputs += [
        Input(name=name, type="number", origin=origin) for name, origin in zip(made, origins, strict=True)
    ]
    manifest = Manifest(
        release="",
        product="bench",
        endpoint="bench",
        runtime="onnx",
        answer=Answer(kind="probability", positive=1, classes=(0, 1), threshold=0.5),
        inputs=tuple(inputs),
        lookups=(Lookup(group="weather", keys={"origin": "origin"}, features={"wind": "wind"}),),
        request=(*NAMES, "at", "origin"),
        on_demand="features",
        predict_column="at",
        predict_offset_seconds=-7200,
    )
    hours = np.tile(np.arange(8_700, dtype=np.int64) * 3_600_000_000, 3)
    weather = PackedGroup(
        keys={"origin": ["EWR"] * 8_700 + ["JFK"] * 8_700 + ["LGA"] * 8_700},
        event_time=hours,
        known_time=hours + 600_000_000,
        features={"wind": hours % 17 * 1.0},
    )
    archive = io.BytesIO()
    with ZipFile(archive, "w") as content:
        content.writestr("features.py", FEATURES)
    files: dict[str, Path | bytes] = {
        "contract.json": msgspec.json.encode(contract),
        "model.onnx": graph(len(inputs)),
        "online.msgpack": pack({"weather": weather}),
        "code.zip": archive.getvalue(),
    }
    return releases / write(releases, files, manifest, KEY).release


def native_bundle(releases: Path, *, is_proven: bool) -> Path:
    """Gradient boosting of 100 iterations over the same numbers, in its native form."""
    numbers = np.random.default_rng(7).normal(size=(2_000, len(NAMES)))
    trees = HistGradientBoostingClassifier(max_iter=100, random_state=7).fit(numbers, numbers[:, 0] > 0)
    inputs = tuple(ModelInput(name=name, type="number") for name in NAMES)
    rows = dict(zip(NAMES, np.ascontiguousarray(numbers.T), strict=True))
    assert not dependence(NativeModel(trees, inputs, "probability", "numpy"), rows, seed=7)
    contract = Contract(columns={name: Column(type="number", min=-100, max=100) for name in NAMES})
    manifest = Manifest(
        release="",
        product="bench",
        endpoint="bench",
        runtime="native",
        why_native="it is measured",
        container="numpy",
        rows_independent=is_proven,
        libraries={name: metadata.version(name) for name in ("scikit-learn", "numpy")},
        answer=Answer(kind="probability", positive=1, classes=(0, 1), threshold=0.5),
        inputs=tuple(Input(name=name, type="number", origin="request") for name in NAMES),
        request=NAMES,
    )
    releases.mkdir(exist_ok=True)
    save(trees, releases.parent / "native")
    files: dict[str, Path | bytes] = {
        "contract.json": msgspec.json.encode(contract),
        "model.joblib": releases.parent / "native",
    }
    return releases / write(releases, files, manifest, KEY).release


def cpu_seconds(pid: int) -> float:
    """CPU that a process has used so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(command: list[str], body: bytes, arguments: argparse.Namespace) -> Figures:
    """Start a server, warm it up, load it, end it."""
    began = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-c", *command], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        cold = time.perf_counter() - began
        request = post("/predict/bench", body)
        load(port, request, connections=arguments.connections, seconds=0.5)
        cpu = cpu_seconds(process.pid)
        seen = load(port, request, connections=arguments.connections, seconds=arguments.seconds)
        cpu = cpu_seconds(process.pid) - cpu
    finally:
        process.terminate()
        process.wait(20)
    print(f"  cold start {cold:.2f} s, {seen.requests} requests", file=sys.stderr)
    return Figures(
        per_second=seen.per_second,
        cpu_us=cpu / seen.requests * 1e6,
        p50_ms=seen.quantile(0.5) * 1e3,
        p99_ms=seen.quantile(0.99) * 1e3,
        failed=seen.failed,
    )


def core_us(bundle: Path, body: bytes) -> float:
    """Microseconds of one request through the pure core, without HTTP and log; best of five."""
    core = Core(serve_bundle(bundle, KEY))
    request = Request("POST", "/predict/bench", body, "application/json")
    assert core.handle(request).status == 200
    best = float("inf")
    for _ in range(5):
        began = time.thread_time()
        for _ in range(2000):
            core.handle(request)
        best = min(best, (time.thread_time() - began) / 2000)
    return best * 1e6


def median(figures: list[Figures]) -> Figures:
    return Figures(*(statistics.median(values) for values in zip(*figures, strict=True)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    row: dict[str, object] = {name: 0.5 + place for place, name in enumerate(NAMES)}
    plain = msgspec.json.encode({"rows": [row]})
    timed = msgspec.json.encode({"rows": [row | {"at": "1970-06-01T12:00:00Z", "origin": "JFK"}]})
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        first, second = plain_bundle(root / "releases"), look_up_bundle(root / "releases")
        third, fourth = (native_bundle(root / "releases", is_proven=proven) for proven in (True, False))
        contestants = {
            "echo": ([ECHO], plain),
            "headway": ([SERVE, str(first), str(root / "log-1")], plain),
            "look-up": ([SERVE, str(second), str(root / "log-2")], timed),
            "native": ([SERVE, str(third), str(root / "log-3")], plain),
            "native, alone": ([SERVE, str(fourth), str(root / "log-4")], plain),
        }
        runs: dict[str, list[Figures]] = {name: [] for name in contestants}
        for _ in range(arguments.rounds):
            for name, (command, body) in contestants.items():
                runs[name].append(measure(command, body, arguments))
        cores = {"headway": core_us(first, plain), "look-up": core_us(second, timed)}
    report({name: median(found) for name, found in runs.items()}, cores, as_json=arguments.json)


def report(figures: dict[str, Figures], cores: dict[str, float], *, as_json: bool) -> None:
    echo = figures["echo"]
    if as_json:
        rows = {name: found._asdict() | {"core_us": cores.get(name)} for name, found in figures.items()}
        print(json.dumps(rows))
        return
    print("| one row | req/s | of echo | CPU us/request | of echo | p50 ms | p99 ms | failed | core us |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|")
    for name, found in figures.items():
        cells = (
            name,
            f"{found.per_second:,.0f}",
            f"{found.per_second / echo.per_second:.2f}",
            f"{found.cpu_us:.0f}",
            f"{found.cpu_us / echo.cpu_us:.1f}x",
            f"{found.p50_ms:.2f}",
            f"{found.p99_ms:.1f}",
            f"{found.failed:.0f}",
            f"{cores[name]:.0f}" if name in cores else "",
        )
        print(f"| {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
