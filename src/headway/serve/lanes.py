"""Requests that may take long: worked on beside the event loop, and answered in time whatever becomes of the work.

Code of the product may hang, so each request to it is a work of its own. Where there is none, those that wait
while another is worked on are one work together, so that they share a call of the model.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from functools import partial
from typing import TYPE_CHECKING

from headway.serve.workers import Workers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from headway.serve.core import Attempt, Core, Patience, Reply, Request

MOST_TOGETHER = 32
"""Requests in one work."""
SHARE = 0.1
"""Part of its time limit for which a work holds up those that wait; after that they are the next one."""


class _Caller:
    """One who waits for an answer; gone once it was given."""

    __slots__ = ("is_gone", "reply", "request", "timer")

    def __init__(self, request: Request, reply: Callable[[Reply], None]) -> None:
        self.request = request
        self.reply = reply
        self.is_gone = False
        self.timer: asyncio.TimerHandle | None = None

    def tell(self, reply: Reply) -> None:
        """Give the answer; it is the only one."""
        self.is_gone = True
        if self.timer is not None:
            self.timer.cancel()
        self.reply(reply)


class _Lane:
    """Callers of one endpoint, and what they wait for: the end of this turn of the loop, or of a work."""

    __slots__ = ("callers", "held_by")

    def __init__(self) -> None:
        self.callers: deque[_Caller] = deque()
        self.held_by: asyncio.Handle | None = None


class Lanes:
    """All requests of a server that may take long; used in its event loop only.

    Args:
        core: What answers.
    """

    def __init__(self, core: Core) -> None:
        self._core = core
        self._workers = Workers()
        self._lanes: dict[str, _Lane] = {}

    def add(self, request: Request, patience: Patience, reply: Callable[[Reply], None]) -> None:
        """Answer a request, by `reply`, in the event loop, before its time is over or when it is.

        Args:
            request: The request.
            patience: What `Core.patience` says of it.
            reply: Called once.
        """
        loop = asyncio.get_running_loop()
        caller = _Caller(request._replace(until=time.perf_counter() + patience.seconds), reply)
        caller.timer = loop.call_later(patience.seconds, self._give_up, caller, patience)
        if not patience.is_shared:
            self._work([caller], lambda: None)
            return
        lane = self._lanes.setdefault(patience.endpoint, _Lane())
        lane.callers.append(caller)
        if lane.held_by is None:
            lane.held_by = loop.call_soon(self._next, lane, patience)

    def _next(self, lane: _Lane, patience: Patience) -> None:
        """Begin to work on those that wait."""
        callers: list[_Caller] = []
        while lane.callers and len(callers) < MOST_TOGETHER:
            caller = lane.callers.popleft()
            if not caller.is_gone:
                callers.append(caller)
        lane.held_by = None
        if callers:
            loop = asyncio.get_running_loop()
            held = lane.held_by = loop.call_later(patience.seconds * SHARE, self._next, lane, patience)
            self._work(callers, partial(self._go_on, lane, held, patience))

    def _go_on(self, lane: _Lane, held: asyncio.Handle, patience: Patience) -> None:
        """A work is done: it holds nobody up any more."""
        held.cancel()
        if lane.held_by is held:
            self._next(lane, patience)

    def _work(self, callers: Sequence[_Caller], done: Callable[[], None]) -> None:
        self._workers.put(partial(self._attempts, callers), partial(self._answer, done))

    def _attempts(self, callers: Sequence[_Caller]) -> list[tuple[_Caller, Attempt]]:
        """In a thread: answer those who are still there."""
        there = [caller for caller in callers if not caller.is_gone]
        attempts = self._core.attempt_together([caller.request for caller in there])
        return [*zip(there, attempts, strict=True)]

    def _answer(self, done: Callable[[], None], answered: list[tuple[_Caller, Attempt]]) -> None:
        done()
        for caller, attempt in answered:
            if not caller.is_gone:
                self._core.record(attempt)
                caller.tell(attempt.reply)

    def _give_up(self, caller: _Caller, patience: Patience) -> None:
        if not caller.is_gone:
            caller.tell(self._core.late(patience))
