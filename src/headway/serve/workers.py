"""A few threads beside the event loop, for answers that may take long: code of a product, large requests."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from queue import SimpleQueue
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from headway.serve.core import Attempt

THREADS = 4
"""Answers that are worked on at once; more wait for their turn."""


class _Task(NamedTuple):
    work: Callable[[], Attempt]
    answer: asyncio.Future[Attempt]
    loop: asyncio.AbstractEventLoop


class Workers:
    """Threads that start when first needed; they are daemons, so that stuck code never holds up an end."""

    def __init__(self) -> None:
        self._tasks: SimpleQueue[_Task] = SimpleQueue()
        self._has_started = False

    async def do(self, work: Callable[[], Attempt], seconds: float) -> Attempt:
        """What `work` returns, which may not raise.

        Raises:
            TimeoutError: It has not come in time. Work that has begun goes on; its end is not waited for.
        """
        if not self._has_started:
            self._start()
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Attempt] = loop.create_future()
        self._tasks.put(_Task(work, answer, loop))
        async with asyncio.timeout(seconds):
            return await answer

    def _start(self) -> None:
        self._has_started = True
        for number in range(THREADS):
            threading.Thread(target=self._run, name=f"headway-worker-{number}", daemon=True).start()

    def _run(self) -> None:
        while True:
            task = self._tasks.get()
            if not task.answer.done():  # nobody waits any more: its time ran out in the queue
                attempt = task.work()
                with suppress(RuntimeError):  # the loop has closed: nobody waits any more
                    task.loop.call_soon_threadsafe(_settle, task.answer, attempt)


def _settle(answer: asyncio.Future[Attempt], attempt: Attempt) -> None:
    if not answer.done():
        answer.set_result(attempt)
