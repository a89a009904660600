"""Runs the data plane: uvicorn around the application, the watch on the route, the log, the end.

One process, one event loop. A signal stops listening, lets requests in flight finish, writes the
log, and returns.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from functools import partial
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, NamedTuple

import uvicorn

from headway.bundle.manifest import MANIFEST
from headway.bundle.route import ROUTE
from headway.errors import serve as errors
from headway.predictions.log import PredictionLog
from headway.serve.app import App
from headway.serve.core import Core
from headway.serve.shortcut import LongWay, Shortcut, Turns
from headway.serve.watch import RouteWatch, not_followed, serve_bundle

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    from headway.serve.serving import Serving

POLL_SECONDS = 0.05
DRAIN_SECONDS = 10
KEEP_ALIVE_SECONDS = 5
"""A connection on which nothing comes for so long is ended."""
TICKS_A_SECOND = 10
MOST_CONNECTIONS = 1000
LARGEST_PORT = 65_535
SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Ready(NamedTuple):
    """A server that answers now.

    Attributes:
        url: Where, such as `http://127.0.0.1:8000`.
        stop: Ends it as SIGTERM does; may be called from any thread.
        endpoints: Names of those that it serves.
    """

    url: str
    stop: Callable[[], None]
    endpoints: tuple[str, ...] = ()


def serve(
    directory: Path,
    *,
    key: bytes | None,
    host: str = "127.0.0.1",
    port: int = 8000,
    log_directory: Path | None = None,
    is_remote_allowed: bool = False,
    ready: Callable[[Ready], None] | None = None,
) -> int:
    """Serve until a signal comes, or `Ready.stop` is called.

    Args:
        directory: An environment's (with `route.json`), which is followed; or one bundle.
        key: The workspace's key; needed to follow a route, and for a bundle that runs code.
        host: Address to listen on.
        port: Port to listen on; 0 takes any free one.
        log_directory: Where predictions are logged; None logs none.
        is_remote_allowed: Whether `host` may be open to other machines.
        ready: Called once the server answers.

    Returns:
        The number of the signal that ended it; 0 when it was stopped otherwise.

    Raises:
        EngineError: Route or release is refused (RL5.., SE1..), the port is taken (SE201), or the
            log cannot be written (SE303).
        UsageError: Nothing to serve there (SE203), no key (SE204), or the host is not loopback
            (SE202).
    """
    _check_host(host, is_remote_allowed)
    serving, watch = _load(directory, key)
    with contextlib.ExitStack() as ends:
        if watch is not None:
            ends.callback(watch.close)
        listening = ends.enter_context(_listen(host, port))
        log = None if log_directory is None else PredictionLog(log_directory)
        if log is not None:
            ends.callback(log.close)
        core = Core(serving, log)
        server = _Server(App(core), _url(host, listening), watch, ready)
        caught = ends.enter_context(_signals())
        server.run(sockets=[listening])
        return caught[-1] if caught else 0


class _Server(uvicorn.Server):
    """uvicorn's server, which tells when it answers, and follows a route while it does."""

    def __init__(
        self, app: App, url: str, watch: RouteWatch | None, ready: Callable[[Ready], None] | None
    ) -> None:
        turns = Turns(app.core, app.lanes)
        shortcut: Any = partial(Shortcut, turns)  # a type, says uvicorn; it calls what it is given
        config = uvicorn.Config(
            app,
            loop="uvloop",
            http=shortcut,
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            log_level="error",
            access_log=False,
            server_header=False,
            date_header=False,
            proxy_headers=False,
            limit_concurrency=MOST_CONNECTIONS,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=DRAIN_SECONDS,
        )
        super().__init__(config)
        self._app = app
        self._url = url
        self._watch = watch
        self._ready = ready

    async def main_loop(self) -> None:
        """Say that the server answers, then run until it is to end, following the route."""
        if self._ready is not None:
            self._ready(Ready(self._url, self._stop, tuple(self._app.core.serving.endpoints)))
        following = asyncio.create_task(self._follow())
        await asyncio.to_thread(self._app.control)
        try:
            await super().main_loop()
        finally:
            following.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await following

    async def on_tick(self, counter: int) -> bool:
        """End connections on which nothing comes any more; called ten times a second."""
        if counter % TICKS_A_SECOND == 0:
            now = asyncio.get_running_loop().time()
            for connection in list(self.server_state.connections):
                if isinstance(connection, Shortcut | LongWay):
                    connection.sweep(now)
        return await super().on_tick(counter)

    async def _follow(self) -> None:
        core = self._app.core
        while self._watch is not None:
            await asyncio.sleep(POLL_SECONDS)
            if self._watch.has_changed():
                try:
                    core.serving = await asyncio.to_thread(self._watch.load, core.serving)
                except (Exception, SystemExit) as failed:  # noqa: BLE001 -- a release's code ran: go on following
                    core.serving = not_followed(core.serving, failed)

    def _stop(self) -> None:
        self.should_exit = True


def _check_host(host: str, is_remote_allowed: bool) -> None:  # noqa: FBT001 -- passed on as it came
    if is_remote_allowed or host == "localhost":
        return
    try:
        loopback = ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise errors.not_loopback(host)


def _load(directory: Path, key: bytes | None) -> tuple[Serving, RouteWatch | None]:
    if (directory / MANIFEST).exists():
        return serve_bundle(directory, key), None
    if not (directory / ROUTE).exists():
        raise errors.nothing_to_serve(str(directory))
    if key is None:
        raise errors.route_needs_key()
    watch = RouteWatch(directory, key)
    return watch.load(None), watch


@contextlib.contextmanager
def _listen(host: str, port: int) -> Generator[socket.socket]:
    if not 0 <= port <= LARGEST_PORT:  # getaddrinfo would take it modulo 65,536
        raise errors.port_taken(host, port, f"ports are 0 to {LARGEST_PORT}")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind, protocol)
    except OSError as reason:
        raise errors.port_taken(host, port, str(reason)) from reason
    with listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind(address)
            listening.listen()
        except OSError as reason:
            raise errors.port_taken(host, port, str(reason)) from reason
        yield listening


def _url(host: str, listening: socket.socket) -> str:
    named = f"[{host}]" if ":" in host else host
    return f"http://{named}:{listening.getsockname()[1]}"


@contextlib.contextmanager
def _signals() -> Generator[list[int]]:
    """Collects the signals that uvicorn hands on after its graceful end, instead of dying of them."""
    caught: list[int] = []

    def catch(number: int, _: Any) -> None:
        caught.append(number)

    try:
        before = {number: signal.signal(number, catch) for number in SIGNALS}
    except ValueError:  # not the main thread: signals are somebody else's
        before = {}
    try:
        yield caught
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
