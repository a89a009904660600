"""A store whose answers are waited for only so long: for one across a network, which may hang."""

from __future__ import annotations

import threading
import time
from queue import SimpleQueue
from typing import TYPE_CHECKING, NamedTuple

from headway.errors import HeadwayError
from headway.errors import online as errors

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from headway.online.store import OnlineStore
    from headway.online.table import Looked

REST_SECONDS = 1.0
"""How long a store that failed is left alone, so that a dead one costs each request nothing."""


class _Look:
    """One look-up in another thread."""

    __slots__ = ("ask", "done", "failure", "found")

    def __init__(self, ask: Callable[[], Looked]) -> None:
        self.ask = ask
        self.done = threading.Event()
        self.found: Looked | None = None
        self.failure: HeadwayError | None = None


class _Failed(NamedTuple):
    at: float
    reason: HeadwayError


class BoundedReader:
    """Looks up in a store, in a thread of its own, and gives up in time.

    Args:
        store: The store.
        seconds: Longest time of one look-up.
        name: What errors call the store.
    """

    def __init__(self, store: OnlineStore, seconds: float, name: str) -> None:
        self._store = store
        self._seconds = seconds
        self._name = name
        self._looks: SimpleQueue[_Look] | None = None
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
            EngineError: The store failed, or took too long, now or a moment ago.
        """
        failed = self._failed
        if failed is not None and time.monotonic() - failed.at < REST_SECONDS:
            raise failed.reason
        look = _Look(lambda: self._store.at(table, keys, moments_us, features, ttl_us))
        looks = self._looks = self._looks or self._started()
        looks.put(look)
        if not look.done.wait(self._seconds):
            self._looks = None  # a stuck thread is left behind; the next look-up gets another
            look.failure = errors.store_is_not_reached(self._name, f"no answer within {self._seconds:g} s")
        if look.failure is not None:
            self._failed = _Failed(time.monotonic(), look.failure)
            raise look.failure
        self._failed = None
        assert look.found is not None, "a look-up that did not fail has found something"
        return look.found

    def _started(self) -> SimpleQueue[_Look]:
        looks: SimpleQueue[_Look] = SimpleQueue()
        threading.Thread(target=_run, args=(looks,), name="headway-online", daemon=True).start()
        return looks


def _run(looks: SimpleQueue[_Look]) -> None:
    while True:
        look = looks.get()
        try:
            look.found = look.ask()
        except HeadwayError as reason:
            look.failure = reason
        look.done.set()
