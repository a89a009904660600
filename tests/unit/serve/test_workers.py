"""Work that ends too late disturbs nobody."""

from __future__ import annotations

import asyncio
import threading

from headway.serve.workers import THREADS, Workers


def test_work_that_ends_after_the_loop_leaves_its_thread_ready_for_more() -> None:
    workers, hold = Workers(), threading.Event()

    async def leave() -> None:
        for _ in range(2 * THREADS):
            workers.put(hold.wait, lambda _: None)

    async def ask() -> int:
        told: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        workers.put(lambda: 7, told.set_result)
        return await asyncio.wait_for(told, 10)

    asyncio.run(leave())
    hold.set()
    assert asyncio.run(ask()) == 7
