"""A few threads beside the event loop, for answers that may take long: code of a product, large requests."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

THREADS = 4
"""Works at once; more wait for their turn."""

T = TypeVar("T")


class _Task(NamedTuple):
    work: Callable[[], Any]
    done: Callable[[Any], None]
    loop: asyncio.AbstractEventLoop


class Workers:
    """Threads that start when first needed; they are daemons, so that stuck code never holds up an end."""

    def __init__(self) -> None:
        self._tasks: SimpleQueue[_Task] = SimpleQueue()
        self._has_started = False

    def put(self, work: Callable[[], T], done: Callable[[T], None]) -> None:
        """Have `work` done in a thread; it may not raise. `done` is given its result, in the event loop."""
        if not self._has_started:
            self._start()
        self._tasks.put(_Task(work, done, asyncio.get_running_loop()))

    def _start(self) -> None:
        self._has_started = True
        for number in range(THREADS):
            threading.Thread(target=self._run, name=f"headway-worker-{number}", daemon=True).start()

    def _run(self) -> None:
        while True:
            task = self._tasks.get()
            found = task.work()
            with suppress(RuntimeError):  # the loop has closed: nobody waits any more
                task.loop.call_soon_threadsafe(task.done, found)
            del task, found  # what was asked is not kept until the next
