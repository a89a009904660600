"""The shortest way of a plain request: from the socket's bytes to the core and back, without ASGI.

A connection begins here. As long as its requests are plain (one at a time, a POST to an endpoint, of a
known length), each is answered in one go. At the first that is not, the connection is handed over to
uvicorn's own protocol, with what was read of that request, and stays there. What a head of a request says
is httptools' finding; heads that come again and again are looked up.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from math import inf
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from headway.errors import serve as errors
from headway.serve.app import LARGEST_BODY, SLOWEST_BODY_SECONDS
from headway.serve.core import Core, Reply, Request
from headway.serve.lanes import MOST_TOGETHER, Lanes

if TYPE_CHECKING:
    from uvicorn import Config
    from uvicorn.server import ServerState

    from headway.errors import HeadwayError

HEADS_KEPT = 512
LONGEST_HEAD = 2048
"""Bytes of a head that is looked up; a longer one takes the long way."""
ENDPOINTS = ("/predict/", "/v2/")

_STATUS_LINES = {
    int(status): b"HTTP/1.1 %d %b\r\n" % (status, status.phrase.encode()) for status in HTTPStatus
}
_END = b"\r\n\r\n"


class Head(NamedTuple):
    """What the head of a plain request says.

    Attributes:
        request: The request, without its body.
        length: Bytes of the body.
    """

    request: Request
    length: int


class Heads:
    """What the heads of requests say; the ones seen lately are known by their bytes."""

    def __init__(self) -> None:
        self._known: dict[bytes, Head | None] = {}

    def of(self, data: bytes) -> Head | None:
        """What the head of a plain request says; None for a request that takes the long way."""
        try:
            return self._known[data]
        except KeyError:
            pass
        if len(self._known) >= HEADS_KEPT:
            self._known.clear()
        head = self._known[data] = _read(data)
        return head


class Turns:
    """What all connections share: what answers, the heads seen, and the requests of one turn of the loop.

    The requests that came together are worked on together, and then the answers are sent. Nobody waits for
    others to come. Each alternation between working and the system's calls costs more than either: 2x the CPU
    of a request.

    Args:
        core: What answers.
        lanes: Where requests go that may take long.
    """

    def __init__(self, core: Core, lanes: Lanes) -> None:
        self.core = core
        self.lanes = lanes
        self.heads = Heads()
        self._asked: list[tuple[Shortcut, Request]] = []

    def add(self, connection: Shortcut, request: Request) -> None:
        """Answer a request in this turn, or when it is done if it may take long."""
        patience = self.core.patience(request)
        if patience is not None:
            self.lanes.add(request, patience, connection.reply)
            return
        if not self._asked:
            asyncio.get_running_loop().call_soon(self._answer)
        self._asked.append((connection, request))

    def _answer(self) -> None:
        asked, self._asked = self._asked, []
        for start in range(0, len(asked), MOST_TOGETHER):
            part = asked[start : start + MOST_TOGETHER]
            replies = self.core.handle_together([request for _, request in part])
            for (connection, _), reply in zip(part, replies, strict=True):
                connection.reply(reply)


class LongWay(HttpToolsProtocol):
    """uvicorn's protocol, where a caller cannot take forever over a head or over reading an answer."""

    _seen: object = None
    _since = inf

    def eof_received(self) -> bool:  # ty: ignore[incompatible-method-override] -- asyncio allows either
        """The caller sends nothing more: a whole request is still answered, then the connection ends."""
        cycle = self.cycle
        is_asked = cycle is not None and not cycle.response_complete and not cycle.more_body
        if is_asked:
            cycle.keep_alive = False
        return is_asked

    def sweep(self, now: float) -> None:
        """Cut the connection when it stood too long without a whole head, or with an answer unread."""
        is_busy = self.cycle is not None and not self.cycle.response_complete
        if is_busy or self.cycle is not self._seen or self._since == inf:
            self._seen, self._since = self.cycle, now
        elif now - self._since > SLOWEST_BODY_SECONDS:
            self.transport.abort()


class Shortcut(asyncio.Protocol):
    """One connection, until it is handed over; takes the place of uvicorn's protocol, and its arguments.

    Args:
        turns: Shared by all connections.
        config: uvicorn's.
        server_state: uvicorn's; its connections are those that a graceful end waits for.
        app_state: uvicorn's, handed on.
    """

    def __init__(
        self,
        turns: Turns,
        *,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self._turns = turns
        self._config = config
        self._state = server_state
        self._app_state = app_state
        self._connections = cast("set[object]", server_state.connections)
        self._clock = (_loop or asyncio.get_running_loop()).time
        self._head: Head | None = None
        self._parts: list[bytes] = []
        self._missing = 0
        self._is_asked = False
        self._is_ending = False
        self._is_full = False
        self._since = 0.0

    # -- as asyncio and uvicorn call it --------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A caller has come."""
        self._transport = cast("asyncio.Transport", transport)
        self._since = self._clock()
        self._connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 -- as asyncio calls it
        """The caller has gone."""
        self._connections.discard(self)

    def data_received(self, data: bytes) -> None:
        """Answer a plain request once it is whole; hand over every other."""
        if self._is_asked:  # the next request, before the answer to this one
            self._parts.append(data)
            self._transport.pause_reading()
            return
        if self._head is None:
            end = data.find(_END, 0, LONGEST_HEAD) + len(_END)
            head = self._turns.heads.of(data[:end]) if end >= len(_END) else None
            if head is None or self._is_crowded():
                self._hand_over(data)
                return
            self._since = self._clock()
            missing = head.length + end - len(data)
            if not missing:
                self._ask(head.request, data[end:])
                return
            self._head = head
            self._missing = head.length + end
        self._parts.append(data)
        self._missing -= len(data)
        if self._missing <= 0:
            self._whole(self._head)

    def eof_received(self) -> bool:
        """The caller sends nothing more: a whole request is still answered, then the connection ends."""
        self._is_ending = True
        return self._is_asked

    def pause_writing(self) -> None:
        """Read nothing more from a caller who does not read the answers."""
        self._is_full = True
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        """Read again."""
        self._is_full = False
        if not self._transport.is_closing():
            self._transport.resume_reading()

    def shutdown(self) -> None:
        """End the connection, after the request that is being received."""
        self._is_ending = True
        if self._head is None and not self._is_asked:
            self._transport.close()

    def sweep(self, now: float) -> None:
        """End the connection when nothing came for too long: no next request, or not its rest.

        One that is ending, and whose caller does not read the last answer, is cut.
        """
        waited = now - self._since
        if self._transport.is_closing():
            if waited > SLOWEST_BODY_SECONDS:
                self._transport.abort()
        elif self._is_asked:
            return
        elif self._head is None and waited > self._config.timeout_keep_alive:
            self._transport.close()
        elif self._head is not None and waited > SLOWEST_BODY_SECONDS:
            self._refuse(errors.too_slow_body(SLOWEST_BODY_SECONDS))

    # -- answers -------------------------------------------------------------------------------

    def reply(self, reply: Reply) -> None:
        """Send the answer to the request that was received."""
        self._is_asked = False
        if self._transport.is_closing():
            return
        self._write(reply)
        if self._is_ending:
            self._transport.close()
        elif self._parts:
            data, self._parts = b"".join(self._parts), []
            if not self._is_full:
                self._transport.resume_reading()
            self.data_received(data)

    def _whole(self, head: Head) -> None:
        data = b"".join(self._parts)
        self._head, self._parts = None, []
        if self._missing < 0:  # the next request came with this one
            self._hand_over(data)
        else:
            self._ask(head.request, data[len(data) - head.length :])

    def _ask(self, request: Request, body: bytes) -> None:
        self._is_asked = True
        self._turns.add(self, request._replace(body=body))

    def _is_crowded(self) -> bool:
        most = self._config.limit_concurrency  # uvicorn counts alike, and tells the caller
        return most is not None and len(self._connections) >= most

    def _refuse(self, refused: HeadwayError) -> None:
        self._is_ending = True
        self._write(self._turns.core.refuse(refused))
        self._transport.close()

    def _write(self, reply: Reply) -> None:
        parts = [_STATUS_LINES[reply.status]]
        parts += [b"%b: %b\r\n" % header for header in reply.headers]
        if self._is_ending:
            parts.append(b"connection: close\r\n")
        parts.append(b"content-length: %d\r\n\r\n%b" % (len(reply.body), reply.body))
        self._transport.write(b"".join(parts))

    def _hand_over(self, data: bytes) -> None:
        """Leave the connection to uvicorn, which begins with what was read of this request."""
        self._connections.discard(self)
        general = LongWay(self._config, self._state, self._app_state)
        self._transport.set_protocol(general)
        general.connection_made(self._transport)
        self._transport.resume_reading()  # it knows nothing of a pause that was made here
        general.data_received(data)
        if self._is_ending:
            general.shutdown()


class _Reading:
    """Collects what httptools finds in a head."""

    def __init__(self) -> None:
        self.url = b""
        self.headers: dict[bytes, bytes] = {}
        self.is_usual = False
        self.parser = httptools.HttpRequestParser(self)

    def on_url(self, url: bytes) -> None:
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers[name.lower()] = value

    def on_headers_complete(self) -> None:
        """Ask what the parser knows while it knows it: after a request without a body it has forgotten."""
        parser = self.parser
        self.is_usual = (
            parser.get_method() == b"POST"
            and parser.get_http_version() == "1.1"
            and parser.should_keep_alive()
            and not parser.should_upgrade()
        )


def _read(data: bytes) -> Head | None:
    """What a head says; None when it is not that of a plain request."""
    reading = _Reading()
    try:
        reading.parser.feed_data(data)
    except (httptools.HttpParserError, httptools.HttpParserUpgrade):
        return None
    headers, path = reading.headers, reading.url.decode("latin-1")
    length = headers.get(b"content-length", b"")
    is_plain = (
        reading.is_usual
        and not headers.keys() & {b"expect", b"transfer-encoding", b"upgrade"}
        and path.startswith(ENDPOINTS)
        and path.isascii()
        and not set(path) & set("%?#")
        and length.isdigit()
    )
    if not is_plain or int(length) > LARGEST_BODY:
        return None
    kind = headers.get(b"content-type", b"").decode("latin-1")
    encoding = headers.get(b"content-encoding", b"").decode("latin-1").lower()
    return Head(Request("POST", path, b"", kind, encoding), int(length))
