"""The demo's server: the real `headway serve` in a process of its own, and a client of it."""

from __future__ import annotations

import contextlib
import http.client
import json
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Generator
from typing import Any
from urllib.parse import urlparse

from headway.errors import demo as errors

PATIENCE = 20.0
"""Seconds that the demo waits for the server to start, or to take up another release."""


class Load:
    """Requests that went out while something else happened."""

    def __init__(self) -> None:
        self.sent = 0
        self.failed = 0


class Server:
    """A client of one running server.

    Args:
        url: Where it listens.
    """

    def __init__(self, url: str) -> None:
        self._address = urlparse(url)
        self._times: list[float] = []
        self._last: dict[str, Any] = {}

    @property
    def median_ms(self) -> float:
        """Median time of a request, from sending to the whole answer, in milliseconds."""
        return statistics.median(self._times) * 1000

    def ask(self, flight: dict[str, Any]) -> dict[str, Any]:
        """The answer about one flight; the label stays here.

        Raises:
            EngineError: The server did not answer with 200.
        """
        sent = {name: value for name, value in flight.items() if name != "late"}
        self._last = sent
        begun = time.perf_counter()
        status, body = self._post(sent)
        self._times.append(time.perf_counter() - begun)
        if status != http.client.OK:
            raise errors.server_refuses(status, body.get("error", ""))
        answer: dict[str, Any] = body["predictions"][0]
        return answer

    def release(self) -> str:
        """Which release answers now."""
        return str(self._post(self._last)[1].get("model_version", ""))

    def wait_for_another(self, release: str) -> None:
        """Wait until another release answers.

        Raises:
            EngineError: It did not happen in time.
        """
        deadline = time.monotonic() + PATIENCE
        while self.release() == release:
            if time.monotonic() > deadline:
                raise errors.server_does_not_follow(release)
            time.sleep(0.005)

    def settle(self) -> None:
        """Give the log's writer, which works beside the requests, its turn."""
        time.sleep(0.6)

    @contextlib.contextmanager
    def under_load(self) -> Generator[Load]:
        """Requests go out one after the other, from a thread, while the block runs."""
        load, end = Load(), threading.Event()

        def work() -> None:
            while not end.is_set():
                try:
                    status, _ = self._post(self._last)
                except OSError:
                    status = 0
                load.sent += 1
                load.failed += status != http.client.OK
                end.wait(0.01)

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        try:
            yield load
        finally:
            end.set()
            thread.join()

    def _post(self, row: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        connection = http.client.HTTPConnection(self._address.hostname or "", self._address.port, timeout=10)
        try:
            body = json.dumps(row)
            connection.request("POST", "/predict/delay", body, {"content-type": "application/json"})
            reply = connection.getresponse()
            return reply.status, json.loads(reply.read())
        finally:
            connection.close()


@contextlib.contextmanager
def serving(environment: str) -> Generator[Server]:
    """Run `headway serve` on a free port until the block ends.

    Raises:
        EngineError: It does not start.
    """
    command = [sys.executable, "-m", "headway", "serve", "--env", environment, "--port", "0"]
    print(f"$ headway serve --env {environment} &", flush=True)
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)  # noqa: S603 -- this very program
    try:
        assert process.stderr is not None
        first = process.stderr.readline().strip()
        if " on http" not in first:
            raise errors.server_does_not_start(first or "it ended without a word")
        print(f"  {first}", flush=True)
        threading.Thread(target=process.stderr.read, daemon=True).start()
        yield Server(first.rpartition(" ")[2])
    finally:
        process.terminate()
        process.wait(timeout=PATIENCE)
