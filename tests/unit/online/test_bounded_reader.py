"""A store that hangs or is down costs a request only so long, and no threads are left behind."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from headway.errors import EngineError
from headway.errors import online as errors
from headway.online import bounded
from headway.online.bounded import BoundedReader
from headway.online.table import Looked

if TYPE_CHECKING:
    from collections.abc import Iterator

FOUND = Looked([(1.0,)])


class Store:
    """Answers, hangs or fails, as told."""

    def __init__(self) -> None:
        self.asked = 0
        self.closed = 0
        self.hang = threading.Event()
        self.hang.set()
        self.failure: BaseException | None = None

    def at(self, *_: Any) -> Looked:
        self.asked += 1
        self.hang.wait()
        if self.failure is not None:
            raise self.failure
        return FOUND

    def close(self) -> None:
        self.closed += 1

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(name)


@pytest.fixture
def store() -> Iterator[Store]:
    made = Store()
    yield made
    made.hang.set()


def ask(reader: BoundedReader) -> Looked:
    return reader.at("t", [("a",)], [1], ["x"], None)


def threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "headway-online"]


def test_an_answer_in_time_is_given_and_the_end_leaves_no_thread(store: Store) -> None:
    reader = BoundedReader(lambda: store, 5.0, "it")
    assert [ask(reader), ask(reader)] == [FOUND, FOUND]
    assert len(threads()) == 1
    reader.close()
    reader.close()
    assert threads() == []
    assert store.closed == 1
    with pytest.raises(EngineError, match="closed"):
        ask(reader)


def test_a_store_that_hangs_costs_the_limit_once_and_is_asked_again_after_a_rest(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = BoundedReader(lambda: store, 0.05, "it")
    store.hang.clear()
    for _ in range(3):
        with pytest.raises(EngineError, match="no answer within"):
            ask(reader)
    assert store.asked == 1
    monkeypatch.setattr(bounded, "REST_SECONDS", 0.0)
    store.hang.set()
    reader._seconds = 5.0
    assert ask(reader) == FOUND
    reader.close()
    assert threads() == []


def test_however_often_a_store_hangs_only_so_many_threads_wait_for_it(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded, "REST_SECONDS", 0.0)
    reader = BoundedReader(lambda: store, 0.01, "it")
    store.hang.clear()
    for _ in range(bounded.MOST_OUT):
        with pytest.raises(EngineError, match="no answer within"):
            ask(reader)
    with pytest.raises(EngineError, match="wait for it already"):
        ask(reader)
    assert len(threads()) == bounded.MOST_OUT
    store.hang.set()
    reader.close()
    assert threads() == []


def test_a_store_that_is_down_is_left_alone_for_a_while(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.failure = errors.store_is_not_reached("it", "down")
    reader = BoundedReader(lambda: store, 5.0, "it")
    for _ in range(3):
        with pytest.raises(EngineError, match="down"):
            ask(reader)
    assert store.asked == 1
    monkeypatch.setattr(bounded, "REST_SECONDS", 0.0)
    store.failure = None
    assert ask(reader) == FOUND
    reader.close()


@pytest.mark.parametrize(
    "failure", [errors.table_is_not_there("it", "t", []), ValueError("a fault"), TimeoutError(), SystemExit()]
)
def test_another_failure_goes_to_the_one_who_asked_and_stops_nobody_else(
    store: Store, failure: BaseException
) -> None:
    reader = BoundedReader(lambda: store, 5.0, "it")
    store.failure = failure
    for _ in range(2):
        with pytest.raises(type(failure)):
            ask(reader)
    store.failure = None
    assert ask(reader) == FOUND
    assert store.asked == 3
    reader.close()


def test_a_store_that_cannot_be_opened_is_told_each_time() -> None:
    def opened() -> Any:
        raise ValueError("not a store")

    reader = BoundedReader(opened, 5.0, "it")
    for _ in range(2):
        with pytest.raises(ValueError, match="not a store"):
            ask(reader)
    reader.close()
