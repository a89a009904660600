"""The ASGI application: requests for the core by hand, the control pages by Starlette.

The control pages and the metrics library load after the server is ready, so that they do not slow
its start.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any

from headway.errors import serve as errors
from headway.serve.core import Core, Patience, Reply, Request
from headway.serve.lanes import Lanes

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    from headway.errors import HeadwayError

    Scope = MutableMapping[str, Any]
    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]
    Application = Callable[[Scope, Receive, Send], Awaitable[None]]

LARGEST_BODY = 8 * 1024 * 1024
"""Bytes of a request."""
SLOWEST_BODY_SECONDS = 30.0
CONTROL_PATHS = frozenset({"/metrics", "/status", "/openapi.json"})


class App:
    """One core behind ASGI.

    Args:
        core: What answers.
        largest_body: Bytes; a larger request is answered 413.
    """

    def __init__(self, core: Core, largest_body: int = LARGEST_BODY) -> None:
        self.core = core
        self._largest = largest_body
        self._control: Application | None = None
        self.lanes = Lanes(core)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; HTTP is all that there is."""
        if scope["type"] != "http":
            return
        if scope["path"].rstrip("/") in CONTROL_PATHS:
            await self.control()({**scope, "path": scope["path"].rstrip("/")}, receive, send)
            return
        request = await self._read(scope, receive)
        if request is None:
            return
        if isinstance(request, Reply):
            reply = request
        elif (patience := self.core.patience(request)) is None:
            reply = self.core.handle(request)
        else:
            reply = await self._patiently(request, patience)
        length = (b"content-length", b"%d" % len(reply.body))
        headers = [*reply.headers, length]
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        await send({"type": "http.response.body", "body": reply.body})

    async def _patiently(self, request: Request, patience: Patience) -> Reply:
        """The answer to a request that may take long, so that it delays nobody else, or the refusal."""
        told: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self.lanes.add(request, patience, partial(_settle, told))
        return await told

    def control(self) -> Application:
        """The control pages, loaded when they are first wanted."""
        if self._control is None:
            from headway.serve.control import pages

            self._control = pages(self.core)
        return self._control

    async def _read(self, scope: Scope, receive: Receive) -> Request | Reply | None:
        """The request; or the reply to one that cannot be read; None when the caller has gone."""
        kind = encoding = ""
        for name, value in scope["headers"]:
            if name == b"content-type":
                kind = value.decode("latin-1")
            elif name == b"content-encoding":
                encoding = value.decode("latin-1").lower()
            elif name == b"content-length" and int(value) > self._largest:
                return self._closed(errors.too_large(self._largest))
        message = await receive()
        body: bytes | Reply | None = message.get("body", b"")
        if message.get("more_body") or message["type"] != "http.request":
            body = await self._rest(message, receive)
        if not isinstance(body, bytes):
            return body
        return Request(scope["method"], scope["path"], body, kind, encoding)

    async def _rest(self, message: Message, receive: Receive) -> bytes | Reply | None:
        """The body of a request that comes in parts."""
        parts, size = [], 0
        try:
            async with asyncio.timeout(SLOWEST_BODY_SECONDS):
                while message["type"] == "http.request":
                    parts.append(message.get("body", b""))
                    size += len(parts[-1])
                    if size > self._largest:
                        return self._closed(errors.too_large(self._largest))
                    if not message.get("more_body"):
                        return b"".join(parts)
                    message = await receive()
        except TimeoutError:
            return self._closed(errors.too_slow_body(SLOWEST_BODY_SECONDS))
        return None

    def _closed(self, refused: HeadwayError) -> Reply:
        """A refusal after which the connection ends, since the rest of the body is not read."""
        reply = self.core.refuse(refused)
        return reply._replace(headers=(*reply.headers, (b"connection", b"close")))


def _settle(told: asyncio.Future[Reply], reply: Reply) -> None:
    if not told.done():  # the server has ended before the answer came
        told.set_result(reply)
