"""A store that hangs or is down costs a request only so long."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from headway.errors import EngineError
from headway.errors import online as errors
from headway.online import bounded
from headway.online.bounded import BoundedReader
from headway.online.table import Looked


class Store:
    """Answers, hangs or fails, as told."""

    def __init__(self) -> None:
        self.asked = 0
        self.hang = threading.Event()
        self.hang.set()
        self.is_down = False

    def at(self, *_: Any) -> Looked:
        self.asked += 1
        self.hang.wait()
        if self.is_down:
            raise errors.store_is_not_reached("it", "down")
        return Looked([(1.0,)])

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(name)


def ask(reader: BoundedReader) -> Any:
    return reader.at("t", [("a",)], [1], ["x"], None)


def test_an_answer_in_time_is_given() -> None:
    assert ask(BoundedReader(Store(), 5.0, "it")) == ([(1.0,)], "", ())


def test_a_store_that_hangs_costs_the_limit_once_and_is_asked_again_after_a_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = Store()
    reader = BoundedReader(store, 0.05, "it")
    store.hang.clear()
    for _ in range(3):
        with pytest.raises(EngineError, match="no answer within"):
            ask(reader)
    assert store.asked == 1
    monkeypatch.setattr(bounded, "REST_SECONDS", 0.0)
    store.hang.set()
    assert ask(reader) == ([(1.0,)], "", ())


def test_a_store_that_is_down_is_left_alone_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store()
    store.is_down = True
    reader = BoundedReader(store, 5.0, "it")
    for _ in range(3):
        with pytest.raises(EngineError, match="down"):
            ask(reader)
    assert store.asked == 1
    monkeypatch.setattr(bounded, "REST_SECONDS", 0.0)
    store.is_down = False
    assert ask(reader) == ([(1.0,)], "", ())
    store.is_down = True
    with pytest.raises(EngineError):
        ask(reader)
