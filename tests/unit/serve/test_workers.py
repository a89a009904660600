"""Answers that come too late disturb nobody."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import pytest

from headway.serve.core import Attempt, Reply
from headway.serve.workers import Workers

if TYPE_CHECKING:
    from collections.abc import Callable


def test_work_that_ends_after_the_loop_leaves_its_thread_ready_for_more() -> None:
    workers, hold, done = Workers(), threading.Event(), threading.Event()
    attempt = Attempt(Reply(200, b""), "", "", 0, 0.0)

    def work() -> Attempt:
        hold.wait()
        return attempt

    def last() -> Attempt:
        done.set()
        return attempt

    async def ask(what: Callable[[], Attempt], seconds: float) -> Attempt:
        return await workers.do(what, seconds)

    for _ in range(8):  # more than there are threads, so that each of them is late
        with pytest.raises(TimeoutError):
            asyncio.run(ask(work, 0.01))
    hold.set()
    assert asyncio.run(ask(last, 10.0)) == attempt
    assert done.is_set()
