"""The short way and uvicorn's own give the same bytes the same answer, and neither waits forever."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from itertools import pairwise
from queue import Queue
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httptools
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headway.serve import server, shortcut
from headway.serve.server import Ready, serve

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

ROW = {"scheduled_at": "2026-01-01T12:00:00Z", "origin": "JFK", "distance": 2.0, "seats": None}
BODY = msgspec.json.encode({"rows": [ROW]})
ODD_HEADERS = (
    b"Content-Type: application/json",
    b"content-type: text/plain",
    b"CONTENT-TYPE: application/json; charset=latin-1",
    b"content-encoding: gzip",
    b"Content-Encoding: identity",
    b"connection: close",
    b"connection: keep-alive",
    b"connection: upgrade",
    b"content-length: 3",
    b"content-length : 3",
    b"transfer-encoding: chunked",
    b"expect: 100-continue",
    b"x: ",
    b"x",
    b"host: a\xff",
)
PATHS = (b"/predict/delay", b"/predict/other", b"/predict/delay/", b"/predict//delay", b"/v2", b"/v2/")
PATHS += (b"/predict/delay;a", b"/predict/../v2/health/live", b"/v2/models/delay/infer", b"/predict/d%65lay")


@contextlib.contextmanager
def running(directory: Path, key: bytes) -> Generator[str]:
    """A server in a thread of this process."""
    told: Queue[Ready] = Queue()
    thread = threading.Thread(target=lambda: serve(directory, key=key, port=0, ready=told.put))
    thread.start()
    ready = told.get(timeout=20)
    try:
        yield ready.url
    finally:
        ready.stop()
        thread.join(20)
        assert not thread.is_alive()


@pytest.fixture
def url(environment: Any) -> Generator[str]:
    environment.publish((environment.release(), 100.0))
    with running(environment.directory, environment.key) as found:
        yield found


class Answer:
    """Collects what httptools finds in an answer."""

    def __init__(self) -> None:
        self.headers: list[tuple[bytes, bytes]] = []
        self.body = b""
        self.is_whole = False

    def on_header(self, name: bytes, value: bytes) -> None:
        if name != b"headway-prediction-id":
            self.headers.append((name, value))

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        self.is_whole = True


def connected(url: str) -> socket.socket:
    parts = urlsplit(url)
    return socket.create_connection((parts.hostname, parts.port), timeout=5)


def answer(connection: socket.socket) -> tuple[object, ...]:
    """Status, headers and body of the next answer; what differs between any two is left out."""
    found = Answer()
    parser = httptools.HttpResponseParser(found)
    while not found.is_whole:
        data = connection.recv(65536)
        if not data:
            return ("the connection ended",)
        parser.feed_data(data)
    body = found.body
    if body.startswith(b"{") and b"prediction_id" in body:
        body = b"%d rows" % body.count(b'"prediction_id"')
    return parser.get_status_code(), sorted(found.headers), body


def asked(url: str, data: bytes, cuts: list[int]) -> tuple[object, ...]:
    """The answer to one request that comes in pieces, each of which the server sees alone."""
    with connected(url) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        places = sorted({min(cut, len(data)) for cut in cuts} | {0, len(data)})
        with contextlib.suppress(OSError):
            for start, end in pairwise(places):
                connection.sendall(data[start:end])
                time.sleep(0.002)
            connection.shutdown(socket.SHUT_WR)
        try:
            return answer(connection)
        except ConnectionResetError:
            return ()  # it was refused before all of it was sent


@given(
    path=st.sampled_from(PATHS),
    headers=st.lists(st.sampled_from(ODD_HEADERS), max_size=3),
    body=st.sampled_from((BODY, b"", b"{", BODY[:-1] + b" }", b'{"rows": []}')),
    missing=st.sampled_from((0, 0, 0, 1)),
    cuts=st.lists(st.integers(1, 400), max_size=2),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_same_bytes_get_the_same_answer_both_ways(
    url: str, path: bytes, headers: list[bytes], body: bytes, missing: int, cuts: list[int]
) -> None:
    lines = [b"POST %b HTTP/1.1" % path, b"host: x", *headers, b"content-length: %d" % (len(body) + missing)]
    data = b"\r\n".join(lines) + b"\r\n\r\n" + body
    quick = asked(url, data, cuts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shortcut.Heads, "of", lambda *_: None)
        slow = asked(url, data, cuts)
    assert not quick or not slow or quick == slow


@pytest.mark.parametrize("path", [b"/predict/delay", b"/predict/d%65lay"])
def test_a_caller_who_only_stops_sending_gets_the_answer(url: str, path: bytes) -> None:
    head = b"POST %b HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % (path, len(BODY))
    for _ in range(20):
        with connected(url) as connection:
            connection.sendall(head + BODY)
            connection.shutdown(socket.SHUT_WR)
            assert answer(connection)[0] == 200
            assert connection.recv(1) == b""


@pytest.mark.parametrize("begun", [b"P", b"GET /v2 HTTP/1.1\r\nx: y\r\n"])
def test_a_head_that_never_ends_is_cut(
    environment: Any, monkeypatch: pytest.MonkeyPatch, begun: bytes
) -> None:
    environment.publish((environment.release(), 100.0))
    monkeypatch.setattr(shortcut, "SLOWEST_BODY_SECONDS", 0.3)
    monkeypatch.setattr(server, "TICKS_A_SECOND", 1)
    with running(environment.directory, environment.key) as url, connected(url) as connection:
        connection.sendall(b"GET /v2 HTTP/1.1\r\nhost: x\r\n\r\n")
        assert answer(connection)[0] == 200
        connection.sendall(begun)
        with contextlib.suppress(ConnectionResetError):
            assert connection.recv(1) == b""


@pytest.mark.parametrize("path", [b"/predict/delay", b"/predict/d%65lay"])
def test_a_caller_who_reads_late_still_gets_every_answer(url: str, path: bytes) -> None:
    head = b"POST %b HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % (path, len(BODY))
    with connected(url) as connection:
        sender = threading.Thread(target=connection.sendall, args=((head + BODY) * 500,))
        sender.start()
        found = b""
        while found.count(b"HTTP/1.1 200 OK") < 500 or not found.endswith(b"}"):
            found += connection.recv(2000)
        sender.join()
