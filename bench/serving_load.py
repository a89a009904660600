"""A small load generator: raw sockets, keep-alive, one request in flight per connection, bounded."""

from __future__ import annotations

import asyncio
import time
from typing import NamedTuple, cast

import uvloop


class Load(NamedTuple):
    """What one run of load saw."""

    requests: int
    failed: int
    seconds: float
    latencies: list[float]

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds

    def quantile(self, share: float) -> float:
        """Seconds within which this share of the requests was answered."""
        return sorted(self.latencies)[min(int(share * len(self.latencies)), len(self.latencies) - 1)]


def post(path: str, body: bytes) -> bytes:
    """A POST of JSON as it goes over the wire."""
    head = f"POST {path} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\n"
    return f"{head}content-length: {len(body)}\r\n\r\n".encode() + body


class _Caller(asyncio.Protocol):
    def __init__(self, request: bytes, until: float) -> None:
        self.request = request
        self.until = until
        self.requests = self.failed = 0
        self.latencies: list[float] = []
        self.ended = asyncio.get_running_loop().create_future()
        self.buffer = b""
        self.sent = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's is not a subclass
        self._send()

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, found, body = self.buffer.partition(b"\r\n\r\n")
        if not found or len(body) < int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0]):
            return
        now = time.perf_counter()
        self.latencies.append(now - self.sent)
        self.requests += 1
        self.failed += not head.startswith(b"HTTP/1.1 200")
        self.buffer = b""
        if now < self.until:
            self._send()
        else:
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 -- as asyncio calls it
        self.failed += time.perf_counter() < self.until
        self.ended.set_result(None)

    def _send(self) -> None:
        self.sent = time.perf_counter()
        self.transport.write(self.request)


def load(port: int, request: bytes, *, connections: int, seconds: float) -> Load:
    """Ask the same again and again for a while."""

    async def run() -> Load:
        loop = asyncio.get_running_loop()
        began = time.perf_counter()
        made = [
            loop.create_connection(lambda: _Caller(request, began + seconds), "127.0.0.1", port)
            for _ in range(connections)
        ]
        callers = [protocol for _, protocol in await asyncio.gather(*made)]
        async with asyncio.timeout(seconds + 10):
            await asyncio.gather(*(caller.ended for caller in callers))
        latencies = [latency for caller in callers for latency in caller.latencies]
        requests, failed = sum(c.requests for c in callers), sum(c.failed for c in callers)
        return Load(requests, failed, time.perf_counter() - began, latencies)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(run())
