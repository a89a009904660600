"""A store whose answers are waited for only so long: for one across a network, which may hang."""

from __future__ import annotations

import contextlib
import threading
import time
from concurrent.futures import Future
from queue import SimpleQueue
from typing import TYPE_CHECKING, NamedTuple

from headway.errors import EngineError
from headway.errors import online as errors
from headway.online import forked

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from headway.online.store import OnlineStore
    from headway.online.table import Looked

REST_SECONDS = 1.0
"""How long a store that cannot be reached is left alone, so that a dead one costs each request nothing."""
MOST_OUT = 8
"""Look-ups that may be under way, those included for which nobody waits any more; each takes a thread."""
END_SECONDS = 1.0
"""How long the end waits for look-ups under way; their threads never hold up the process."""


class _Ask(NamedTuple):
    found: Future[Looked]
    look: Callable[[OnlineStore], Looked]


class _Failed(NamedTuple):
    """When the store was not reached, and why; not the error itself, whose traceback holds who asked."""

    at: float
    why: str


class BoundedReader:
    """Looks up in a few threads, each with a store of its own, and gives up in time.

    A look-up that hangs keeps its thread until the store lets go of it. When `MOST_OUT` hang, further ones are
    refused at once. May be used from any thread, and in the child of a fork.

    Args:
        opened: Opens the store; called once in each thread.
        seconds: Longest time of one look-up.
        name: What errors call the store.
    """

    def __init__(self, opened: Callable[[], OnlineStore], seconds: float, name: str) -> None:
        self._opened = opened
        self._seconds = seconds
        self._name = name
        self._is_closed = False
        self.begin_afresh()
        forked.follow(self)

    def begin_afresh(self) -> None:
        """Begin with no thread; see `headway.online.forked`."""
        self._lock = threading.Lock()
        self._asked: SimpleQueue[_Ask | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._out = 0
        self._failed: _Failed | None = None

    def at(
        self,
        table: str,
        keys: Sequence[Sequence[object]],
        moments_us: Sequence[int],
        features: Sequence[str],
        ttl_us: int | None,
    ) -> Looked:
        """As the store's own; see `headway.online.store.OnlineStore.at`.

        Raises:
            EngineError: As the store's own; and it takes too long, did so a moment ago, or too many
                look-ups are under way (ON001).
        """
        self._leave_alone()
        try:
            looked = self._awaited(
                self._put(lambda store: store.at(table, keys, moments_us, features, ttl_us))
            )
        except EngineError as reason:
            if reason.code == "ON001":
                nothing = errors.store_is_not_reached(self._name, "").what
                self._failed = _Failed(time.monotonic(), reason.what.removeprefix(nothing))
            raise
        self._failed = None
        return looked

    def close(self) -> None:
        """End the threads, each with its store; a second call does nothing."""
        with self._lock:
            self._is_closed = True
            threads, self._threads = self._threads, []
        for _ in threads:
            self._asked.put(None)
        until = time.monotonic() + END_SECONDS
        for thread in threads:
            thread.join(max(0.0, until - time.monotonic()))

    # -- inside ----------------------------------------------------------------------------------

    def _leave_alone(self) -> None:
        """Refuse while the store rests; after that one asks it, and the others only when it has answered."""
        failed, now = self._failed, time.monotonic()
        if failed is None:
            return
        if now - failed.at < REST_SECONDS:
            raise errors.store_is_not_reached(self._name, failed.why)
        self._failed = _Failed(now, failed.why)

    def _put(self, look: Callable[[OnlineStore], Looked]) -> Future[Looked]:
        found: Future[Looked] = Future()
        with self._lock:
            if self._is_closed:
                raise errors.store_is_not_reached(self._name, "it was closed")
            if self._out == MOST_OUT:
                raise errors.store_is_not_reached(self._name, f"{MOST_OUT} look-ups wait for it already")
            if self._out == len(self._threads):
                self._start()
            self._out += 1
            self._asked.put(_Ask(found, look))
        found.add_done_callback(self._is_back)
        return found

    def _start(self) -> None:
        thread = threading.Thread(
            target=_answer, args=(self._opened, self._asked), name="headway-online", daemon=True
        )
        thread.start()
        self._threads.append(thread)

    def _is_back(self, _: Future[Looked]) -> None:
        with self._lock:
            self._out -= 1

    def _awaited(self, found: Future[Looked]) -> Looked:
        try:
            return found.result(self._seconds)
        except TimeoutError:
            if not found.cancel() and found.done():  # just now, or the store raised this itself
                return found.result()
        finally:
            del found  # it holds the error, whose traceback holds this frame and those who asked
        raise errors.store_is_not_reached(self._name, f"no answer within {self._seconds:g} s")


def _answer(opened: Callable[[], OnlineStore], asked: SimpleQueue[_Ask | None]) -> None:
    """Answer until the end; whatever goes wrong with a look-up is told to the one who asked."""
    store: OnlineStore | None = None
    with contextlib.ExitStack() as ends:
        while (ask := asked.get()) is not None:
            if ask.found.set_running_or_notify_cancel():
                try:
                    store = store or ends.enter_context(contextlib.closing(opened()))
                    ask.found.set_result(ask.look(store))
                except BaseException as reason:  # noqa: BLE001 -- it is raised where it was asked
                    ask.found.set_exception(reason)
            del ask  # what was looked up is not kept until the next
