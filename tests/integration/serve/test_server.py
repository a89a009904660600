"""A real server on a free port: it answers, swaps under load, drains, and survives what clients do."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
from queue import Queue
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec
import pytest

from headway.errors import EngineError, UsageError
from headway.predictions.frame import Lost
from headway.predictions.record import Prediction
from headway.predictions.segments import find, read
from headway.serve.server import Ready, serve

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    Connect = Callable[[str], "Client"]

ROW = {"scheduled_at": "2026-01-01T12:00:00Z", "origin": "JFK", "distance": 2.0, "seats": None}
BODY = msgspec.json.encode({"rows": [ROW]})
JSON = {"content-type": "application/json"}
CHILD = """
import sys
from pathlib import Path
from headway.serve.server import serve
directory, log = map(Path, sys.argv[1:3])
ended = serve(directory, key=sys.argv[3].encode(), port=0, log_directory=log,
              ready=lambda ready: print(ready.url, flush=True))
print("ended by", ended, flush=True)
"""


class Client:
    """One kept-alive connection."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=20)

    def ask(
        self, method: str = "POST", path: str = "/predict/delay", body: Any = BODY, headers: Any = JSON
    ) -> tuple[int, bytes, dict[str, str]]:
        self.connection.request(method, path, body, headers)
        reply = self.connection.getresponse()
        return reply.status, reply.read(), {name.lower(): value for name, value in reply.getheaders()}

    def get(self, path: str) -> tuple[int, bytes, dict[str, str]]:
        return self.ask("GET", path, None, {})

    def version(self) -> str:
        status, body, _ = self.ask()
        assert status == 200, body
        return msgspec.json.decode(body)["model_version"]


@contextlib.contextmanager
def running(directory: Path, key: bytes, **more: Any) -> Generator[str]:
    """A server in a thread of this process."""
    told: Queue[Ready | Exception] = Queue()

    def run() -> None:
        try:
            serve(directory, key=key, port=0, ready=told.put, **more)
        except EngineError as reason:
            told.put(reason)

    thread = threading.Thread(target=run)
    thread.start()
    ready = told.get(timeout=20)
    assert isinstance(ready, Ready), ready
    try:
        yield ready.url
    finally:
        ready.stop()
        thread.join(20)
        assert not thread.is_alive()


@pytest.fixture
def connect() -> Generator[Connect]:
    """Opens clients, and closes them in the end."""
    with contextlib.ExitStack() as ends:

        def connected(url: str) -> Client:
            client = Client(url)
            ends.callback(client.connection.close)
            return client

        yield connected


@pytest.fixture
def url(environment: Any) -> Generator[str]:
    environment.publish((environment.release(), 100.0))
    with running(environment.directory, environment.key) as found:
        yield found


def child(environment: Any, log: Path) -> tuple[subprocess.Popen[str], str]:
    arguments = [sys.executable, "-c", CHILD, str(environment.directory), str(log), environment.key.decode()]
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def raw(url: str, data: bytes, *, is_whole: bool = False) -> bytes:
    """Send bytes as they are; what comes back until the server closes the connection."""
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port), timeout=5) as connection:
        received = b""
        with contextlib.suppress(OSError):  # it may refuse and close before everything was sent
            connection.sendall(data)
            if not is_whole:
                connection.shutdown(socket.SHUT_WR)
        with contextlib.suppress(ConnectionError):
            while part := connection.recv(65536):
                received += part
        return received


# -- answers ---------------------------------------------------------------------------------------


def test_a_bundle_is_served_without_a_route(connect: Connect, environment: Any) -> None:
    release = environment.release()
    with running(environment.bundle(release), environment.key) as url:
        assert connect(url).version() == release[:12]


def test_answers_carry_the_prediction_id_in_a_header(connect: Connect, url: str) -> None:
    status, body, headers = connect(url).ask()
    assert status == 200
    assert headers["headway-prediction-id"] == msgspec.json.decode(body)["predictions"][0]["prediction_id"]
    assert headers["content-type"] == "application/json"


def test_the_control_pages_answer(connect: Connect, url: str) -> None:
    client = connect(url)
    client.ask()
    client.ask(body=b"{")
    client.ask(path="/predict/" + "x" * 50)
    status, body, headers = client.get("/metrics")
    assert status == 200
    assert headers["content-type"].startswith("text/plain; version=")
    text = body.decode()
    assert 'headway_requests_total{endpoint="delay"' in text
    assert 'status="400"' in text
    assert "xxx" not in text
    assert "headway_ready 1.0" in text
    assert text.endswith("\n")
    value = msgspec.json.decode(client.get("/status")[1])
    assert (value["product"], value["environment"], value["ready"], value["log"]) == (
        "flights",
        "prod",
        True,
        None,
    )
    assert value["endpoints"][0]["state"] == "serving"
    document = msgspec.json.decode(client.get("/openapi.json")[1])
    assert list(document["paths"]) == ["/predict/delay"]
    answer = document["paths"]["/predict/delay"]["post"]["responses"]["200"]["content"]["application/json"]
    assert "warnings" in answer["schema"]["properties"]["predictions"]["items"]["properties"]
    assert client.get("/status/")[0] == 200
    status, _, headers = client.ask("POST", "/metrics")
    assert status == 405


def test_open_metrics_are_given_to_who_asks_for_them(connect: Connect, url: str) -> None:
    client = connect(url)
    client.ask()
    accept = {"accept": "application/openmetrics-text; version=1.0.0"}
    _, body, headers = client.ask("GET", "/metrics", None, accept)
    assert headers["content-type"].startswith("application/openmetrics-text")
    assert body.endswith(b"# EOF\n")


# -- swaps -----------------------------------------------------------------------------------------


def test_swaps_under_load_fail_no_request(connect: Connect, environment: Any) -> None:
    releases = [environment.release(bias=float(number)) for number in range(3)]
    environment.publish((releases[0], 100.0))
    with running(environment.directory, environment.key) as url:
        seen: list[list[str]] = [[], [], []]
        end = threading.Event()

        def load(mine: list[str]) -> None:
            client = connect(url)
            while not end.is_set() and len(mine) < 5000:
                mine.append(client.version())

        threads = [threading.Thread(target=load, args=(mine,)) for mine in seen]
        for thread in threads:
            thread.start()
        watcher = connect(url)
        for number in range(1, 7):
            environment.publish((releases[number % 3], 100.0))
            while watcher.version() != releases[number % 3][:12]:
                pass
        end.set()
        for thread in threads:
            thread.join(20)
        assert sum(map(len, seen)) > 100
        assert {version for mine in seen for version in mine} == {release[:12] for release in releases}
        assert msgspec.json.decode(watcher.get("/status")[1])["failures"] == 0


# -- ends ------------------------------------------------------------------------------------------


def test_code_that_never_ends_costs_its_caller_the_limit_and_nobody_else_anything(
    environment: Any, connect: Connect, tmp_path: Path
) -> None:
    environment.publish((environment.release(), 100.0), timeout_seconds=0.3)
    log = tmp_path / "log"
    with running(environment.directory, environment.key, log_directory=log) as url:
        stuck, other = connect(url), connect(url)
        body = msgspec.json.encode({"rows": [environment.row | {"distance": 17.0}]})
        stuck.connection.request("POST", "/predict/delay", body, JSON)
        assert other.ask()[0] == 200  # while the first still waits
        reply = stuck.connection.getresponse()
        assert reply.status == 504
        assert msgspec.json.decode(reply.read())["code"] == "SE015"
        assert stuck.ask()[0] == 200
        counted = other.get("/metrics")[1].decode()
        assert 'headway_requests_total{endpoint="delay",release="",status="504"} 1.0' in counted
    logged = [one for one in read(log) if isinstance(one, Prediction)]
    assert [one.sent["distance"] for one in logged] == [2.0, 2.0]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_the_request_in_flight_finish_and_writes_the_log(
    connect: Connect, environment: Any, tmp_path: Path, number: signal.Signals
) -> None:
    environment.publish((environment.release(), 100.0))
    process, url = child(environment, tmp_path / "log")
    client, parts = connect(url), urlsplit(url)
    ids = {client.ask()[2]["headway-prediction-id"] for _ in range(20)}
    with socket.create_connection((parts.hostname, parts.port), timeout=20) as slow:
        head = f"POST /predict/delay HTTP/1.1\r\nhost: x\r\ncontent-length: {len(BODY)}\r\n\r\n".encode()
        slow.sendall(head + BODY[:10])
        assert client.get("/v2/health/live")[0] == 200  # the slow request has been begun before this
        process.send_signal(number)
        while True:  # until the server listens no more
            try:
                socket.create_connection((parts.hostname, parts.port), timeout=1).close()
            except (TimeoutError, ConnectionResetError):
                continue  # this loop has filled the queue of a server that accepts no more, or closes it
            except ConnectionRefusedError:
                break
        slow.sendall(BODY[10:])
        assert slow.recv(65536).startswith(b"HTTP/1.1 200")
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out.split(), err) == (0, ["ended", "by", str(int(number))], "")
    logged = [record for record in read(tmp_path / "log") if isinstance(record, Prediction)]
    assert len(logged) == 21
    assert ids < {record.id for record in logged}
    assert [path.suffix for path in (tmp_path / "log").iterdir()] == [".seg"]


def test_a_killed_server_leaves_a_readable_log(connect: Connect, environment: Any, tmp_path: Path) -> None:
    environment.publish((environment.release(), 100.0))
    process, url = child(environment, tmp_path / "log")
    client = connect(url)
    first = client.ask()[2]["headway-prediction-id"]
    while find(tmp_path / "log", first) is None:  # until the first quarter of a second is on disk
        client.ask()
    process.kill()
    process.communicate(timeout=20)
    (segment,) = (tmp_path / "log").iterdir()
    assert segment.suffix == ".open"
    whole = [record for record in read(tmp_path / "log") if isinstance(record, Prediction)]
    assert whole
    with segment.open("r+b") as file:
        file.truncate(segment.stat().st_size - 3)
    *kept, torn = read(tmp_path / "log")
    assert kept == whole[:-1]
    assert torn == Lost(1, "torn", segment.name)


# -- refusals --------------------------------------------------------------------------------------


def test_a_taken_port_is_a_named_error(environment: Any, url: str) -> None:
    with pytest.raises(EngineError) as caught:
        serve(environment.directory, key=environment.key, port=urlsplit(url).port or 0)
    assert (caught.value.code, caught.value.exit_code) == ("SE201", 4)


@pytest.mark.parametrize("port", [-1, 70_000])
def test_an_impossible_port_is_a_named_error(environment: Any, port: int) -> None:
    environment.publish((environment.release(), 100.0))
    with pytest.raises(EngineError) as caught:
        serve(environment.directory, key=environment.key, port=port)
    assert caught.value.code == "SE201"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "example.org", "192.0.2.1"])
def test_other_machines_are_let_in_only_explicitly(environment: Any, host: str) -> None:
    with pytest.raises(UsageError) as caught:
        serve(environment.directory, key=environment.key, host=host)
    assert caught.value.code == "SE202"


def test_what_cannot_be_served_is_a_named_error(environment: Any, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        serve(tmp_path, key=environment.key)
    assert caught.value.code == "SE203"
    environment.publish((environment.release(), 100.0))
    with pytest.raises(UsageError) as caught:
        serve(environment.directory, key=None)
    assert caught.value.code == "SE204"


# -- hostile clients -------------------------------------------------------------------------------


def test_a_body_over_the_limit_is_refused_announced_or_not(connect: Connect, url: str) -> None:
    large = 8 * 1024 * 1024 + 1
    head = "POST /predict/delay HTTP/1.1\r\nhost: x\r\n"
    announced = raw(url, f"{head}content-length: {large}\r\n\r\n".encode() + b"x" * 1000)
    assert announced.startswith(b"HTTP/1.1 413")
    chunk = b"100000\r\n" + b" " * 0x100000 + b"\r\n"
    chunked = raw(url, f"{head}transfer-encoding: chunked\r\n\r\n".encode() + chunk * 8 + chunk)
    assert chunked == b"" or chunked.startswith(b"HTTP/1.1 413")
    assert connect(url).ask()[0] == 200


def test_a_body_in_parts_is_read_whole(url: str) -> None:
    head = (
        b"POST /predict/delay HTTP/1.1\r\nhost: x\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n"
    )
    parts = b"".join(b"%x\r\n%b\r\n" % (1, BODY[i : i + 1]) for i in range(len(BODY)))
    assert raw(url, head + parts + b"0\r\n\r\n", is_whole=True).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    "data",
    [
        b"\x00\x01\x02",
        b"GET\r\n\r\n",
        b"POST /predict/delay HTTP/1.1\r\ncontent-length: -5\r\n\r\n",
        b"POST /predict/delay HTTP/1.1\r\ncontent-length: 99\r\n\r\n{",
        b"POST /predict/delay HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}}",
        b"POST /predict/%FF%FE HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        b"GET /predict/delay HTTP/1.1\r\nupgrade: websocket\r\nconnection: upgrade\r\nhost: x\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\n\r\n",
    ],
)
def test_bytes_that_are_no_request_do_not_disturb_the_next(connect: Connect, url: str, data: bytes) -> None:
    received = raw(url, data)
    assert received == b"" or received.startswith(b"HTTP/1.1 4")
    assert b"Traceback" not in received
    assert connect(url).ask()[0] == 200


def test_pipelined_requests_are_answered_in_order(url: str) -> None:
    head = f"POST /predict/delay HTTP/1.1\r\nhost: x\r\ncontent-length: {len(BODY)}\r\n\r\n".encode()
    last = head.replace(b"host: x", b"host: x\r\nconnection: close")
    received = raw(url, (head + BODY) * 5 + last + BODY, is_whole=True)
    assert received.count(b"HTTP/1.1 200") == 6


def plain(body: bytes = BODY, more: bytes = b"") -> bytes:
    head = b"POST /predict/delay HTTP/1.1\r\nhost: x\r\n%bcontent-length: %d\r\n\r\n"
    return head % (more, len(body)) + body


@pytest.mark.parametrize("cut", [1, 30, 70, 90])
def test_a_request_may_come_in_any_pieces(url: str, cut: int) -> None:
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port), timeout=5) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(3):
            connection.sendall(plain()[:cut])
            with socket.create_connection((parts.hostname, parts.port), timeout=5) as other:
                other.sendall(plain())  # answered only after the first piece has been read
                assert other.recv(65536).startswith(b"HTTP/1.1 200")
            connection.sendall(plain()[cut:])
            assert connection.recv(65536).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("odd", [0, 1, 2])
def test_odd_and_plain_requests_on_one_connection_are_answered_in_order(url: str, odd: int) -> None:
    odd_one = b"GET /v2/health/live HTTP/1.1\r\nhost: x\r\n\r\n"
    requests = [plain()] * 3
    requests[odd] = odd_one
    ended = plain(more=b"connection: close\r\n")
    answers = raw(url, b"".join(requests) + ended, is_whole=True).split(b"HTTP/1.1 200 OK\r\n")[1:]
    assert [b'"live"' in answer for answer in answers] == [place == odd for place in range(3)] + [False]


def test_an_idle_connection_is_ended(environment: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("headway.serve.server.KEEP_ALIVE_SECONDS", 0.1)
    environment.publish((environment.release(), 100.0))
    with running(environment.directory, environment.key) as url:
        answered = raw(url, plain(), is_whole=True)
        assert answered.startswith(b"HTTP/1.1 200")
        assert raw(url, b"", is_whole=True) == b""


def test_a_body_that_never_ends_is_answered_408(environment: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("headway.serve.shortcut.SLOWEST_BODY_SECONDS", 0.1)
    environment.publish((environment.release(), 100.0))
    with running(environment.directory, environment.key) as url:
        answered = raw(url, plain()[:-5], is_whole=True)
    assert answered.startswith(b"HTTP/1.1 408")
    assert b"connection: close" in answered


def test_a_start_needs_neither_pandas_nor_polars_nor_scikit_learn(environment: Any) -> None:
    environment.publish((environment.release(), 100.0))
    script = """
import sys
from pathlib import Path
from headway.serve.server import serve
heavy = {"polars", "pandas", "pyarrow", "sklearn", "scipy", "skl2onnx", "starlette", "prometheus_client"}
def ready(found):
    print(sorted(heavy & set(sys.modules)))
    found.stop()
serve(Path(sys.argv[1]), key=sys.argv[2].encode(), port=0, ready=ready)
"""
    arguments = [sys.executable, "-c", script, str(environment.directory), environment.key.decode()]
    out = subprocess.run(arguments, capture_output=True, text=True, timeout=30, check=True, env=os.environ)
    assert (out.stdout, out.stderr) == ("[]\n", "")
